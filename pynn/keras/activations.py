"""Activation functions by name or as functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import ops
from ..convert import convert_to_tensor
from ..tensor import Tensor
from ._names import lookup


def linear(x: Any) -> Tensor:
    """x"""
    return x


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Tensor:
    """x from threshold up to max_value; below it negative_slope * (x - threshold)."""
    y = ops.where(ops.greater(x, threshold), x, 0) if threshold else ops.relu(x)
    if max_value is not None:
        y = ops.minimum(y, max_value)
    if negative_slope:
        y = ops.subtract(y, ops.multiply(negative_slope, ops.relu(ops.subtract(threshold, x))))
    return y


def sigmoid(x: Any) -> Tensor:
    """1 / (1 + exp(-x)). It remembers x, as `softmax` does."""
    logits = convert_to_tensor(x)
    y = ops.sigmoid(logits)
    y._logits = logits
    return y


def softmax(x: Any, axis: int = -1) -> Tensor:
    """Probabilities along the axis. They remember x, so that cross-entropy is computed from the logits."""
    logits = convert_to_tensor(x)
    y = ops.softmax(logits, axis)
    if axis in (-1, logits.ndim - 1):
        y._logits = logits
    return y


tanh = ops.tanh
# the operations compute these functions' values, but not with what the layers and losses know about them
_OPERATIONS = {id(ops.relu): relu, id(ops.sigmoid): sigmoid, id(ops.softmax): softmax}
_KNOWN = {f.__name__: f for f in (linear, relu, sigmoid, softmax, tanh)}


def get(identifier: str | Callable[[Any], Tensor] | None) -> Callable[[Any], Tensor]:
    """A function for a name, a function (tf.nn.softmax, too, then keeps its logits for the loss), or None (linear)."""
    if identifier is None:
        return linear
    if callable(identifier):
        return _OPERATIONS.get(id(identifier), identifier)
    return lookup("activation function", identifier, _KNOWN)
