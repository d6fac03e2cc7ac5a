"""Losses between distributions: Kullback and Leibler's divergence, and that of counts (Poisson)."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...engine.tensor import Tensor
from ._loss import EPSILON, NamedLoss, like, predictions


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """sum(y_true * log(y_true / y_pred)) over the last axis, both clipped to [1e-7, 1]."""
    y_pred = predictions(y_pred)
    y_true = ops.clip_by_value(like(y_true, y_pred), EPSILON, 1.0)
    return ops.reduce_sum(y_true * ops.log(y_true / ops.clip_by_value(y_pred, EPSILON, 1.0)), -1)


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """mean(y_pred - y_true * log(y_pred + 1e-7)) over the last axis."""
    y_pred = predictions(y_pred)
    return ops.reduce_mean(y_pred - like(y_true, y_pred) * ops.log(y_pred + EPSILON), -1)


class KLDivergence(NamedLoss):
    """sum(y_true * log(y_true / y_pred))"""

    _fn = kl_divergence


class Poisson(NamedLoss):
    """mean(y_pred - y_true * log(y_pred))"""

    _fn = poisson
