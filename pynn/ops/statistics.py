"""Products, norms, moments, counts and quantifiers over some axes, and running sums and products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.convert import floats, operand, pair, to_axis, to_shape
from ..engine.dtypes import as_dtype
from ..engine.tape import record
from ..engine.tensor import Tensor
from ..engine.typing import DTypeLike, TensorLike
from ..support.neutral import neutral
from ._chain import multiply_no_nan
from .arithmetic import add, divide_no_nan, exp, log, root, square, squared_difference
from .compare import bools
from .extremes import reduce_max
from .forms import named
from .functions import rsqrt
from .layout import reshape, squeeze, transpose
from .reduce import keepdims_shape, numbers, reduce_mean, reduce_sum, to_axes


def reduce_prod(input_tensor: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The product; integers keep their type. The gradient is the product of the others, also beside zeros."""
    x, a, axes = numbers(input_tensor, axis)
    others = [i for i in range(a.ndim) if i not in axes]
    order, sizes = [*others, *axes], [a.shape[i] for i in others]
    value = np.multiply.reduce(a, axes, dtype=a.dtype, keepdims=keepdims)  # type: ignore[call-overload]

    def product_of_others(g: Tensor) -> Tensor:
        flat = reshape(transpose(x, order), [*sizes, -1])
        rest = cumprod(flat, -1, exclusive=True) * cumprod(flat, -1, exclusive=True, reverse=True)
        rest = transpose(reshape(rest, [a.shape[i] for i in order]), np.argsort(order))
        return multiply_no_nan(rest, reshape(g, keepdims_shape(a, axes)))

    return record(value, (x,), lambda g: (lambda: product_of_others(g),))


def reduce_logsumexp(input_tensor: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """log(sum(exp(x))), without overflow."""
    x = floats(input_tensor, "reduce_logsumexp")
    top = reduce_max(x, axis, keepdims=True)._array
    top = np.where(np.isfinite(top), top, top.dtype.type(0))
    total = log(reduce_sum(exp(x - top), axis, keepdims))
    return total + top.reshape(total._array.shape)


def reduce_variance(input_tensor: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean of the squared distances from the mean. TypeError: integers."""
    x = operand(input_tensor)
    if x._array.dtype.kind != "f":
        raise TypeError(f"reduce_variance needs floats, got {x._array.dtype}: tf.cast(x, tf.float32)")
    return reduce_mean(square(x - reduce_mean(x, axis, keepdims=True)), axis, keepdims)


def reduce_std(input_tensor: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The root of the variance. TypeError: integers."""
    return root(reduce_variance(input_tensor, axis, keepdims))


@neutral(shift=None)
def moments(x: TensorLike, axes: Any, *, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """(mean, variance) over the axes."""
    x = operand(x)
    mean = reduce_mean(x, axes, keepdims=True)
    variance = reduce_mean(squared_difference(x, mean), axes, keepdims=True)
    return (mean, variance) if keepdims else (squeeze(mean, to_shape(axes)), squeeze(variance, to_shape(axes)))


def batch_normalization(
    x: TensorLike, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float
) -> Tensor:
    """scale * (x - mean) / sqrt(variance + variance_epsilon) + offset; None: no scale, no offset."""
    x = operand(x)
    factor = rsqrt(add(pair(variance, x)[0], variance_epsilon))
    factor = factor if scale is None else factor * scale
    shift = -(mean * factor) if offset is None else offset - mean * factor
    return add(x * factor, shift)


def reduce_euclidean_norm(input_tensor: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The root of the sum of squares; that of integers is cut off after the point. Its gradient is x / norm, 0 at 0."""
    total = reduce_sum(square(numbers(input_tensor, ())[0]), axis, keepdims)
    if total._array.dtype.kind == "f":
        return root(total)
    return Tensor(np.asarray(np.sqrt(total._array.astype(np.float64)).astype(total._array.dtype)))


def l2_loss(t: TensorLike) -> Tensor:
    """sum(x ** 2) / 2"""
    return reduce_sum(square(floats(t, "l2_loss"))) * 0.5


def count_nonzero(input: TensorLike, axis: Any = None, keepdims: bool = False, dtype: DTypeLike = np.int64) -> Tensor:
    """How many are not 0, or true."""
    a = operand(input)._array
    counts = np.count_nonzero(a, to_axes(axis, a.ndim), keepdims=keepdims)
    return Tensor(np.asarray(counts, as_dtype(dtype).dtype))


def zero_fraction(value: TensorLike) -> Tensor:
    """The share of zeros, float32."""
    a = operand(value)._array
    return Tensor(np.asarray(1 - np.count_nonzero(a) / a.size if a.size else np.nan, np.float32))


def _quantifier(function: np.ufunc, name: str, question: str) -> Callable[..., Tensor]:
    def reduction(input_tensor: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
        a = bools(input_tensor)
        return Tensor(np.asarray(function.reduce(a, to_axes(axis, a.ndim), keepdims=keepdims)))

    return named(reduction, name, question)


reduce_all = _quantifier(np.logical_and, "reduce_all", "Whether all are true.")
reduce_any = _quantifier(np.logical_or, "reduce_any", "Whether any is true.")


def _scan(function: np.ufunc, a: np.ndarray, axis: int, exclusive: bool, reverse: bool) -> np.ndarray:
    """function over the elements up to each one; exclusive: before it; reverse: from the end."""
    axis = to_axis(axis, a.ndim)
    value = function.accumulate(np.flip(a, axis) if reverse else a, axis, dtype=a.dtype)
    if exclusive and a.size:
        edge = np.full_like(value.take([0], axis), function.identity)
        value = np.concatenate([edge, np.delete(value, -1, axis)], axis)
    return np.ascontiguousarray(np.flip(value, axis)) if reverse else value


def cumsum(x: TensorLike, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    """x0, x0 + x1, ... along the axis; exclusive: 0, x0, ...; reverse: from the end."""
    x = operand(x)
    value = _scan(np.add, x._array, axis, exclusive, reverse)
    return record(value, (x,), lambda g: (lambda: cumsum(g, axis, exclusive, not reverse),))


def cumprod(x: TensorLike, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    """x0, x0 * x1, ... along the axis; exclusive: 1, x0, ...; reverse: from the end.

    At a 0 the gradient is 0, as in TensorFlow, which is not the derivative there (reduce_prod has the derivative).
    """
    x = operand(x)
    out = record(
        _scan(np.multiply, x._array, axis, exclusive, reverse), (x,),
        lambda g: (
            lambda: divide_no_nan(cumsum(multiply_no_nan(out, g), axis, exclusive, not reverse), x),
        ),
    )  # fmt: skip
    return out
