"""Losses: functions give one value per sample, classes reduce them to a scalar."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np

from .. import ops
from ..convert import as_array, convert_to_tensor
from ..tensor import Operators, Tensor
from ._names import lookup, snake_case

Values = TypeVar("Values", Tensor, np.ndarray)
EPSILON = 1e-7  # Keras's: probabilities are kept this far from 0 and 1


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean((y_true - y_pred)^2) over the last axis."""
    y_pred = convert_to_tensor(y_pred)
    y_true, y_pred = same_rank(_like(y_true, y_pred), y_pred)
    return ops.reduce_mean(ops.square(ops.subtract(y_true, y_pred)), -1)


def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False) -> Tensor:
    """-log(p[label]): labels (...) or (..., 1), y_pred (..., n) -> (...).

    Probabilities that come from a softmax activation are traced back to their logits; others are clipped
    to [1e-7, 1 - 1e-7] and normalized again, as Keras does.
    """
    y_pred = convert_to_tensor(y_pred)
    labels = as_array(y_true)
    if labels.ndim == y_pred._array.ndim and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if labels.shape != y_pred._array.shape[:-1]:
        raise ValueError(
            f"Labels of shape {labels.shape} do not match predictions of shape {y_pred.shape}: expected one integer "
            f"for each row. For one-hot labels use categorical_crossentropy."
        )
    if labels.dtype.kind not in "iu":
        if not np.isfinite(labels).all():
            raise ValueError("The labels hold NaN or infinity: drop those samples")
        labels = labels.astype(np.int64)
    logits = _logits(y_pred, from_logits)
    if logits is None:
        logits = ops.log(ops.clip_by_value(y_pred, EPSILON, 1 - EPSILON))
    return ops.softmax_cross_entropy(logits, Tensor(labels))


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> Tensor:
    """-sum(y_true * log(p)) over the last axis: y_true (one-hot or distributions) and y_pred (..., n) -> (...).

    Probabilities that come from a softmax activation are traced back to their logits; others are normalized
    and clipped to [1e-7, 1 - 1e-7], as Keras does. label_smoothing s: y_true * (1 - s) + s / n.

    The gradient by the logits is the true one, softmax * sum(y_true) - y_true, also for rows that do not sum
    to 1; there TensorFlow's, softmax - y_true, is not the derivative of its own loss.
    """
    y_pred = convert_to_tensor(y_pred)
    y_true = _like(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"Targets of shape {y_true.shape} do not match predictions of shape {y_pred.shape}. For integer labels "
            f"use sparse_categorical_crossentropy, or keras.utils.to_categorical."
        )
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[-1]
    logits = _logits(y_pred, from_logits)
    if logits is not None:
        return ops.softmax_cross_entropy(logits, y_true)
    p = ops.divide(y_pred, ops.reduce_sum(y_pred, -1, keepdims=True))
    p = ops.clip_by_value(p, EPSILON, 1 - EPSILON)
    return ops.negative(ops.reduce_sum(ops.multiply(y_true, ops.log(p)), -1))


def _logits(y_pred: Tensor, from_logits: bool) -> Tensor | None:
    """The logits: those that the softmax remembers, y_pred itself, or None if it holds probabilities."""
    return getattr(y_pred, "_logits", y_pred if from_logits else None)


def _like(y: Any, y_pred: Tensor) -> Tensor:
    """y as a Tensor of y_pred's dtype."""
    if isinstance(y, Operators):
        return convert_to_tensor(y) if y.dtype == y_pred.dtype else ops.cast(y, y_pred.dtype)
    return Tensor(as_array(y, y_pred.dtype))


def same_rank(x: Values, y: Values) -> tuple[Values, Values]:
    """Tensors or arrays; (n,) against (n, 1): the missing axis of size 1 is added, as in Keras."""
    if x.ndim == y.ndim - 1 and y.shape[-1] == 1:
        return x[..., None], y
    if y.ndim == x.ndim - 1 and x.shape[-1] == 1:
        return x, y[..., None]
    return x, y


class Loss:
    """Calls `call(y_true, y_pred)` for one value per sample, weighs and reduces them.

    reduction: "sum_over_batch_size" or "mean" (the sum divided by the number of samples), "sum", "none" or None.
    """

    def __init__(self, name: str | None = None, reduction: str | None = "sum_over_batch_size") -> None:
        if reduction not in ("sum_over_batch_size", "mean", "sum", "none", None):
            raise ValueError(
                f"Invalid value for argument `reduction`: {reduction!r}. "
                "Expected 'sum_over_batch_size', 'mean', 'sum', 'none' or None."
            )
        self.name, self.reduction = name or snake_case(type(self).__name__), reduction

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """One value per sample; a subclass writes it."""
        raise NotImplementedError

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The reduced loss, in y_pred's dtype; sample_weight multiplies the values, broadcast to them."""
        values = self.call(y_true, y_pred)
        if sample_weight is not None:
            values, weight = same_rank(values, _like(sample_weight, values))
            values = ops.multiply(values, weight)
        if self.reduction == "sum":
            return ops.reduce_sum(values)
        return values if self.reduction in ("none", None) else ops.reduce_mean(values)


class LossFunctionWrapper(Loss):
    """A loss of a function (y_true, y_pred) -> one value per sample."""

    def __init__(
        self, fn: Callable[..., Any], reduction: str | None = "sum_over_batch_size", name: str | None = None
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", None), reduction)
        self.fn = fn

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return convert_to_tensor(self.fn(y_true, y_pred))


class MeanSquaredError(LossFunctionWrapper):
    """mean((y_true - y_pred)^2)"""

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_squared_error") -> None:
        super().__init__(mean_squared_error, reduction, name)


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """-log(p[label]) for integer labels; with from_logits, p = softmax(y_pred)."""

    def __init__(
        self,
        from_logits: bool = False,
        *,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "sparse_categorical_crossentropy",
    ) -> None:
        super().__init__(partial(sparse_categorical_crossentropy, from_logits=from_logits), reduction, name)


class CategoricalCrossentropy(LossFunctionWrapper):
    """-sum(y_true * log(p)) for one-hot labels or distributions; with from_logits, p = softmax(y_pred)."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        *,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
    ) -> None:
        function = partial(categorical_crossentropy, from_logits=from_logits, label_smoothing=label_smoothing)
        super().__init__(function, reduction, name)


mse = MSE = mean_squared_error
FUNCTIONS = {
    **{f.__name__: f for f in (sparse_categorical_crossentropy, categorical_crossentropy, mean_squared_error)},
    "mse": mse,
    "MSE": MSE,
}
_CLASSES = {c.__name__: c for c in (SparseCategoricalCrossentropy, CategoricalCrossentropy, MeanSquaredError)}


def get(identifier: Any) -> Any:
    """A Loss or function for a name, a class, a Loss, or a function."""
    found = identifier if callable(identifier) else lookup("loss", identifier, {**FUNCTIONS, **_CLASSES})
    return found() if isinstance(found, type) else found
