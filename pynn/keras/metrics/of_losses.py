"""Losses as metrics: their means over the samples of all batches."""

from __future__ import annotations

import numpy as np

from ...engine.convert import as_array
from ...engine.tensor import Tensor
from ...engine.typing import DTypeLike, TensorLike
from .. import losses
from ..losses.base import same_rank
from .means import FunctionMetric, Mean


class MeanSquaredError(FunctionMetric, function=losses.mean_squared_error):
    """The mean of (y_true - y_pred)^2."""


class RootMeanSquaredError(Mean):
    """The square root of the mean of (y_true - y_pred)^2."""

    _direction = "down"

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: DTypeLike = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None) -> None:  # type: ignore[override]
        """Accumulates the targets and predictions of a batch."""
        y_true, y_pred = same_rank(as_array(y_true).astype(self._dtype), as_array(y_pred).astype(self._dtype))
        super().update_state(np.square(y_pred - y_true), sample_weight)

    def result(self) -> Tensor:
        return self._tensor(np.sqrt(super().result()._array))


class MeanAbsoluteError(FunctionMetric, function=losses.mean_absolute_error):
    """The mean of |y_true - y_pred|."""


class MeanAbsolutePercentageError(FunctionMetric, function=losses.mean_absolute_percentage_error):
    """The mean of 100 * |y_true - y_pred| / |y_true|."""


class MeanSquaredLogarithmicError(FunctionMetric, function=losses.mean_squared_logarithmic_error):
    """The mean of (log(y_true + 1) - log(y_pred + 1))^2."""


class LogCoshError(FunctionMetric, function=losses.log_cosh, name="logcosh"):
    """The mean of log(cosh(y_pred - y_true))."""


def cosine_similarity(y_true: TensorLike, y_pred: TensorLike, axis: int = -1) -> Tensor:
    """sum(y_true * y_pred) of both scaled to length 1 along the axis: minus the loss.

    axis: along which the vectors lie
    """
    return -losses.cosine_similarity(y_true, y_pred, axis)


class CosineSimilarity(FunctionMetric, function=cosine_similarity):
    """The mean cosine of the angle between y_true and y_pred: 1 where they are alike (the loss is -1 there)."""

    _direction = "up"


class Hinge(FunctionMetric, function=losses.hinge):
    """The mean of max(1 - y_true * y_pred, 0)."""


class SquaredHinge(FunctionMetric, function=losses.squared_hinge):
    """The mean of max(1 - y_true * y_pred, 0)^2."""


class CategoricalHinge(FunctionMetric, function=losses.categorical_hinge):
    """The mean of max(neg - pos + 1, 0) of the scores of one-hot labels."""


class KLDivergence(FunctionMetric, function=losses.kl_divergence):
    """The mean of sum(y_true * log(y_true / y_pred))."""


class Poisson(FunctionMetric, function=losses.poisson):
    """The mean of y_pred - y_true * log(y_pred)."""


class BinaryCrossentropy(
    FunctionMetric, function=losses.binary_crossentropy, order=("name", "dtype", "from_logits", "label_smoothing")
):
    """The mean cross-entropy of labels 0 and 1."""


class CategoricalCrossentropy(FunctionMetric, function=losses.categorical_crossentropy):
    """The mean cross-entropy of one-hot labels or distributions."""


class SparseCategoricalCrossentropy(FunctionMetric, function=losses.sparse_categorical_crossentropy):
    """The mean cross-entropy of integer labels.

    ignore_class: label of the samples that do not count, where weights are given; None: all count
    """

    ignore_class: int | None

    def update_state(self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None) -> None:  # type: ignore[override]
        """Accumulates a batch; with weights, samples of `ignore_class` do not count (without, they do, as in Keras)."""
        if sample_weight is not None and self.ignore_class is not None:
            labels = as_array(y_true)
            sample_weight = as_array(sample_weight) * (labels.reshape(labels.shape[:1]) != self.ignore_class)
        super().update_state(y_true, y_pred, sample_weight)
