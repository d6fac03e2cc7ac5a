"""Reductions over some axes (an int or several; None: all), each with its gradient."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import kernels

from ..convert import operand, to_shape
from ..dtypes import InvalidArgumentError, as_dtype
from ..tape import record
from ..tensor import Tensor
from ._call import run
from .shape import reshape


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    axes = to_shape(axis)
    for i in axes:
        if not -ndim <= i < ndim:
            raise InvalidArgumentError(f"axis {i} is out of bounds for a tensor of {ndim} dimensions")
    return tuple([i % ndim for i in axes])


def _kept(a: np.ndarray, axes: tuple[int, ...]) -> list[int]:
    """The shape of a with the given axes of size 1."""
    return [1 if i in axes else n for i, n in enumerate(a.shape)]


def _spread(g: Tensor, a: np.ndarray, axes: tuple[int, ...], count: int = 1) -> Tensor:
    """g / count, where g is the gradient of a reduction of a, repeated along the reduced axes."""
    value, part = np.empty(a.shape, a.dtype), g._array[()]  # [()]: NumPy's numbers are faster than arrays of shape ()
    if count > 1:
        part = part / a.dtype.type(count)
    if part.ndim:
        value[...] = part.reshape(_kept(a, axes))
    else:
        value.fill(part)
    return record(value, (g,), lambda h: (lambda: reshape(reduce_sum(h, axes) / count, g._array.shape),))


def reduce_sum(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The sum; integers keep their type."""
    x = operand(x)
    a = x._array
    axes = _axes(axis, a.ndim)
    if axes == (0,) and a.ndim == 2 and not keepdims and a.dtype.char in "fd":
        return sum_rows(x)
    value = np.add.reduce(a, axes, dtype=a.dtype, keepdims=keepdims)  # type: ignore[call-overload]
    return record(value, (x,), lambda g: (lambda: _spread(g, a, axes),))


def sum_rows(x: Tensor) -> Tensor:
    """The sum of a float matrix's rows, by the kernel: (m, n) -> (n,)"""
    return record(kernels.sum_rows(x._array), (x,), lambda g: (lambda: _spread(g, x._array, (0,)),))


def reduce_mean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean; that of integers is divided without remainder."""
    x = operand(x)
    a = x._array
    axes = _axes(axis, a.ndim)
    total = np.add.reduce(a, axes, dtype=a.dtype, keepdims=keepdims)  # type: ignore[call-overload]
    count = a.size if axis is None else math.prod([a.shape[i] for i in axes])
    if a.dtype.kind != "f":
        return Tensor(np.asarray(total // count))
    value = total / a.dtype.type(count) if count else np.full_like(total, np.nan)
    return record(value, (x,), lambda g: (lambda: _spread(g, a, axes, count),))


def reduce_max(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The largest; where several are, they share the gradient equally."""
    return _extreme(np.max, x, axis, keepdims)


def reduce_min(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The smallest; where several are, they share the gradient equally."""
    return _extreme(np.min, x, axis, keepdims)


def _extreme(function: Callable[..., Any], x: Any, axis: Any, keepdims: bool) -> Tensor:
    x = operand(x)
    a = x._array
    axes = _axes(axis, a.ndim)

    def share(g: Tensor) -> Tensor:  # equal extremes share the gradient equally
        best = (a == out._array.reshape(_kept(a, axes))).astype(a.dtype)
        return best * (reshape(g, _kept(a, axes)) / best.sum(axes, keepdims=True))

    value = run(lambda a: function(a, axis=axes, keepdims=keepdims), a)
    out = record(value, (x,), lambda g: (lambda: share(g),))
    return out


def reduce_all(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether all are true."""
    return Tensor(np.asarray(np.all(operand(x)._array, axis, keepdims=keepdims)))


def reduce_any(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether any is true."""
    return Tensor(np.asarray(np.any(operand(x)._array, axis, keepdims=keepdims)))


def argmax(x: Any, axis: int = 0, output_type: Any = np.int64) -> Tensor:
    """The index of the largest along the axis, the first of equals."""
    return Tensor(np.asarray(np.argmax(operand(x)._array, axis), as_dtype(output_type).dtype))


def argmin(x: Any, axis: int = 0, output_type: Any = np.int64) -> Tensor:
    """The index of the smallest along the axis, the first of equals."""
    return Tensor(np.asarray(np.argmin(operand(x)._array, axis), as_dtype(output_type).dtype))
