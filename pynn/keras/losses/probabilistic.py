"""Losses of probabilities and scores: binary cross-entropy, divergences, margins (hinge)."""

from __future__ import annotations

import numpy as np

from ... import ops
from ...engine.tensor import Tensor
from ...engine.typing import TensorLike
from .base import EPSILON, FunctionLoss, like, predictions
from .crossentropy import known_logits


def binary_crossentropy(
    y_true: TensorLike, y_pred: TensorLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """The mean of -(y_true * log(p) + (1 - y_true) * log(1 - p)) over the axis.

    Probabilities that come from a sigmoid activation are traced back to their logits; others are clipped to
    [1e-7, 1 - 1e-7].

    from_logits: whether y_pred holds logits; else probabilities
    label_smoothing: s; y_true * (1 - s) + s / 2 replaces y_true
    axis: over which the mean is taken
    """
    y_true, y_pred = _binary(y_true, y_pred, label_smoothing)
    return ops.reduce_mean(_log_loss(y_true, y_pred, known_logits(y_pred, from_logits, "sigmoid")), axis)


def _binary(y_true: TensorLike, y_pred: TensorLike, label_smoothing: float) -> tuple[Tensor, Tensor]:
    y_pred = predictions(y_pred)
    y_true = like(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(f"Targets of shape {y_true.shape} do not match predictions of shape {y_pred.shape}")
    return (y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else y_true), y_pred


def _log_loss(y_true: Tensor, y_pred: Tensor, logits: Tensor | None) -> Tensor:
    if logits is not None:
        return -(y_true * ops.log_sigmoid(logits) + (1 - y_true) * ops.log_sigmoid(-logits))
    p = ops.clip_by_value(y_pred, EPSILON, 1 - EPSILON)
    return -(y_true * ops.log(p) + (1 - y_true) * ops.log(1 - p))


def binary_focal_crossentropy(
    y_true: TensorLike,
    y_pred: TensorLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """The mean of (1 - p_t)^gamma * binary cross-entropy, p_t the probability of the true class: Lin et al. 2017.

    apply_class_balancing: whether to multiply by alpha where y_true is 1, and by 1 - alpha elsewhere
    alpha: weight of the label 1 in class balancing
    gamma: exponent of (1 - p_t)
    from_logits: whether y_pred holds logits; else probabilities
    label_smoothing: s; y_true * (1 - s) + s / 2 replaces y_true
    axis: over which the mean is taken
    """
    y_true, y_pred = _binary(y_true, y_pred, label_smoothing)
    p = ops.sigmoid(y_pred) if from_logits else y_pred
    loss = _log_loss(y_true, p, y_pred if from_logits else getattr(y_pred, "_logits", None))
    loss = (1 - (y_true * p + (1 - y_true) * (1 - p))) ** gamma * loss
    if apply_class_balancing:
        loss = (y_true * alpha + (1 - y_true) * (1 - alpha)) * loss
    return ops.reduce_mean(loss, axis)


def kl_divergence(y_true: TensorLike, y_pred: TensorLike) -> Tensor:
    """sum(y_true * log(y_true / y_pred)) over the last axis, both clipped to [1e-7, 1]."""
    y_pred = predictions(y_pred)
    y_true = ops.clip_by_value(like(y_true, y_pred), EPSILON, 1.0)
    return ops.reduce_sum(y_true * ops.log(y_true / ops.clip_by_value(y_pred, EPSILON, 1.0)), -1)


def poisson(y_true: TensorLike, y_pred: TensorLike) -> Tensor:
    """mean(y_pred - y_true * log(y_pred + 1e-7)) over the last axis."""
    y_pred = predictions(y_pred)
    return ops.reduce_mean(y_pred - like(y_true, y_pred) * ops.log(y_pred + EPSILON), -1)


def _margins(y_true: TensorLike, y_pred: TensorLike) -> Tensor:
    """max(1 - y_true * y_pred, 0)"""
    y_pred = predictions(y_pred)
    y_true = like(y_true, y_pred)
    if np.isin(y_true._array, (0, 1)).all():
        y_true = 2.0 * y_true - 1.0
    return ops.maximum(1.0 - y_true * y_pred, 0.0)


def hinge(y_true: TensorLike, y_pred: TensorLike) -> Tensor:
    """mean(max(1 - y_true * y_pred, 0)) over the last axis; labels that are all 0 or 1 count as -1 and 1."""
    return ops.reduce_mean(_margins(y_true, y_pred), -1)


def squared_hinge(y_true: TensorLike, y_pred: TensorLike) -> Tensor:
    """mean(max(1 - y_true * y_pred, 0)^2) over the last axis; labels as in `hinge`."""
    return ops.reduce_mean(ops.square(_margins(y_true, y_pred)), -1)


def categorical_hinge(y_true: TensorLike, y_pred: TensorLike) -> Tensor:
    """max(neg - pos + 1, 0): pos the score of the true class, neg the largest of the other classes' (or 0)."""
    y_pred = predictions(y_pred)
    y_true = like(y_true, y_pred)
    right = ops.reduce_sum(y_true * y_pred, -1)
    wrong = ops.reduce_max((1.0 - y_true) * y_pred, -1)
    return ops.maximum(wrong - right + 1.0, 0.0)


class BinaryCrossentropy(FunctionLoss, function=binary_crossentropy): ...


class BinaryFocalCrossentropy(FunctionLoss, function=binary_focal_crossentropy): ...


class KLDivergence(FunctionLoss, function=kl_divergence): ...


class Poisson(FunctionLoss, function=poisson): ...


class Hinge(FunctionLoss, function=hinge): ...


class SquaredHinge(FunctionLoss, function=squared_hinge): ...


class CategoricalHinge(FunctionLoss, function=categorical_hinge): ...
