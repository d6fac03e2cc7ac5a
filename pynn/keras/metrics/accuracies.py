"""Accuracies: functions give 1 or 0 per sample, classes the share of ones over all batches."""

from __future__ import annotations

import math

import numpy as np

import kernels

from ... import ops
from ...engine.convert import as_array
from ...engine.tensor import Tensor
from ...engine.typing import TensorLike
from ...ops.extremes import extreme
from ...support.neutral import neutral
from ..losses.base import same_rank
from .means import FunctionMetric


def sparse_categorical_accuracy(y_true: TensorLike, y_pred: TensorLike) -> Tensor:
    """1 where the largest of y_pred (..., n) is at the label (...) or (..., 1), else 0."""
    labels = y_true._array if type(y_true) is Tensor else as_array(y_true)
    scores = y_pred._array if type(y_pred) is Tensor else as_array(y_pred)
    if labels.ndim == scores.ndim and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if labels.dtype.kind in "iu" and scores.dtype.char in "fd" and labels.shape == scores.shape[:-1] != scores.shape:
        return Tensor(kernels.top_matches(scores, labels))
    return _matches(labels, extreme(scores))


def categorical_accuracy(y_true: TensorLike, y_pred: TensorLike) -> Tensor:
    """1 where the largest of y_pred (..., n) is at the largest of y_true (..., n), else 0."""
    return _matches(extreme(as_array(y_true)), extreme(as_array(y_pred)))


def binary_accuracy(y_true: TensorLike, y_pred: TensorLike, threshold: float = 0.5) -> Tensor:
    """1 where (y_pred > threshold) is y_true, else 0, element by element; (n,) and (n, 1) go together.

    threshold: above it a prediction counts as 1
    """
    y_true, y_pred = same_rank(as_array(y_true), as_array(y_pred))
    return _matches(y_true, y_pred > threshold)


def accuracy(y_true: TensorLike, y_pred: TensorLike) -> Tensor:
    """1 where y_true == y_pred, else 0, element by element; (n,) and (n, 1) go together."""
    return _matches(*same_rank(as_array(y_true), as_array(y_pred)))


def top_k_categorical_accuracy(y_true: TensorLike, y_pred: TensorLike, k: int = 5) -> Tensor:
    """1 where fewer than k of y_pred (..., n) are larger than the one at the largest of y_true (..., n), else 0.

    k: how many of the largest predictions count
    """
    return sparse_top_k_categorical_accuracy(extreme(as_array(y_true)), y_pred, k)


@neutral(from_sorted_ids=False)
def sparse_top_k_categorical_accuracy(y_true: TensorLike, y_pred: TensorLike, k: int = 5) -> Tensor:
    """1 where fewer than k of y_pred (..., n) are larger than the one at the label (...) or (..., 1), else 0.

    0 also for labels outside of 0 ... n - 1 and in rows with a NaN or infinity, as in TensorFlow.

    k: how many of the largest predictions count
    """
    labels, y_pred = as_array(y_true).astype(np.int64), as_array(y_pred)
    if not labels.ndim or y_pred.ndim < 2 or labels.size != math.prod(y_pred.shape[:-1]):
        raise ValueError(f"Labels of shape {labels.shape} do not match predictions of shape {y_pred.shape}")
    inside = ops.in_top_k(labels.reshape(-1), y_pred.reshape(-1, y_pred.shape[-1]), k)._array
    return Tensor(inside.astype(np.float32).reshape(labels.shape))


def _matches(x: np.ndarray, y: np.ndarray) -> Tensor:
    if x.shape != y.shape:
        raise ValueError(f"Labels of shape {x.shape} do not match predictions of shape {y.shape}")
    return Tensor((x == y).astype(np.float32))


class _Accuracy(FunctionMetric):
    _direction = "up"


class Accuracy(_Accuracy, function=accuracy):
    """How often y_true == y_pred."""


class SparseCategoricalAccuracy(_Accuracy, function=sparse_categorical_accuracy):
    """How often the largest prediction is at the integer label."""


class CategoricalAccuracy(_Accuracy, function=categorical_accuracy):
    """How often the largest prediction is at the 1 of the one-hot label."""


class BinaryAccuracy(_Accuracy, function=binary_accuracy):
    """How often (y_pred > threshold) is y_true."""


class TopKCategoricalAccuracy(_Accuracy, function=top_k_categorical_accuracy, order=("k", "name", "dtype")):
    """How often the 1 of the one-hot label is at one of the k largest predictions."""


class SparseTopKCategoricalAccuracy(
    _Accuracy, function=sparse_top_k_categorical_accuracy, order=(..., "name", "dtype")
):
    """How often the integer label is that of one of the k largest predictions."""
