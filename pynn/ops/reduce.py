"""Sums and means over some axes (an int or several; None: all), with their gradients."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

import kernels

from ..engine.call import quiet
from ..engine.convert import operand, to_axis, to_shape
from ..engine.errors import InvalidArgumentError
from ..engine.tape import record
from ..engine.tensor import Tensor
from ..engine.typing import TensorLike
from .layout import reshape


def to_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    axes = tuple([to_axis(i, ndim) for i in to_shape(axis)])
    if len(axes) > 1 and len(set(axes)) < len(axes):
        raise InvalidArgumentError(f"axis {axis!r} names one twice")
    return axes


def numbers(x: TensorLike, axis: Any) -> tuple[Tensor, np.ndarray, tuple[int, ...]]:
    """The operand, its array, and the axes to reduce."""
    x = operand(x)
    a = x._array
    if a.dtype.kind == "b":
        raise InvalidArgumentError("A reduction of bools is reduce_any or reduce_all, or needs tf.cast(x, tf.float32)")
    return x, a, to_axes(axis, a.ndim)


def keepdims_shape(a: np.ndarray, axes: tuple[int, ...]) -> list[int]:
    """The shape of a with the axes reduced to size 1, as keepdims=True leaves it."""
    return [1 if i in axes else n for i, n in enumerate(a.shape)]


def _spread(g: Tensor, a: np.ndarray, axes: tuple[int, ...], count: int = 1) -> Tensor:
    """g / count, where g is the gradient of a reduction of a, repeated along the reduced axes."""
    value, part = np.empty(a.shape, a.dtype), g._array[()]  # [()]: NumPy's numbers are faster than arrays of shape ()
    if count > 1:
        part = part / a.dtype.type(count)
    if part.ndim:
        value[...] = part.reshape(keepdims_shape(a, axes))
    else:
        value.fill(part)
    return record(value, (g,), lambda h: (lambda: reshape(reduce_sum(h, axes) / count, g._array.shape),))


def _mean_gradient(a: np.ndarray, g: Tensor) -> tuple[Tensor]:
    """The gradient of the mean of all of a."""
    value = np.empty(a.shape, a.dtype)
    value.fill(g._array[()] / a.dtype.type(a.size))
    return (record(value, (g,), lambda h: (lambda: reduce_sum(h) / a.size,)),)


def reduce_sum(input_tensor: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The sum; integers keep their type."""
    x, a, axes = numbers(input_tensor, axis)
    if axes == (0,) and a.ndim == 2 and not keepdims and a.dtype.char in "fd":
        return sum_rows(x)
    value = quiet(np.add.reduce, a, axes, a.dtype, None, keepdims)
    return record(value, (x,), lambda g: (lambda: _spread(g, a, axes),))


def sum_rows(x: Tensor) -> Tensor:
    """The sum of a float matrix's rows, by the kernel: (m, n) -> (n,)"""
    return record(kernels.sum_rows(x._array), (x,), lambda g: (lambda: _spread(g, x._array, (0,)),))


def reduce_mean(input_tensor: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean; that of integers is cut off after the point."""
    x = input_tensor if type(input_tensor) is Tensor else operand(input_tensor)
    a = x._array
    if axis is None and not keepdims and a.size and a.dtype.char in "fd":  # of a loss, in every step
        return record(a.dtype.type(kernels.total(a) / a.size), (x,), partial(_mean_gradient, a))
    x, a, axes = numbers(x, axis)
    count = math.prod([a.shape[i] for i in axes])
    if a.dtype.kind != "f":
        return Tensor(_whole_mean(a, axes, keepdims, max(count, 1)))
    total = quiet(np.add.reduce, a, axes, a.dtype, None, keepdims)
    value = total / a.dtype.type(count) if count else np.full_like(total, np.nan)
    return record(value, (x,), lambda g: (lambda: _spread(g, a, axes, count),))


def _whole_mean(a: np.ndarray, axes: tuple[int, ...], keepdims: bool, count: int) -> np.ndarray:
    """The mean of integers, cut off towards 0: of 64 bits, that of the quotients, and of what they leave."""
    if a.itemsize < 8:
        whole, rest = np.divmod(a.sum(axes, np.int64, keepdims=keepdims), count)
    else:
        parts, left = np.divmod(a, count)
        whole, rest = np.divmod(left.sum(axes, keepdims=keepdims), count)
        whole = quiet(np.add, whole, parts.sum(axes, keepdims=keepdims))
    return np.asarray(whole + ((whole < 0) & (rest != 0))).astype(a.dtype, copy=False)
