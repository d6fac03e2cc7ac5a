"""Losses as metrics: their means over the samples of all batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.convert import as_array
from ...engine.tensor import Tensor
from .. import losses
from ..losses._loss import same_rank
from .means import Mean, MeanMetricWrapper, NamedMean


class MeanSquaredError(NamedMean):
    """The mean of (y_true - y_pred)^2."""

    _function = losses.mean_squared_error


class RootMeanSquaredError(Mean):
    """The square root of the mean of (y_true - y_pred)^2."""

    _direction = "down"

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Takes in the targets and predictions of a batch."""
        y_true, y_pred = same_rank(as_array(y_true).astype(self._dtype), as_array(y_pred).astype(self._dtype))
        super().update_state(np.square(y_pred - y_true), sample_weight)

    def result(self) -> Tensor:
        return self._tensor(np.sqrt(super().result()._array))


class MeanAbsoluteError(NamedMean):
    """The mean of |y_true - y_pred|."""

    _function = losses.mean_absolute_error


class MeanAbsolutePercentageError(NamedMean):
    """The mean of 100 * |y_true - y_pred| / |y_true|."""

    _function = losses.mean_absolute_percentage_error


class MeanSquaredLogarithmicError(NamedMean):
    """The mean of (log(y_true + 1) - log(y_pred + 1))^2."""

    _function = losses.mean_squared_logarithmic_error


class LogCoshError(MeanMetricWrapper):
    """The mean of log(cosh(y_pred - y_true)).

    name: of the metric in logs; None: "log_cosh"
    """

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(losses.log_cosh, name, dtype)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int) -> Tensor:
    """sum(y_true * y_pred) of both scaled to length 1 along the axis: minus the loss."""
    return -losses.cosine_similarity(y_true, y_pred, axis)


class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine of the angle between y_true and y_pred: 1 where they are alike (the loss is -1 there).

    axis: along which the vectors lie
    """

    _direction = "up"

    def __init__(self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)


class Hinge(NamedMean):
    """The mean of max(1 - y_true * y_pred, 0)."""

    _function = losses.hinge


class SquaredHinge(NamedMean):
    """The mean of max(1 - y_true * y_pred, 0)^2."""

    _function = losses.squared_hinge


class CategoricalHinge(NamedMean):
    """The mean of max(neg - pos + 1, 0) of the scores of one-hot labels."""

    _function = losses.categorical_hinge


class KLDivergence(NamedMean):
    """The mean of sum(y_true * log(y_true / y_pred))."""

    _function = losses.kl_divergence


class Poisson(NamedMean):
    """The mean of y_pred - y_true * log(y_pred)."""

    _function = losses.poisson


class BinaryCrossentropy(MeanMetricWrapper):
    """The mean cross-entropy of labels 0 and 1.

    from_logits: whether y_pred holds logits; else probabilities
    label_smoothing: s; y_true * (1 - s) + s / 2 stands for y_true
    """

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(
            losses.binary_crossentropy, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing
        )


class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean cross-entropy of one-hot labels or distributions.

    from_logits: whether y_pred holds logits; else probabilities
    label_smoothing: s; y_true * (1 - s) + s / n stands for y_true, of n classes
    axis: of the classes
    """

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(losses.categorical_crossentropy, name, dtype, **options)


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean cross-entropy of integer labels.

    from_logits: whether y_pred holds logits; else probabilities
    ignore_class: label of the samples that do not count, where weights are given; None: all count
    axis: of the classes; only the last is supported
    """

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        options = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(losses.sparse_categorical_crossentropy, name, dtype, **options)
        self.ignore_class = ignore_class

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Takes in a batch; weighted samples of `ignore_class` do not count (without weights they do, as in Keras)."""
        if sample_weight is not None and self.ignore_class is not None:
            labels = as_array(y_true)
            sample_weight = as_array(sample_weight) * (labels.reshape(labels.shape[:1]) != self.ignore_class)
        super().update_state(y_true, y_pred, sample_weight)
