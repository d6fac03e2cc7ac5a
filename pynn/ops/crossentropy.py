"""TensorFlow's cross-entropies of logits."""

from __future__ import annotations

from typing import Any

from ..engine.convert import cast, identity, operand, pair, to_axis
from ..engine.errors import InvalidArgumentError
from ..engine.tensor import Tensor
from ..engine.typing import TensorLike
from .arithmetic import broadcast_to, maximum, where
from .functions import softplus
from .layout import transpose
from .network import softmax_cross_entropy


def softmax_cross_entropy_with_logits(labels: TensorLike, logits: TensorLike, axis: int = -1) -> Tensor:
    """Cross-entropy per row of softmax(logits) (..., n) against distributions (..., n), along the axis."""
    x = operand(logits)
    labels = operand(labels)
    labels = labels if labels._array.dtype == x._array.dtype else cast(labels, x.dtype)
    axis, last = to_axis(axis, x._array.ndim), x._array.ndim - 1
    if axis != last:
        order = [i for i in range(last + 1) if i != axis] + [axis]
        x, labels = transpose(x, order), transpose(labels, order)
    if x._array.shape != labels._array.shape:
        labels = broadcast_to(labels, x._array.shape)
    return softmax_cross_entropy(x, labels)


def sparse_softmax_cross_entropy_with_logits(labels: TensorLike, logits: TensorLike) -> Tensor:
    """Cross-entropy per row of softmax(logits) (..., n) against integer labels (...)."""
    labels = operand(labels)
    if labels._array.dtype.kind not in "iu":
        raise InvalidArgumentError(f"Labels are integers, got {labels._array.dtype}")
    return softmax_cross_entropy(logits, labels)


def _pair(labels: TensorLike, logits: TensorLike, name: str) -> tuple[Tensor, Tensor]:
    """(labels, logits). ValueError: they have different shapes."""
    x, z = operand(logits), identity(labels)
    if z._array.shape != x._array.shape:
        raise ValueError(f"`logits` and `{name}` must have the same shape, received ({x.shape} vs {z.shape}).")
    return z, x


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None) -> Tensor:
    """-z log(sigmoid(x)) - (1 - z) log(1 - sigmoid(x)), of shape and dtype of the labels z and the logits x."""
    z, x = _pair(labels, logits, "labels")
    away = where(x >= 0, -x, x)  # -|x|, whose gradient at 0 is not 0
    return maximum(x, 0) - x * z + softplus(away)


def weighted_cross_entropy_with_logits(labels: TensorLike, logits: TensorLike, pos_weight: Any) -> Tensor:
    """As `sigmoid_cross_entropy_with_logits`, with the first term times pos_weight."""
    z, x = _pair(labels, logits, "targets")
    return (1 - z) * x + (1 + (pair(pos_weight, z)[0] - 1) * z) * softplus(-x)
