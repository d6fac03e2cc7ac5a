"""AUC: the area under the ROC curve or the precision-recall curve, over all thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine import budget
from ...engine.convert import as_array
from ...engine.tensor import Tensor
from ...engine.typing import DTypeLike, TensorLike
from ..activations import sigmoid
from ..losses.base import EPSILON
from .base import no_nan
from .confusion import COUNTS, CountMetric, count

_CURVES, _METHODS = ("ROC", "PR"), ("interpolation", "minoring", "majoring")


class AUC(CountMetric, counts=COUNTS):
    """The area under the ROC curve (recall over the rate of false positives) or PR curve (precision over recall).

    A Riemann sum over thresholds.

    num_thresholds: how many, 2 or more, spread evenly from 0 to 1, where `thresholds` is None
    curve: "ROC" or "PR"
    summation_method: heights: "interpolation": the means of neighbours (of PR, that of Davis and Goadrich 2006);
        "minoring", "majoring": the smaller, the larger ones
    thresholds: numbers from 0 to 1, beside both ends; None: `num_thresholds`
    multi_label: whether each column of y (n, labels) has a curve; the result is the mean of their areas
    num_labels: how many columns, with multi_label; None: as the first batch
    label_weights: of the columns: in the mean with multi_label, else in the counts; None: all 1
    from_logits: whether y_pred holds logits; else probabilities
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds: int | None = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: DTypeLike = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(dtype, name)
        if curve.upper() not in _CURVES:
            raise ValueError(f"Invalid AUC curve value: {curve!r}. Expected values are {_CURVES}")
        if summation_method.lower() not in _METHODS:
            raise ValueError(f"Invalid AUC summation method: {summation_method!r}. Expected values are {_METHODS}")
        if thresholds is None:
            if num_thresholds is None or num_thresholds <= 1:
                raise ValueError(f"Argument `num_thresholds` must be an integer > 1. Received: {num_thresholds}")
            budget.spend(8 * num_thresholds)  # in the bytes of Python's floats
            thresholds = np.linspace(0, 1, num_thresholds)[1:-1]
        if num_labels and not multi_label:
            raise ValueError("`num_labels` is needed only when `multi_label` is True.")
        self.thresholds = [-EPSILON, *sorted(map(float, thresholds)), 1 + EPSILON]
        self.num_thresholds, self.curve, self.summation_method = len(self.thresholds), curve, summation_method
        self.multi_label, self.label_weights, self._from_logits = multi_label, label_weights, from_logits
        if not multi_label:
            self._build((self.num_thresholds,))
        elif num_labels:
            self._build((self.num_thresholds, num_labels))

    def update_state(self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None) -> None:
        """Accumulates labels 0 and 1 and probabilities (with from_logits, their logits) of one shape."""
        y_pred = as_array(sigmoid(y_pred) if self._from_logits else y_pred)
        if self.multi_label and y_pred.ndim != 2:
            raise ValueError(f"`y_pred` must have rank 2 when `multi_label=True`. Its shape is {y_pred.shape}")
        if not self._built:
            self._build((self.num_thresholds, y_pred.shape[-1]))
        weights = None if self.multi_label else self.label_weights
        thresholds = self.thresholds
        self._add(count(y_true, y_pred, thresholds, sample_weight, by_label=self.multi_label, label_weights=weights))

    def result(self) -> Tensor:
        if not self._built:
            return self._tensor(0.0)
        tp, fp, tn, fn = (c.astype(np.float64) for c in self._sums())
        method, recall = self.summation_method.lower(), no_nan(tp, tp + fn)
        if self.curve.upper() == "PR" and method == "interpolation":
            areas = _interpolated(tp, fp, fn)
        else:
            x, y = (no_nan(fp, fp + tn), recall) if self.curve.upper() == "ROC" else (recall, no_nan(tp, tp + fp))
            left, right = y[:-1], y[1:]
            low, high = np.minimum(left, right), np.maximum(left, right)
            heights = {"interpolation": (left + right) / 2, "minoring": low, "majoring": high}[method]
            areas = (x[:-1] - x[1:]) * heights
        area = areas.sum(0)
        return self._tensor(np.average(area, weights=self.label_weights) if self.multi_label else area)


def _interpolated(tp: np.ndarray, fp: np.ndarray, fn: np.ndarray) -> np.ndarray:
    """The area of each interval where true positives grow linearly with the positives (Davis and Goadrich 2006).

    With slope s = d(tp) / d(p) and tp = s * p + c, precision tp / p integrates to s * (d(tp) + c * log(p1 / p0)).
    """
    p = tp + fp
    grown = tp[:-1] - tp[1:]
    slope = no_nan(grown, np.maximum(p[:-1] - p[1:], 0))
    rest = tp[1:] - slope * p[1:]
    ratio = np.where((p[:-1] > 0) & (p[1:] > 0), no_nan(p[:-1], p[1:]), 1.0)
    return no_nan(slope * (grown + rest * np.log(ratio)), np.maximum(tp[1:] + fn[1:], 0))
