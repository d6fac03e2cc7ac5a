"""Metrics: functions give one value per sample, classes keep their running mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..convert import as_array
from ..tensor import Tensor
from . import losses
from ._names import auto_name, lookup
from .losses import categorical_crossentropy, mean_squared_error, sparse_categorical_crossentropy


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the largest of y_pred (..., n) is at the label (...) or (..., 1), else 0."""
    y_true, y_pred = as_array(y_true), as_array(y_pred)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    return _matches(y_true, y_pred.argmax(-1))


def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the largest of y_pred (..., n) is at the largest of y_true (..., n), else 0."""
    return _matches(as_array(y_true).argmax(-1), as_array(y_pred).argmax(-1))


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """1 where (y_pred > threshold) is y_true, else 0; mean over the last axis of more than one."""
    y_true, y_pred = _same_rank(as_array(y_true), as_array(y_pred))
    return _matches(y_true, y_pred > threshold)


def accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where y_true == y_pred, else 0."""
    return _matches(*_same_rank(as_array(y_true), as_array(y_pred)))


def _same_rank(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if y_true.ndim == y_pred.ndim - 1 and y_pred.shape[-1] == 1:
        y_true = y_true[..., None]
    elif y_pred.ndim == y_true.ndim - 1 and y_true.shape[-1] == 1:
        y_pred = y_pred[..., None]
    return y_true, y_pred


def _matches(x: np.ndarray, y: np.ndarray) -> Tensor:
    if x.shape != y.shape:
        raise ValueError(f"Labels of shape {x.shape} do not match predictions of shape {y.shape}")
    return Tensor((x == y).astype(np.float32))


class Metric:
    """Base class: `update_state` takes in batches, `result` gives the value so far, `reset_state` forgets.

    Subclasses keep their state in attributes that `reset_state` sets.
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name or auto_name(type(self))
        self.reset_state()

    def reset_state(self) -> None:
        raise NotImplementedError

    def reset_states(self) -> None:
        """TensorFlow 2's older name of reset_state."""
        self.reset_state()

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError

    def result(self) -> Tensor:
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        self.update_state(*args, **kwargs)
        return self.result()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class Mean(Metric):
    """The mean of values, weighted by `sample_weight`; 0 before the first."""

    def __init__(self, name: str | None = "mean") -> None:
        super().__init__(name)

    def reset_state(self) -> None:
        self.total = self.count = 0.0

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values = as_array(values)
        if values.ndim > 1:
            values = values.reshape(len(values), -1).mean(1)
        if sample_weight is None:
            self.total += float(values.sum())
            self.count += values.size
        else:
            weight = np.broadcast_to(as_array(sample_weight), values.shape)
            self.total += float((values * weight).sum())
            self.count += float(weight.sum())

    def result(self) -> Tensor:
        return Tensor(np.asarray(self.total / self.count if self.count else 0.0, np.float32))


class MeanMetricWrapper(Mean):
    """The mean of a function (y_true, y_pred) -> one value per sample."""

    def __init__(self, fn: Callable[..., Any], name: str | None = None) -> None:
        super().__init__(name or getattr(fn, "__name__", None))
        self._fn = fn

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update_state(self._fn(y_true, y_pred), sample_weight)


class Accuracy(MeanMetricWrapper):
    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(accuracy, name)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    def __init__(self, name: str = "sparse_categorical_accuracy") -> None:
        super().__init__(sparse_categorical_accuracy, name)


class CategoricalAccuracy(MeanMetricWrapper):
    def __init__(self, name: str = "categorical_accuracy") -> None:
        super().__init__(categorical_accuracy, name)


class BinaryAccuracy(MeanMetricWrapper):
    def __init__(self, name: str = "binary_accuracy", threshold: float = 0.5) -> None:
        super().__init__(lambda y_true, y_pred: binary_accuracy(y_true, y_pred, threshold), name)
        self.threshold = threshold


class MeanSquaredError(MeanMetricWrapper):
    def __init__(self, name: str = "mean_squared_error") -> None:
        super().__init__(mean_squared_error, name)


mse = MSE = mean_squared_error
_FUNCTIONS = {
    "mean_squared_error": mean_squared_error,
    "mse": mean_squared_error,
    "MSE": mean_squared_error,
    "sparse_categorical_crossentropy": sparse_categorical_crossentropy,
    "categorical_crossentropy": categorical_crossentropy,
    "binary_accuracy": binary_accuracy,
    "categorical_accuracy": categorical_accuracy,
    "sparse_categorical_accuracy": sparse_categorical_accuracy,
}
_CLASSES = {c.__name__: c for c in (BinaryAccuracy, CategoricalAccuracy, MeanSquaredError, SparseCategoricalAccuracy)}


def get(identifier: Any) -> Metric:
    """A Metric for a name, a class, a Metric, or a function (y_true, y_pred)."""
    if isinstance(identifier, str):
        found = lookup("metric", identifier, {"accuracy": Accuracy, **_FUNCTIONS, **_CLASSES})
    else:
        found = identifier
    if isinstance(found, type):
        found = found()
    if not isinstance(found, Metric):
        found = MeanMetricWrapper(losses.get(found))
    if isinstance(identifier, str):
        found.name = identifier
    return found


def for_batch(identifier: Any, y_true: Any, y_pred: Tensor) -> Metric:
    """Like `get`; "accuracy" and "acc" become the accuracy that suits the shapes of a first batch, as in Keras."""
    if identifier not in ("accuracy", "acc"):
        return get(identifier)
    shape, classes = as_array(y_true).shape, y_pred.shape[-1]
    if classes == 1:
        return BinaryAccuracy(identifier)
    if len(shape) < y_pred.ndim or shape[-1] == 1:
        return SparseCategoricalAccuracy(identifier)
    return CategoricalAccuracy(identifier)
