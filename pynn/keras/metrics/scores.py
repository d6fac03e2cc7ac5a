"""F scores of classes and R2 of regressions: from sums over all batches."""

from __future__ import annotations

import warnings

import numpy as np

from ...engine.tensor import Tensor
from ...engine.typing import DTypeLike, TensorLike
from ..losses.base import EPSILON, same_rank
from .base import Metric
from .confusion import CountMetric


def _matrix(name: str, y: np.ndarray) -> np.ndarray:
    if y.ndim != 2:
        raise ValueError(f"{name} expects 2D inputs with shape (batch_size, output_dim), got shape {y.shape}")
    return y


class FBetaScore(CountMetric, counts=("true_positives", "false_positives", "false_negatives")):
    """(1 + beta^2) * precision * recall / (beta^2 * precision + recall) of each class: (classes,).

    y_true is one-hot (several ones are fine), y_pred (n, classes).

    average: "macro": the mean of the classes; "weighted": by their numbers; "micro": one score of all their counts;
        None: a score of each class
    beta: float above 0: the weight of recall
    threshold: float, 0 < threshold <= 1: what is above it is predicted; None: the largest of a row is
    """

    _direction = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(dtype, name)
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(f"Invalid `average`: {average!r}. Expected None, 'micro', 'macro' or 'weighted'.")
        if not isinstance(beta, float) or beta <= 0:
            raise ValueError(f"`beta` must be a float above 0, got {beta!r}")
        if threshold is not None and not (isinstance(threshold, float) and 0 < threshold <= 1):
            raise ValueError(f"`threshold` must be a float, 0 < threshold <= 1, got {threshold!r}")
        self.average, self.beta, self.threshold = average, beta, threshold

    def update_state(self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None) -> None:
        """Accumulates labels and predictions (n, classes), weights (n,)."""
        y_true, y_pred = (_matrix(type(self).__name__, self._numbers(y)) for y in (y_true, y_pred))
        if not self._built:
            self._build(() if self.average == "micro" else y_pred.shape[1:])
        if self.threshold is None:
            predicted = (y_pred >= y_pred.max(1, keepdims=True)) & (np.abs(y_pred) > 1e-9)
        else:
            predicted = y_pred > np.float32(self.threshold)
        weight = 1.0 if sample_weight is None else self._numbers(sample_weight)[:, None]
        axis = None if self.average == "micro" else 0
        right, wrong, missed = predicted * y_true, predicted * (1 - y_true), ~predicted * y_true
        self._add({n: (weight * c).sum(axis) for n, c in zip(self._counted, (right, wrong, missed), strict=True)})

    def result(self) -> Tensor:
        if not self._built:
            return self._tensor(0.0)
        tp, fp, fn = self._sums()
        precision, recall = tp / (tp + fp + EPSILON), tp / (tp + fn + EPSILON)
        square = self.beta**2
        score = precision * recall / (square * precision + recall + EPSILON) * (1 + square)
        if self.average == "weighted":
            score = (score * (tp + fn)).sum() / ((tp + fn).sum() + EPSILON)
        return self._tensor(score.mean() if self.average == "macro" else score)


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall of each class: (classes,)."""

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)


class R2Score(Metric):
    """1 - sum((y_true - y_pred)^2) / sum((y_true - mean(y_true))^2) of each column of y (n, outputs).

    class_aggregation: "uniform_average": the mean of the columns; "variance_weighted_average": by their variances;
        None: a score of each column
    num_regressors: p of the adjusted score, 1 - (1 - R2) * (n - 1) / (n - p - 1), of n targets; 0: not adjusted
    """

    _direction = "up"
    _summed = "num_samples", "_sums"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(dtype, name)
        if class_aggregation not in (None, "uniform_average", "variance_weighted_average"):
            raise ValueError(
                f"Invalid `class_aggregation`: {class_aggregation!r}. "
                "Expected None, 'uniform_average' or 'variance_weighted_average'."
            )
        if num_regressors < 0:
            raise ValueError(f"`num_regressors` must be 0 or more, got {num_regressors}")
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.reset_state()

    def reset_state(self) -> None:
        self.num_samples = 0
        self._sums: np.ndarray = np.zeros(4)  # then (4, outputs): see update_state

    def update_state(self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None) -> None:
        """Accumulates targets and predictions (n, outputs), weights (n,) or (n, outputs)."""
        y_true, y_pred = same_rank(self._numbers(y_true), self._numbers(y_pred))
        y_true, y_pred = _matrix("R2Score", y_true), _matrix("R2Score", y_pred)
        if y_true.shape != y_pred.shape:
            raise ValueError(f"Targets of shape {y_true.shape} do not match predictions of shape {y_pred.shape}")
        weight = np.ones(()) if sample_weight is None else self._numbers(sample_weight)
        weight = np.broadcast_to(weight[:, None] if weight.ndim == 1 else weight, y_true.shape)
        self.num_samples += y_true.size
        terms = weight, weight * y_true, weight * y_true**2, weight * (y_true - y_pred) ** 2
        self._sums = self._sums.reshape(4, -1) + np.sum(terms, 1)

    def result(self) -> Tensor:
        count, total, squares, errors = self._sums
        with np.errstate(all="ignore"):
            variances = squares - total**2 / count
            scores = 1 - errors / variances
        scores = np.where(np.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = scores.mean()
        elif self.class_aggregation == "variance_weighted_average":
            scores = (variances * scores).sum() / variances.sum()
        left = self.num_samples - self.num_regressors - 1
        if self.num_regressors and left <= 0:
            warnings.warn("Too few samples for the adjusted R2 score: this is the plain one.", stacklevel=2)
        elif self.num_regressors:
            scores = 1 - (1 - scores) * (self.num_samples - 1) / left
        return self._tensor(scores)
