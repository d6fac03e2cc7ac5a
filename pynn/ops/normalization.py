"""Tensors brought to unit length, or to mean 0 and variance 1."""

from __future__ import annotations

from typing import Any

from ..engine.convert import operand, pair, to_shape
from ..engine.tensor import Tensor
from ..engine.typing import TensorLike
from ..support.neutral import neutral
from .arithmetic import add, maximum, square, squared_difference
from .functions import rsqrt
from .layout import squeeze, stop_gradient
from .reduce import reduce_mean, reduce_sum


@neutral(dim=None)
def l2_normalize(x: TensorLike, axis: Any = None, epsilon: float = 1e-12) -> Tensor:
    """x / sqrt(max(sum(x ** 2), epsilon)), the sum along the axis (None: all axes)."""
    x = operand(x)
    return x * rsqrt(maximum(reduce_sum(square(x), axis, keepdims=True), epsilon))


@neutral(shift=None)
def moments(x: TensorLike, axes: Any, *, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """(mean, variance) over the axes."""
    x = operand(x)
    mean = reduce_mean(x, axes, keepdims=True)
    variance = reduce_mean(squared_difference(x, stop_gradient(mean)), axes, keepdims=True)
    return (mean, variance) if keepdims else (squeeze(mean, to_shape(axes)), squeeze(variance, to_shape(axes)))


def batch_normalization(
    x: TensorLike, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float
) -> Tensor:
    """scale * (x - mean) / sqrt(variance + variance_epsilon) + offset; None: no scale, no offset."""
    x = operand(x)
    factor = rsqrt(add(pair(variance, x)[0], variance_epsilon))
    factor = factor if scale is None else factor * scale
    shift = -(mean * factor) if offset is None else offset - mean * factor
    return x * factor + shift
