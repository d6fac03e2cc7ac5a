"""Metrics: functions give one value per sample, classes accumulate over batches.

Shapes, dtypes and errors are those of `keras.losses`. `update_state(y_true, y_pred, sample_weight)` takes a batch, and
`result()` gives a float32 Tensor of all batches since `reset_state()`; a call does both.
"""
# ruff: noqa: I001

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from ...engine.typing import TensorLike
from ...engine.convert import as_array
from ...engine.tensor import Tensor
from ...support.missing import missing
from ..common import configuration
from ..common.names import function_name, snake_case
from ..common.registry import OURS
from ..losses import KLD, MAE, MAPE, MSE, MSLE, kld, kullback_leibler_divergence, logcosh, mae, mape, mse, msle
from ..losses import binary_crossentropy, binary_focal_crossentropy, categorical_crossentropy, categorical_hinge, hinge
from ..losses import huber, kl_divergence, log_cosh, mean_absolute_error, mean_absolute_percentage_error, poisson
from ..losses import mean_squared_error, mean_squared_logarithmic_error, sparse_categorical_crossentropy, squared_hinge
from .base import Metric
from .accuracies import Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from .accuracies import SparseTopKCategoricalAccuracy, TopKCategoricalAccuracy, binary_accuracy, categorical_accuracy
from .accuracies import sparse_categorical_accuracy, sparse_top_k_categorical_accuracy, top_k_categorical_accuracy
from .auc import AUC
from .confusion import FalseNegatives, FalsePositives, Precision, Recall, TrueNegatives, TruePositives
from .means import Mean, MeanMetricWrapper, Sum
from .of_losses import BinaryCrossentropy, CategoricalCrossentropy, CategoricalHinge, CosineSimilarity, Hinge
from .of_losses import KLDivergence, LogCoshError, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError
from .of_losses import MeanSquaredLogarithmicError, Poisson, RootMeanSquaredError, SparseCategoricalCrossentropy
from .of_losses import SquaredHinge
from .scores import F1Score, FBetaScore, R2Score

__all__ = [
    "AUC", "KLD", "MAE", "MAPE", "MSE", "MSLE", "Accuracy", "BinaryAccuracy", "BinaryCrossentropy",
    "CategoricalAccuracy", "CategoricalCrossentropy", "CategoricalHinge", "CosineSimilarity", "F1Score",
    "FBetaScore", "FalseNegatives", "FalsePositives", "Hinge", "KLDivergence", "LogCoshError", "Mean",
    "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanMetricWrapper", "MeanSquaredError",
    "MeanSquaredLogarithmicError", "Metric", "Poisson", "Precision", "R2Score", "Recall", "RootMeanSquaredError",
    "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy", "SquaredHinge",
    "Sum", "TopKCategoricalAccuracy", "TrueNegatives", "TruePositives", "binary_accuracy", "binary_crossentropy",
    "binary_focal_crossentropy", "categorical_accuracy", "categorical_crossentropy", "categorical_hinge",
    "deserialize", "get", "hinge", "huber", "kl_divergence", "kld", "kullback_leibler_divergence", "log_cosh",
    "logcosh", "mae", "mape", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_error",
    "mean_squared_logarithmic_error", "mse", "msle", "poisson", "serialize", "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy", "sparse_top_k_categorical_accuracy", "squared_hinge",
    "top_k_categorical_accuracy",
]  # fmt: skip

_PUBLIC = {name: globals()[name] for name in __all__ if name in globals()}
_CLASSES = [c for c in _PUBLIC.values() if isinstance(c, type) and c not in (Metric, MeanMetricWrapper)]
_KNOWN = {name: c for c in _CLASSES for name in (snake_case(c.__name__), c.__name__)}
_LOSSES = {name: loss for (family, name), loss in OURS.items() if family == "keras.losses"}
_KNOWN |= {short: _KNOWN[f.__name__] for short, f in _LOSSES.items() if f.__name__ in _KNOWN}  # "mse", "MSE", ...
OURS.update({("keras.metrics", name): thing for name, thing in _PUBLIC.items() if inspect.isfunction(thing)})


def get(identifier: Any) -> Any:
    """A Metric for a name, a configuration or a class; a Metric or function (y_true, y_pred) as it is."""
    return configuration.resolve("keras.metrics", "metric", identifier, _KNOWN)


def for_batch(identifier: Any, y_true: TensorLike, y_pred: Tensor) -> Metric:
    """The Metric for an argument of `compile`, named as it is there.

    "accuracy" and "acc": the accuracy for the shapes of the first batch, as in Keras.
    """
    if not isinstance(identifier, str) or identifier.lower() not in ("accuracy", "acc"):
        metric = get(identifier)
        if not isinstance(metric, Metric):
            if not callable(metric):
                raise ValueError(f"Expected a metric, received {identifier!r}")
            metric = MeanMetricWrapper(metric, getattr(metric, "name", None) or function_name(metric))
        metric.name = identifier if isinstance(identifier, str) else metric.name
        return metric
    shape, classes = as_array(y_true).shape, y_pred.shape[-1]
    if classes == 1:
        return BinaryAccuracy(identifier)
    if len(shape) < y_pred.ndim or shape[-1] == 1:
        return SparseCategoricalAccuracy(identifier)
    return CategoricalAccuracy(identifier)


def serialize(metric: Any) -> Any:
    """What describes the metric in a configuration, in JSON's types."""
    return configuration.serialize(metric)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The Metric or function that `serialize` described; custom_objects: a user's classes by name."""
    return get(configuration.deserialize(config, custom_objects, family="keras.metrics"))


__getattr__ = missing(__name__)
