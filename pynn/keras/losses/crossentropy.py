"""Cross-entropy of classes: of integer labels, and of one-hot labels or distributions."""

from __future__ import annotations

import warnings

import numpy as np

from ... import ops
from ...engine.convert import as_array, convert_to_tensor
from ...engine.tensor import Tensor
from ...engine.typing import TensorLike
from .base import EPSILON, FunctionLoss, cast, like, of_labels, predictions


@of_labels
def sparse_categorical_crossentropy(
    y_true: TensorLike, y_pred: TensorLike, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Tensor:
    """-log(p[label]): labels (...) or (..., 1), y_pred (..., n) -> (...); 0 for labels that are `ignore_class`.

    Probabilities that come from a softmax activation are traced back to their logits; others are clipped
    to [1e-7, 1 - 1e-7] and normalized again, as Keras does.

    from_logits: whether y_pred holds logits; else probabilities
    ignore_class: label of the samples that do not count; None: all count
    axis: of the classes; only the last is supported
    """
    y_pred = y_pred if type(y_pred) is Tensor else convert_to_tensor(y_pred)
    if axis not in (-1, y_pred._array.ndim - 1):
        raise ValueError(f"Only axis=-1 is currently supported. Received: axis={axis}")
    labels = class_labels(y_true, y_pred)
    logits = None if from_logits else getattr(y_pred, "_logits", None)
    if logits is None:
        logits = known_logits(y_pred, from_logits, "softmax")
    if logits is None:
        logits = ops.log(ops.clip_by_value(y_pred, EPSILON, 1 - EPSILON))
    if ignore_class is None:
        return ops.softmax_cross_entropy(logits, labels)
    valid = labels._array != ignore_class
    return ops.where(valid, ops.softmax_cross_entropy(logits, Tensor(np.where(valid, labels._array, 0))), 0)


def class_labels(y_true: TensorLike, y_pred: Tensor) -> Tensor:
    """y_true (...) or (..., 1) as integers of y_pred's shape without its last axis."""
    labels = y_true._array if type(y_true) is Tensor else as_array(y_true)
    if labels.shape == y_pred._array.shape[:-1] and labels.dtype.kind in "iu":
        return y_true if type(y_true) is Tensor else Tensor(labels)
    if labels.ndim == y_pred._array.ndim and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if labels.shape != y_pred._array.shape[:-1]:
        one_hot = labels.shape == y_pred._array.shape
        remedy = "For one-hot labels use categorical_crossentropy" if one_hot else "Is a keras.layers.Flatten missing?"
        raise ValueError(
            f"Labels of shape {labels.shape} do not match predictions of shape {y_pred.shape}: expected one integer "
            f"for each row. {remedy}"
        )
    if labels.dtype.kind not in "iu":
        if not np.isfinite(labels).all():
            raise ValueError("The labels hold NaN or infinity: drop those samples")
        labels = labels.astype(np.int64)
    return Tensor(labels)


def categorical_crossentropy(
    y_true: TensorLike, y_pred: TensorLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """-sum(y_true * log(p)) over the axis: y_true (one-hot or distributions) and y_pred (..., n) -> (...).

    Probabilities that come from a softmax activation are traced back to their logits; others are normalized
    and clipped to [1e-7, 1 - 1e-7], as Keras does.

    The gradient by the logits is the true one, softmax * sum(y_true) - y_true, also for rows that do not sum
    to 1; there TensorFlow's, softmax - y_true, is not the derivative of its own loss.

    from_logits: whether y_pred holds logits; else probabilities
    label_smoothing: s; y_true * (1 - s) + s / n replaces y_true, of n classes
    axis: of the classes
    """
    y_pred = predictions(y_pred)
    y_true = like(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"Targets of shape {y_true.shape} do not match predictions of shape {y_pred.shape}. For integer labels "
            f"use sparse_categorical_crossentropy, or keras.utils.to_categorical."
        )
    if y_pred._array.shape[-1] == 1:
        warnings.warn(
            f"categorical_crossentropy got predictions of one class, shape {y_pred.shape}: their loss is 0. For two "
            "classes use binary_crossentropy.",
            SyntaxWarning,
            stacklevel=2,
        )
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[-1]
    logits = known_logits(y_pred, from_logits, "softmax")
    if logits is not None and axis in (-1, y_pred._array.ndim - 1):  # the kernel's rows lie along the last axis
        return ops.softmax_cross_entropy(logits, y_true)
    if logits is not None:
        log_p = ops.log_softmax(logits, axis)
    else:
        p = ops.divide(y_pred, ops.reduce_sum(y_pred, axis, keepdims=True))
        log_p = ops.log(ops.clip_by_value(p, EPSILON, 1 - EPSILON))
    return ops.negative(ops.reduce_sum(ops.multiply(y_true, log_p), axis))


def known_logits(y_pred: Tensor, from_logits: bool, activation: str) -> Tensor | None:
    """The logits: of the activation that gave y_pred; else with from_logits y_pred; else None."""
    found = getattr(y_pred, "_logits", None)
    if found is None:
        return y_pred if from_logits else None
    if from_logits:
        warnings.warn(
            f"from_logits=True, but y_pred comes from a {activation} activation: these are no logits. "
            "The loss is computed from those that the activation was given.",
            stacklevel=3,
        )
    return found


class SparseCategoricalCrossentropy(
    FunctionLoss,
    function=sparse_categorical_crossentropy,
    order=("from_logits", "ignore_class", "reduction", "axis", "name", "dtype"),
):
    """-log(p[label]) for integer labels; with from_logits, p = softmax(y_pred).

    Samples of `ignore_class` do not count in the mean's divisor, either.
    """

    ignore_class: int | None

    def __call__(self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None) -> Tensor:
        if self.ignore_class is not None:
            valid = class_labels(y_true, convert_to_tensor(y_pred))._array != self.ignore_class
            mask = valid.astype(self._dtype)
            if self.reduction in ("sum_over_batch_size", "mean"):
                mask *= valid.size / max(valid.sum(), 1)
            sample_weight = mask if sample_weight is None else mask * cast(sample_weight, self._dtype)
        return super().__call__(y_true, y_pred, sample_weight)


class CategoricalCrossentropy(FunctionLoss, function=categorical_crossentropy): ...
