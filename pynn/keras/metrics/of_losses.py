"""Losses as metrics: their means over the samples of all batches."""

from __future__ import annotations

import numpy as np

from ... import ops
from ...engine.convert import as_array
from ...engine.tensor import Tensor
from ...engine.typing import TensorLike
from .. import losses
from ..losses.base import pair
from .means import FunctionMetric


class MeanSquaredError(FunctionMetric, function=losses.mean_squared_error): ...


def squared_error(y_true: TensorLike, y_pred: TensorLike) -> Tensor:
    """(y_true - y_pred)^2, element by element"""
    y_true, y_pred = pair(y_true, y_pred)
    return ops.square(y_true - y_pred)


class RootMeanSquaredError(FunctionMetric, function=squared_error):
    """The square root of the mean of (y_true - y_pred)^2."""

    _direction = "down"

    def result(self) -> Tensor:
        return self._tensor(np.sqrt(super().result()._array))


class MeanAbsoluteError(FunctionMetric, function=losses.mean_absolute_error): ...


class MeanAbsolutePercentageError(FunctionMetric, function=losses.mean_absolute_percentage_error): ...


class MeanSquaredLogarithmicError(FunctionMetric, function=losses.mean_squared_logarithmic_error): ...


class LogCoshError(FunctionMetric, function=losses.log_cosh, name="logcosh"): ...


def cosine_similarity(y_true: TensorLike, y_pred: TensorLike, axis: int = -1) -> Tensor:
    """sum(y_true * y_pred) of both scaled to length 1 along the axis: minus the loss.

    axis: along which the vectors lie
    """
    return -losses.cosine_similarity(y_true, y_pred, axis)


class CosineSimilarity(FunctionMetric, function=cosine_similarity):
    """The mean cosine of the angle between y_true and y_pred: 1 where they are alike (the loss is -1 there)."""

    _direction = "up"


class Hinge(FunctionMetric, function=losses.hinge): ...


class SquaredHinge(FunctionMetric, function=losses.squared_hinge): ...


class CategoricalHinge(FunctionMetric, function=losses.categorical_hinge): ...


class KLDivergence(FunctionMetric, function=losses.kl_divergence): ...


class Poisson(FunctionMetric, function=losses.poisson): ...


class BinaryCrossentropy(
    FunctionMetric, function=losses.binary_crossentropy, order=("name", "dtype", "from_logits", "label_smoothing")
):
    """The mean cross-entropy of labels 0 and 1."""


class CategoricalCrossentropy(FunctionMetric, function=losses.categorical_crossentropy): ...


class SparseCategoricalCrossentropy(FunctionMetric, function=losses.sparse_categorical_crossentropy):
    """The mean cross-entropy of integer labels.

    ignore_class: label of the samples that do not count, where weights are given; None: all count
    """

    ignore_class: int | None

    def update_state(self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None) -> None:  # type: ignore[override]
        """Accumulates a batch. Samples of `ignore_class` have weight 0 where weights are given, else 1, as in Keras."""
        if sample_weight is not None and self.ignore_class is not None:
            labels = as_array(y_true)
            sample_weight = as_array(sample_weight) * (labels.reshape(labels.shape[:1]) != self.ignore_class)
        super().update_state(y_true, y_pred, sample_weight)
