"""Losses: functions give one value per sample, classes reduce them to a scalar.

y_true and y_pred (..., n) -> (...); where the name says sparse, y_true (...) holds integers from 0 to n - 1. It is cast
to y_pred's dtype, and integers to floatx(). InvalidArgumentError, a ValueError: shapes that do not broadcast, a label
that is no class.
"""
# ruff: noqa: I001

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...support.missing import missing
from ..common import configuration
from ..common.registry import OURS
from .base import Loss, LossFunctionWrapper, Reduction
from .crossentropy import CategoricalCrossentropy, SparseCategoricalCrossentropy
from .crossentropy import categorical_crossentropy, sparse_categorical_crossentropy
from .probabilistic import BinaryCrossentropy, BinaryFocalCrossentropy, KLDivergence, Poisson
from .probabilistic import binary_crossentropy, binary_focal_crossentropy, kl_divergence, poisson
from .probabilistic import CategoricalHinge, Hinge, SquaredHinge, categorical_hinge, hinge, squared_hinge
from .regression import CosineSimilarity, Huber, LogCosh, MeanAbsoluteError, MeanAbsolutePercentageError
from .regression import MeanSquaredError, MeanSquaredLogarithmicError, cosine_similarity, huber, log_cosh
from .regression import mean_absolute_error, mean_absolute_percentage_error
from .regression import mean_squared_error, mean_squared_logarithmic_error

bce = BCE = binary_crossentropy
kld = KLD = kullback_leibler_divergence = kl_divergence
logcosh = log_cosh
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
mse = MSE = mean_squared_error
msle = MSLE = mean_squared_logarithmic_error

__all__ = [
    "KLD", "MAE", "MAPE", "MSE", "MSLE", "BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy",
    "CategoricalHinge", "CosineSimilarity", "Hinge", "Huber", "KLDivergence", "LogCosh", "Loss",
    "LossFunctionWrapper", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
    "MeanSquaredLogarithmicError", "Poisson", "Reduction", "SparseCategoricalCrossentropy", "SquaredHinge",
    "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy", "categorical_hinge",
    "cosine_similarity", "deserialize", "get", "hinge", "huber", "kl_divergence", "kld",
    "kullback_leibler_divergence", "log_cosh", "logcosh", "mae", "mape", "mean_absolute_error",
    "mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error", "mse", "msle",
    "poisson", "serialize", "sparse_categorical_crossentropy", "squared_hinge",
]  # fmt: skip
_NO_LOSSES = ("Loss", "LossFunctionWrapper", "Reduction", "deserialize", "get", "serialize")
_KNOWN = {name: globals()[name] for name in ("bce", "BCE", *__all__) if name not in _NO_LOSSES}

OURS.update({("keras.losses", name): function for name, function in _KNOWN.items() if not isinstance(function, type)})


def get(identifier: Any) -> Any:
    """A Loss or function for a name, a configuration, a class, a Loss, or a function; None for None."""
    return configuration.resolve("keras.losses", "loss", identifier, _KNOWN)


def serialize(loss: Any) -> Any:
    """What describes the loss in a configuration, in JSON's types."""
    return configuration.serialize(loss)


def deserialize(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The Loss or function of a name, or of what `serialize` gave; custom_objects: a user's classes by name."""
    return get(configuration.deserialize(name, custom_objects, family="keras.losses"))


__getattr__ = missing(__name__)
