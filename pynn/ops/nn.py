"""TensorFlow's `tf.nn`: what is composed of the operations of networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..engine.convert import convert_to_tensor, floats, operand, pair, to_axis, to_shape
from ..engine.errors import InvalidArgumentError
from ..engine.tensor import Tensor
from ..engine.typing import Shape, TensorLike
from ..support.neutral import neutral
from . import random


def softmax_cross_entropy_with_logits(labels: TensorLike, logits: TensorLike, axis: int = -1) -> Tensor:
    """Cross-entropy per row of softmax(logits) (..., n) against distributions (..., n), along the axis."""
    x = operand(logits)
    labels = operand(labels)
    labels = labels if labels._array.dtype == x._array.dtype else ops.cast(labels, x.dtype)
    axis, last = to_axis(axis, x._array.ndim), x._array.ndim - 1
    if axis != last:
        order = [i for i in range(last + 1) if i != axis] + [axis]
        x, labels = ops.transpose(x, order), ops.transpose(labels, order)
    if x._array.shape != labels._array.shape:
        labels = ops.broadcast_to(labels, x._array.shape)
    return ops.softmax_cross_entropy(x, labels)


def sparse_softmax_cross_entropy_with_logits(labels: TensorLike, logits: TensorLike) -> Tensor:
    """Cross-entropy per row of softmax(logits) (..., n) against integer labels (...)."""
    labels = operand(labels)
    if labels._array.dtype.kind not in "iu":
        raise InvalidArgumentError(f"Labels are integers, got {labels._array.dtype}")
    return ops.softmax_cross_entropy(logits, labels)


def _binary(labels: TensorLike, logits: TensorLike, name: str) -> tuple[Tensor, Tensor]:
    """The labels z and the logits x. ValueError: they have different shapes."""
    x, z = operand(logits), ops.identity(labels)
    if z._array.shape != x._array.shape:
        raise ValueError(f"`logits` and `{name}` must have the same shape, received ({x.shape} vs {z.shape}).")
    return z, x


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None) -> Tensor:
    """-z log(sigmoid(x)) - (1 - z) log(1 - sigmoid(x)), of shape and dtype of the labels z and the logits x."""
    z, x = _binary(labels, logits, "labels")
    away = ops.where(x >= 0, -x, x)  # -|x|, whose gradient at 0 is not 0
    return ops.maximum(x, 0) - x * z + ops.softplus(away)


def weighted_cross_entropy_with_logits(labels: TensorLike, logits: TensorLike, pos_weight: Any) -> Tensor:
    """As `sigmoid_cross_entropy_with_logits`, with the first term times pos_weight."""
    z, x = _binary(labels, logits, "targets")
    return (1 - z) * x + (1 + (pair(pos_weight, z)[0] - 1) * z) * ops.softplus(-x)


def l2_loss(t: TensorLike) -> Tensor:
    """sum(x ** 2) / 2"""
    return ops.reduce_sum(ops.square(floats(t, "l2_loss"))) * 0.5


@neutral(dim=None)
def l2_normalize(x: TensorLike, axis: Any = None, epsilon: float = 1e-12) -> Tensor:
    """x / sqrt(max(sum(x ** 2), epsilon)), the sum along the axis (None: all axes)."""
    x = operand(x)
    return x * ops.rsqrt(ops.maximum(ops.reduce_sum(ops.square(x), axis, keepdims=True), epsilon))


@neutral(shift=None)
def moments(x: TensorLike, axes: Any, *, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """(mean, variance) over the axes."""
    x = operand(x)
    mean = ops.reduce_mean(x, axes, keepdims=True)
    variance = ops.reduce_mean(ops.squared_difference(x, ops.stop_gradient(mean)), axes, keepdims=True)
    return (mean, variance) if keepdims else (ops.squeeze(mean, to_shape(axes)), ops.squeeze(variance, to_shape(axes)))


def batch_normalization(
    x: TensorLike, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float
) -> Tensor:
    """scale * (x - mean) / sqrt(variance + variance_epsilon) + offset; None: no scale, no offset."""
    x = operand(x)
    factor = ops.rsqrt(ops.add(pair(variance, x)[0], variance_epsilon))
    factor = factor if scale is None else factor * scale
    shift = -(mean * factor) if offset is None else offset - mean * factor
    return x * factor + shift


@neutral(data_format=None)
def bias_add(value: TensorLike, bias: Any) -> Tensor:
    """x (..., n) + bias (n,)"""
    x, b = pair(value, bias)
    if b._array.ndim != 1 or x._array.shape[-1:] != b._array.shape:
        raise InvalidArgumentError(f"bias_add needs as many biases as columns, got shapes {x.shape} and {b.shape}")
    return x + b


def dropout(x: TensorLike, rate: Any, noise_shape: Shape | None = None, seed: int | None = None) -> Tensor:
    """x / (1 - rate), but 0 with probability `rate`; noise_shape: where 1, elements fall together along that axis."""
    x = operand(x)
    if not 0 <= rate < 1:
        raise ValueError(f"`rate` must be a scalar tensor or a float in the range [0, 1). Received: rate={rate}")
    if x._array.dtype.kind != "f":
        raise ValueError(f"`x.dtype` must be a floating point tensor as `x` will be scaled, got {x._array.dtype}")
    if not rate:
        return ops.identity(x)
    shape = x._array.shape if noise_shape is None else to_shape(noise_shape)
    keep = random.generator(seed).random(shape, np.float32) >= float(rate)
    return ops.where(keep, x * (1 / (1 - rate)), 0)


@neutral(max_norm=None)
def embedding_lookup(params: TensorLike, ids: Any) -> Tensor:
    """Rows of params by number: (n, d), ids (...) -> (..., d); a list of params is one table, cut into parts."""
    return ops.gather(ops.concat(params, 0) if isinstance(params, list) else params, ids)


def zero_fraction(value: TensorLike) -> Tensor:
    """The share of zeros, float32."""
    a = operand(value)._array
    return convert_to_tensor(np.float32(1 - np.count_nonzero(a) / a.size if a.size else np.nan))
