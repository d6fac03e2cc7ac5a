"""Reductions over some axes (an int or several; None: all), each with its gradient."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import kernels

from .. import ops
from ..engine.call import silent
from ..engine.convert import operand, to_axis, to_shape
from ..engine.dtypes import InvalidArgumentError, as_dtype
from ..engine.tape import record
from ..engine.tensor import Tensor
from ._call import floats, quiet, run
from .compare import bools
from .layout import reshape


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    axes = tuple([to_axis(i, ndim) for i in to_shape(axis)])
    if len(axes) > 1 and len(set(axes)) < len(axes):
        raise InvalidArgumentError(f"axis {axis!r} names one twice")
    return axes


def _numbers(x: Any) -> Tensor:
    x = operand(x)
    if x._array.dtype.kind == "b":
        raise InvalidArgumentError("A reduction of bools is reduce_any or reduce_all, or needs tf.cast(x, tf.float32)")
    return x


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


def _mean_gradient(a: np.ndarray, g: Tensor) -> tuple[Tensor]:
    """The gradient of the mean of all of a."""
    value = np.empty(a.shape, a.dtype)
    value.fill(g._array[()] / a.dtype.type(a.size))
    return (record(value, (g,), lambda h: (lambda: reduce_sum(h) / a.size,)),)


def reduce_sum(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The sum; integers keep their type."""
    x = _numbers(input_tensor)
    a = x._array
    axes = _axes(axis, a.ndim)
    if axes == (0,) and a.ndim == 2 and not keepdims and a.dtype.char in "fd":
        return sum_rows(x)
    value = quiet(np.add.reduce, a, axes, a.dtype, None, keepdims)
    return record(value, (x,), lambda g: (lambda: _spread(g, a, axes),))


def sum_rows(x: Tensor) -> Tensor:
    """The sum of a float matrix's rows, by the kernel: (m, n) -> (n,)"""
    return record(kernels.sum_rows(x._array), (x,), lambda g: (lambda: _spread(g, x._array, (0,)),))


