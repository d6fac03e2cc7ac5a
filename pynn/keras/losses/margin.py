"""Margin losses, for labels -1 and 1 (hinge, squared_hinge; 0 and 1 are converted) or one-hot (categorical_hinge)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import ops
from ...engine.tensor import Tensor
from ._loss import FunctionLoss, like, predictions


def _margins(y_true: Any, y_pred: Any) -> Tensor:
    """max(1 - y_true * y_pred, 0)"""
    y_pred = predictions(y_pred)
    y_true = like(y_true, y_pred)
    if np.isin(y_true._array, (0, 1)).all():
        y_true = 2.0 * y_true - 1.0
    return ops.maximum(1.0 - y_true * y_pred, 0.0)


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """mean(max(1 - y_true * y_pred, 0)) over the last axis; labels that are all 0 or 1 count as -1 and 1."""
    return ops.reduce_mean(_margins(y_true, y_pred), -1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """mean(max(1 - y_true * y_pred, 0)^2) over the last axis; labels as in `hinge`."""
    return ops.reduce_mean(ops.square(_margins(y_true, y_pred)), -1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """max(neg - pos + 1, 0): pos the score of the true class, neg the largest of the others (or 0)."""
    y_pred = predictions(y_pred)
    y_true = like(y_true, y_pred)
    right = ops.reduce_sum(y_true * y_pred, -1)
    wrong = ops.reduce_max((1.0 - y_true) * y_pred, -1)
    return ops.maximum(wrong - right + 1.0, 0.0)


class Hinge(FunctionLoss, function=hinge):
    """mean(max(1 - y_true * y_pred, 0))"""


class SquaredHinge(FunctionLoss, function=squared_hinge):
    """mean(max(1 - y_true * y_pred, 0)^2)"""


class CategoricalHinge(FunctionLoss, function=categorical_hinge):
    """max(neg - pos + 1, 0) of the scores of one-hot labels."""
