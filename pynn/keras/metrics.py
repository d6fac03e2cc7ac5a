"""Metrics: functions give one value per sample, classes keep their running mean."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..convert import as_array
from ..tensor import Tensor
from . import losses
from ._names import auto_name, lookup
from .losses import categorical_crossentropy, mean_squared_error, same_rank, sparse_categorical_crossentropy  # noqa: F401


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
    """1 where (y_pred > threshold) is y_true, else 0, element by element; (n,) and (n, 1) go together."""
    y_true, y_pred = same_rank(as_array(y_true), as_array(y_pred))
    return _matches(y_true, y_pred > threshold)


def accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where y_true == y_pred, else 0, element by element; (n,) and (n, 1) go together."""
    return _matches(*same_rank(as_array(y_true), as_array(y_pred)))


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
        """Forgets what was taken in."""
        raise NotImplementedError

    def reset_states(self) -> None:
        """TensorFlow 2's older name of reset_state."""
        self.reset_state()

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Takes in a batch; a subclass says of what."""
        raise NotImplementedError

    def result(self) -> Tensor:
        """The value so far: a float32 scalar."""
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """`update_state`, then `result`."""
        self.update_state(*args, **kwargs)
        return self.result()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class _RunningMean(Metric):
    """The mean over the samples of all batches, weighted by `sample_weight`; 0 before the first."""

    def reset_state(self) -> None:
        self.total = self.count = 0.0

    def _add(self, values: Any, sample_weight: Any) -> None:
        """A sample's value is its mean over all axes but the first; so is its weight."""
        values = as_array(values)
        if sample_weight is None:
            rows = len(values) if values.ndim else 1
            self.count += rows
        else:
            values, weight = same_rank(values, as_array(sample_weight))
            values = values.mean(tuple(range(weight.ndim, values.ndim)))  # over the axes that the weights do not have
            weight = np.broadcast_to(weight, values.shape)
            values = values * weight
            rows = len(values) if values.ndim else 1
            self.count += float(weight.sum()) * rows / max(weight.size, 1)
        self.total += float(values.sum()) * rows / max(values.size, 1)

    def result(self) -> Tensor:
        return Tensor(np.asarray(self.total / self.count if self.count else 0.0, np.float32))


class Mean(_RunningMean):
    """The mean of values, weighted by `sample_weight`; 0 before the first."""

    def __init__(self, name: str | None = "mean") -> None:
        super().__init__(name)

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Takes in a number, or the values (n, ...) of n samples, with weights of as many axes or fewer."""
        self._add(values, sample_weight)


class MeanMetricWrapper(_RunningMean):
    """The mean of a function (y_true, y_pred) -> one value per sample."""

    def __init__(self, fn: Callable[..., Any], name: str | None = None) -> None:
        super().__init__(name or getattr(fn, "__name__", None))
        self._fn = fn

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes in the labels and predictions of a batch."""
        self._add(self._fn(y_true, y_pred), sample_weight)


class Accuracy(MeanMetricWrapper):
    """How often y_true == y_pred."""

    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(accuracy, name)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is at the integer label."""

    def __init__(self, name: str = "sparse_categorical_accuracy") -> None:
        super().__init__(sparse_categorical_accuracy, name)


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is at the 1 of the one-hot label."""

    def __init__(self, name: str = "categorical_accuracy") -> None:
        super().__init__(categorical_accuracy, name)


class BinaryAccuracy(MeanMetricWrapper):
    """How often (y_pred > threshold) is y_true."""

    def __init__(self, name: str = "binary_accuracy", *, threshold: float = 0.5) -> None:
        super().__init__(partial(binary_accuracy, threshold=threshold), name)
        self.threshold = threshold


class MeanSquaredError(MeanMetricWrapper):
    """The mean of (y_true - y_pred)^2."""

    def __init__(self, name: str = "mean_squared_error") -> None:
        super().__init__(mean_squared_error, name)


mse = MSE = mean_squared_error
_FUNCTIONS = (binary_accuracy, categorical_accuracy, sparse_categorical_accuracy)
_CLASSES = (BinaryAccuracy, CategoricalAccuracy, MeanSquaredError, SparseCategoricalAccuracy)
_KNOWN = {"accuracy": Accuracy, **losses.FUNCTIONS, **{known.__name__: known for known in (*_FUNCTIONS, *_CLASSES)}}


def get(identifier: Any) -> Metric:
    """A Metric for a name, a class, a Metric, a Loss, or a function (y_true, y_pred)."""
    found = identifier if callable(identifier) else lookup("metric", identifier, _KNOWN)
    if isinstance(found, type):
        found = found()
    return found if isinstance(found, Metric) else MeanMetricWrapper(found)


def for_batch(identifier: Any, y_true: Any, y_pred: Tensor) -> Metric:
    """As `get`, under the given name; "accuracy" and "acc": what suits the shapes of a first batch, as in Keras."""
    if identifier not in ("accuracy", "acc"):
        metric = get(identifier)
        metric.name = identifier if isinstance(identifier, str) else metric.name
        return metric
    shape, classes = as_array(y_true).shape, y_pred.shape[-1]
    if classes == 1:
        return BinaryAccuracy(identifier)
    if len(shape) < y_pred.ndim or shape[-1] == 1:
        return SparseCategoricalAccuracy(identifier)
    return CategoricalAccuracy(identifier)
