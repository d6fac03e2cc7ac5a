"""Accuracies: functions give 1 or 0 per sample, classes the share of ones over all batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import ops
from ...engine.convert import as_array
from ...engine.tensor import Tensor
from ...ops.reduce import extreme
from ...support.neutral import neutral
from ..losses._loss import same_rank
from .means import MeanMetricWrapper, NamedMean


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the largest of y_pred (..., n) is at the label (...) or (..., 1), else 0."""
    labels = y_true._array if type(y_true) is Tensor else as_array(y_true)
    scores = y_pred._array if type(y_pred) is Tensor else as_array(y_pred)
    if labels.ndim == scores.ndim and labels.shape[-1] == 1:
        labels = labels[..., 0]
    return _matches(labels, extreme(scores))


def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the largest of y_pred (..., n) is at the largest of y_true (..., n), else 0."""
    return _matches(extreme(as_array(y_true)), extreme(as_array(y_pred)))


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """1 where (y_pred > threshold) is y_true, else 0, element by element; (n,) and (n, 1) go together."""
    y_true, y_pred = same_rank(as_array(y_true), as_array(y_pred))
    return _matches(y_true, y_pred > threshold)


def accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where y_true == y_pred, else 0, element by element; (n,) and (n, 1) go together."""
    return _matches(*same_rank(as_array(y_true), as_array(y_pred)))


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """1 where fewer than k of y_pred (..., n) are larger than the one at the largest of y_true (..., n), else 0."""
    return sparse_top_k_categorical_accuracy(extreme(as_array(y_true)), y_pred, k)


@neutral(from_sorted_ids=False)
def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """1 where fewer than k of y_pred (..., n) are larger than the one at the label (...) or (..., 1), else 0.

    0 also for labels outside of 0 ... n - 1 and in rows with a NaN or infinity, as in TensorFlow.
    """
    labels, y_pred = as_array(y_true).astype(np.int64), as_array(y_pred)
    rows, scores = labels.reshape(-1), y_pred.reshape(-1, y_pred.shape[-1])
    if len(rows) != len(scores):
        raise ValueError(f"Labels of shape {labels.shape} do not match predictions of shape {y_pred.shape}")
    inside = ops.in_top_k(rows, scores, k)._array
    return Tensor(inside.astype(np.float32).reshape(labels.shape))


def _matches(x: np.ndarray, y: np.ndarray) -> Tensor:
    if x.shape != y.shape:
        raise ValueError(f"Labels of shape {x.shape} do not match predictions of shape {y.shape}")
    return Tensor((x == y).astype(np.float32))


class Accuracy(NamedMean):
    """How often y_true == y_pred."""

    _direction = "up"
    _function = accuracy


class SparseCategoricalAccuracy(NamedMean):
    """How often the largest prediction is at the integer label."""

    _direction = "up"
    _function = sparse_categorical_accuracy


class CategoricalAccuracy(NamedMean):
    """How often the largest prediction is at the 1 of the one-hot label."""

    _direction = "up"
    _function = categorical_accuracy


class BinaryAccuracy(MeanMetricWrapper):
    """How often (y_pred > threshold) is y_true.

    threshold: above it a prediction counts as 1
    """

    _direction = "up"

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the 1 of the one-hot label is at one of the k largest predictions.

    k: how many of the largest predictions count
    """

    _direction = "up"

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)
        self.k = k


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the integer label is that of one of the k largest predictions.

    k: how many of the largest predictions count
    """

    _direction = "up"

    @neutral(from_sorted_ids=False)
    def __init__(self, k: int = 5, name: str = "sparse_top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k)
        self.k = k
