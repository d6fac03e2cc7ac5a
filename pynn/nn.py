"""TensorFlow's `tf.nn`: names for the operations of networks."""
# ruff: noqa: F401

from typing import Any

from .ops import log_softmax, relu, sigmoid, softmax, softmax_cross_entropy, tanh
from .tensor import Tensor


def softmax_cross_entropy_with_logits(labels: Any, logits: Any) -> Tensor:
    """Cross-entropy per row of softmax(logits) (..., n) against distributions (..., n)."""
    return softmax_cross_entropy(logits, labels)


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any) -> Tensor:
    """Cross-entropy per row of softmax(logits) (..., n) against integer labels (...)."""
    return softmax_cross_entropy(logits, labels)