def reduce_mean(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean; that of integers is cut off after the point."""
    x = input_tensor if type(input_tensor) is Tensor else operand(input_tensor)
    a = x._array
    if axis is None and not keepdims and a.size and a.dtype.kind == "f":  # of a loss, in every step
        value = silent.run(np.add.reduce, a, None) / a.dtype.type(a.size)
        return record(value, (x,), partial(_mean_gradient, a))
    x = _numbers(x)
    axes = _axes(axis, a.ndim)
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


def reduce_max(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The largest; where several are, they share the gradient equally."""
    return _extreme(np.max, input_tensor, axis, keepdims)


def reduce_min(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The smallest; where several are, they share the gradient equally."""
    return _extreme(np.min, input_tensor, axis, keepdims)


def _extreme(function: Callable[..., Any], x: Any, axis: Any, keepdims: bool) -> Tensor:
    x = _numbers(x)
    a = x._array
    axes = _axes(axis, a.ndim)

    def share(g: Tensor) -> Tensor:  # equal extremes share the gradient equally
        top = out._array.reshape(_kept(a, axes))
        best = (a == top) | (top != top)  # where NaN came out, NaN goes to all
        count = np.where(top == top, best.sum(axes, a.dtype, keepdims=True), top)
        part = ops.quotient(reshape(g, _kept(a, axes)), Tensor(count))
        return ops.masked(ops.broadcast_to(part, a.shape), best, (x,))

    # of nothing, what any number is better than
    start = {} if a.size else {"initial": _worst(a.dtype, function is np.max)}
    value = run(lambda a: function(a, axis=axes, keepdims=keepdims, **start), a)
    out = record(value, (x,), lambda g: (lambda: share(g),))
    return out


def _worst(dtype: np.dtype, largest: bool) -> Any:
    if dtype.kind == "f":
        return -np.inf if largest else np.inf
    return np.iinfo(dtype).min if largest else np.iinfo(dtype).max


def reduce_prod(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The product; integers keep their type. The gradient is the product of the others, also beside zeros."""
    x = _numbers(input_tensor)
    a = x._array
    axes = _axes(axis, a.ndim)
    kept = [i for i in range(a.ndim) if i not in axes]
    value = np.multiply.reduce(a, axes, dtype=a.dtype, keepdims=keepdims)  # type: ignore[call-overload]

    def others(g: Tensor) -> Tensor:
        flat = ops.reshape(ops.transpose(x, [*kept, *axes]), [*(a.shape[i] for i in kept), -1])
        before = ops.cumprod(flat, -1, exclusive=True)
        rest = before * ops.cumprod(flat, -1, exclusive=True, reverse=True)
        rest = ops.reshape(rest, [a.shape[i] for i in [*kept, *axes]])
        return ops.multiply_no_nan(ops.transpose(rest, np.argsort([*kept, *axes])), reshape(g, _kept(a, axes)))

    return record(value, (x,), lambda g: (lambda: others(g),))


def reduce_logsumexp(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """log(sum(exp(x))), without overflow."""
    x = floats(input_tensor, "reduce_logsumexp")
    top = reduce_max(x, axis, keepdims=True)._array
    top = np.where(np.isfinite(top), top, top.dtype.type(0))
    total = ops.log(reduce_sum(ops.exp(x - top), axis, keepdims))
    return total + top.reshape(total._array.shape)


def reduce_variance(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean of the squared distances from the mean. TypeError: integers."""
    x = operand(input_tensor)
    if x._array.dtype.kind != "f":
        raise TypeError(f"reduce_variance needs floats, got {x._array.dtype}: tf.cast(x, tf.float32)")
    return reduce_mean(ops.square(x - reduce_mean(x, axis, keepdims=True)), axis, keepdims)


def reduce_std(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The root of the variance. TypeError: integers."""
    return ops.root(reduce_variance(input_tensor, axis, keepdims))


def reduce_euclidean_norm(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The root of the sum of squares; that of integers is cut off after the point. Its gradient is x / norm, 0 at 0."""
    x = _numbers(input_tensor)
    if x._array.dtype.kind != "f":
        root = np.sqrt(reduce_sum(ops.square(x), axis, keepdims)._array.astype(np.float64))
        return Tensor(np.asarray(root.astype(x._array.dtype)))
    return ops.root(reduce_sum(ops.square(x), axis, keepdims))


def count_nonzero(input: Any, axis: Any = None, keepdims: bool = False, dtype: Any = np.int64) -> Tensor:
    """How many are not 0, or true."""
    a = operand(input)._array
    counts = np.count_nonzero(a, _axes(axis, a.ndim), keepdims=keepdims)
    return Tensor(np.asarray(counts, as_dtype(dtype).dtype))


def reduce_all(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether all are true."""
    a = bools(input_tensor)
    return Tensor(np.asarray(np.all(a, _axes(axis, a.ndim), keepdims=keepdims)))


def reduce_any(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether any is true."""
    a = bools(input_tensor)
    return Tensor(np.asarray(np.any(a, _axes(axis, a.ndim), keepdims=keepdims)))


def argmax(input: Any, axis: int | None = None, output_type: Any = np.int64) -> Tensor:
    """The index of the largest along the axis (the first by default), the first of equals; NaN counts as -inf."""
    return _index_of(input, axis, True, output_type)


def argmin(input: Any, axis: int | None = None, output_type: Any = np.int64) -> Tensor:
    """The index of the smallest along the axis (the first by default), the first of equals; NaN counts as inf."""
    return _index_of(input, axis, False, output_type)


def _index_of(x: Any, axis: int | None, largest: bool, output_type: Any) -> Tensor:
    target = as_dtype(output_type)
    if not target.is_integer:
        raise InvalidArgumentError(f"output_type is an integer type, got {target.name}")
    a = operand(x)._array
    where = to_axis(0 if axis is None else axis, a.ndim)
    return Tensor(np.asarray(run(extreme, a, where, largest), target.dtype))


def extreme(a: np.ndarray, axis: int = -1, largest: bool = True) -> Any:
    """NumPy's argmax, or argmin; but NaN, at which they stop, counts as the worst."""
    # in every step of training: of finite numbers the sum is one, but where it overflows
    if a.dtype.kind == "f" and not math.isfinite(np.add.reduce(a, None)):
        a = np.where(a == a, a, _worst(a.dtype, largest))
    return a.argmax(axis) if largest else a.argmin(axis)


def has_nan(a: np.ndarray) -> bool:
    """Whether there is a NaN: then, and only then, the sum of squares is one. It takes less time than isnan."""
    return a.dtype.kind == "f" and (total := np.vdot(a, a)) != total
