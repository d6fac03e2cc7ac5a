"""Reductions over some axes (an int or several; None: all) and running sums and products, each with its gradient."""

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


def _numbers(x: Any, axis: Any) -> tuple[Tensor, np.ndarray, tuple[int, ...]]:
    """The operand, its array, and the axes to reduce."""
    x = operand(x)
    a = x._array
    if a.dtype.kind == "b":
        raise InvalidArgumentError("A reduction of bools is reduce_any or reduce_all, or needs tf.cast(x, tf.float32)")
    return x, a, _axes(axis, a.ndim)


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
    x, a, axes = _numbers(input_tensor, axis)
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
    x, a, axes = _numbers(x, axis)
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
    x, a, axes = _numbers(x, axis)

    def share(g: Tensor) -> Tensor:
        top = out._array.reshape(_kept(a, axes))
        best = (a == top) | (top != top)  # where NaN came out, NaN goes to all
        count = np.where(top == top, best.sum(axes, a.dtype, keepdims=True), top)
        part = ops.quotient(reshape(g, _kept(a, axes)), Tensor(count))
        return ops.masked(ops.broadcast_to(part, a.shape), best, (x,))

    start = {} if a.size else {"initial": _worst(a.dtype, function is np.max)}  # the extreme of no elements
    value = run(lambda a: function(a, axis=axes, keepdims=keepdims, **start), a)
    out = record(value, (x,), lambda g: (lambda: share(g),))
    return out


def _worst(dtype: np.dtype, largest: bool) -> Any:
    if dtype.kind == "f":
        return -np.inf if largest else np.inf
    return np.iinfo(dtype).min if largest else np.iinfo(dtype).max


def reduce_prod(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The product; integers keep their type. The gradient is the product of the others, also beside zeros."""
    x, a, axes = _numbers(input_tensor, axis)
    kept = [i for i in range(a.ndim) if i not in axes]
    order, sizes = [*kept, *axes], [a.shape[i] for i in kept]
    value = np.multiply.reduce(a, axes, dtype=a.dtype, keepdims=keepdims)  # type: ignore[call-overload]

    def others(g: Tensor) -> Tensor:
        flat = ops.reshape(ops.transpose(x, order), [*sizes, -1])
        rest = ops.cumprod(flat, -1, exclusive=True) * ops.cumprod(flat, -1, exclusive=True, reverse=True)
        rest = ops.transpose(ops.reshape(rest, [a.shape[i] for i in order]), np.argsort(order))
        return ops.multiply_no_nan(rest, reshape(g, _kept(a, axes)))

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
    total = reduce_sum(ops.square(_numbers(input_tensor, ())[0]), axis, keepdims)
    if total._array.dtype.kind == "f":
        return ops.root(total)
    return Tensor(np.asarray(np.sqrt(total._array.astype(np.float64)).astype(total._array.dtype)))


def count_nonzero(input: Any, axis: Any = None, keepdims: bool = False, dtype: Any = np.int64) -> Tensor:
    """How many are not 0, or true."""
    a = operand(input)._array
    counts = np.count_nonzero(a, _axes(axis, a.ndim), keepdims=keepdims)
    return Tensor(np.asarray(counts, as_dtype(dtype).dtype))


def _quantifier(function: np.ufunc, name: str, question: str) -> Callable[..., Tensor]:
    def reduction(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
        a = bools(input_tensor)
        return Tensor(np.asarray(function.reduce(a, _axes(axis, a.ndim), keepdims=keepdims)))

    reduction.__name__, reduction.__qualname__, reduction.__doc__ = name, name, question
    return reduction


reduce_all = _quantifier(np.logical_and, "reduce_all", "Whether all are true.")
reduce_any = _quantifier(np.logical_or, "reduce_any", "Whether any is true.")


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
    return Tensor(np.asarray(run(extreme, a, to_axis(0 if axis is None else axis, a.ndim), largest), target.dtype))


def extreme(a: np.ndarray, axis: int = -1, largest: bool = True) -> Any:
    """NumPy's argmax, or argmin; but NaN, at which they stop, counts as the worst."""
    # in every step of training: of finite numbers the sum is one, but where it overflows
    if a.dtype.kind == "f" and not math.isfinite(np.add.reduce(a, None)):
        a = np.where(a == a, a, _worst(a.dtype, largest))
    return a.argmax(axis) if largest else a.argmin(axis)


def has_nan(a: np.ndarray) -> bool:
    """Whether there is a NaN: then, and only then, the sum of squares is one. It takes less time than isnan."""
    return a.dtype.kind == "f" and (total := np.vdot(a, a)) != total


def _scan(function: np.ufunc, a: np.ndarray, axis: int, exclusive: bool, reverse: bool) -> np.ndarray:
    """function over the elements up to each one; exclusive: before it; reverse: from the end."""
    axis = to_axis(axis, a.ndim)
    value = function.accumulate(np.flip(a, axis) if reverse else a, axis, dtype=a.dtype)
    if exclusive and a.size:
        edge = np.full_like(value.take([0], axis), function.identity)
        value = np.concatenate([edge, np.delete(value, -1, axis)], axis)
    return np.ascontiguousarray(np.flip(value, axis)) if reverse else value


def cumsum(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    """x0, x0 + x1, ... along the axis; exclusive: 0, x0, ...; reverse: from the end."""
    x = operand(x)
    value = _scan(np.add, x._array, axis, exclusive, reverse)
    return record(value, (x,), lambda g: (lambda: cumsum(g, axis, exclusive, not reverse),))


def cumprod(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    """x0, x0 * x1, ... along the axis; exclusive: 1, x0, ...; reverse: from the end.

    At a 0 the gradient is 0, as in TensorFlow, which is not the derivative there (reduce_prod has the derivative).
    """
    x = operand(x)
    out = record(
        _scan(np.multiply, x._array, axis, exclusive, reverse), (x,),
        lambda g: (
            lambda: ops.divide_no_nan(cumsum(ops.multiply_no_nan(out, g), axis, exclusive, not reverse), x),
        ),
    )  # fmt: skip
    return out
