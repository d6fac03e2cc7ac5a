"""Losses for numbers: distances between y_true and y_pred, (..., n) -> (...), the mean over the last axis."""

from __future__ import annotations

import math

from ... import ops
from ...engine.tensor import Tensor
from ...engine.typing import TensorLike
from .base import EPSILON, FunctionLoss, like, pair


def mean_squared_error(y_true: TensorLike, y_pred: TensorLike) -> Tensor:
    """mean((y_true - y_pred)^2)"""
    y_true, y_pred = pair(y_true, y_pred)
    return ops.reduce_mean(ops.square(ops.subtract(y_true, y_pred)), -1)


def mean_absolute_error(y_true: TensorLike, y_pred: TensorLike) -> Tensor:
    """mean(|y_true - y_pred|)"""
    y_true, y_pred = pair(y_true, y_pred)
    return ops.reduce_mean(ops.abs(y_true - y_pred), -1)


def mean_absolute_percentage_error(y_true: TensorLike, y_pred: TensorLike) -> Tensor:
    """100 * mean(|y_true - y_pred| / max(|y_true|, 1e-7))"""
    y_true, y_pred = pair(y_true, y_pred)
    return 100.0 * ops.reduce_mean(ops.abs((y_true - y_pred) / ops.maximum(ops.abs(y_true), EPSILON)), -1)


def mean_squared_logarithmic_error(y_true: TensorLike, y_pred: TensorLike) -> Tensor:
    """mean((log(y_true + 1) - log(y_pred + 1))^2), y_true and y_pred raised to at least 1e-7."""
    y_true, y_pred = pair(y_true, y_pred)
    difference = ops.log(ops.maximum(y_pred, EPSILON) + 1) - ops.log(ops.maximum(y_true, EPSILON) + 1)
    return ops.reduce_mean(ops.square(difference), -1)


def huber(y_true: TensorLike, y_pred: TensorLike, delta: TensorLike = 1.0) -> Tensor:
    """The mean of e^2 / 2 where |e| <= delta, else delta * |e| - delta^2 / 2, of e = y_pred - y_true: Huber 1964.

    delta: error up to which the loss is quadratic
    """
    y_true, y_pred = pair(y_true, y_pred)
    error, delta = y_pred - y_true, like(delta, y_pred)
    size = ops.abs(error)
    loss = ops.where(size <= delta, 0.5 * ops.square(error), delta * size - 0.5 * delta**2)
    return ops.reduce_mean(loss, -1)


def log_cosh(y_true: TensorLike, y_pred: TensorLike) -> Tensor:
    """mean(log(cosh(e))) of e = y_pred - y_true, as e + softplus(-2 e) - log(2), which does not overflow."""
    y_true, y_pred = pair(y_true, y_pred)
    error = y_pred - y_true
    return ops.reduce_mean(error + ops.softplus(-2.0 * error) - math.log(2), -1)


def cosine_similarity(y_true: TensorLike, y_pred: TensorLike, axis: int = -1) -> Tensor:
    """-sum(y_true * y_pred) of both scaled to length 1 along the axis: from -1, alike, to 1, opposed.

    axis: along which the vectors lie
    """
    y_true, y_pred = pair(y_true, y_pred)
    return -ops.reduce_sum(_unit(y_true, axis) * _unit(y_pred, axis), axis)


def _unit(x: Tensor, axis: int) -> Tensor:
    """x / |x|, and 0 where x is 0."""
    return x * ops.minimum(1 / ops.sqrt(ops.reduce_sum(ops.square(x), axis, keepdims=True)), 1 / EPSILON)


class MeanSquaredError(FunctionLoss, function=mean_squared_error): ...


class MeanAbsoluteError(FunctionLoss, function=mean_absolute_error): ...


class MeanAbsolutePercentageError(FunctionLoss, function=mean_absolute_percentage_error): ...


class MeanSquaredLogarithmicError(FunctionLoss, function=mean_squared_logarithmic_error): ...


class LogCosh(FunctionLoss, function=log_cosh): ...


class Huber(FunctionLoss, function=huber, name="huber_loss"): ...


class CosineSimilarity(FunctionLoss, function=cosine_similarity): ...
