"""True and false positives and negatives at thresholds, precision and recall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ... import ops
from ...engine.convert import as_array
from ...engine.tensor import Tensor
from ...engine.typing import DTypeLike, TensorLike
from ..losses.base import EPSILON, same_rank
from .base import Metric, no_nan

LOWEST = -1e10  # below every prediction: replaces those that are not among the top k
COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


def count(
    y_true: TensorLike,
    y_pred: TensorLike,
    thresholds: Sequence[float],
    sample_weight: TensorLike | None = None,
    *,
    top_k: int | None = None,
    class_id: int | None = None,
    by_label: bool = False,
    label_weights: Any = None,
) -> dict[str, np.ndarray]:
    """The four COUNTS of a batch by name: each (thresholds,), or with by_label of y (n, labels) (thresholds, labels).

    A prediction is positive where it is above the threshold; a label is where it is not 0.
    """
    y_pred, y_true = same_rank(as_array(y_pred).astype(np.float32), as_array(y_true))
    if y_pred.shape != y_true.shape:
        raise ValueError(f"Labels of shape {y_true.shape} do not match predictions of shape {y_pred.shape}")
    if top_k is not None:
        y_pred = _top(y_pred, top_k)
    if class_id is not None:
        if y_pred.ndim == 1:
            raise ValueError(f"With class_id, y_pred is of shape (samples, classes), not {y_pred.shape}")
        y_true, y_pred = y_true[..., class_id, None], y_pred[..., class_id, None]
    weights: Any = np.float64(1)
    if sample_weight is not None:
        weights = as_array(sample_weight)[..., None]
        weights = weights[..., 0] if weights.ndim == y_pred.ndim + 1 else weights
    if label_weights is not None:
        weights = weights * np.asarray(label_weights)
    columns = (-1, y_pred.shape[-1]) if by_label else (-1, 1)
    weights = np.broadcast_to(weights, y_pred.shape).reshape(columns).astype(np.float64)
    label = (y_true != 0).reshape(columns)
    positive = _above(y_pred.reshape(columns), thresholds)  # (thresholds, samples, labels)
    yes, no = np.where(label, weights, 0), np.where(label, 0, weights)
    tp, fp = np.einsum("tnl,nl->tl", positive, yes), np.einsum("tnl,nl->tl", positive, no)
    counts = tp, fp, no.sum(0) - fp, yes.sum(0) - tp
    return dict(zip(COUNTS, counts if by_label else (c[:, 0] for c in counts), strict=True))


def _above(y_pred: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    """Whether each prediction is above each threshold.

    Of thresholds evenly spread over 0 ... 1, Keras computes the number below each prediction in float32, which
    rounding can make another than comparisons find; so does this.
    """
    n = len(thresholds)
    if n < 3 or not np.allclose(thresholds, np.arange(n, dtype=np.float32) / (n - 1), atol=EPSILON):
        return y_pred > np.asarray(thresholds, np.float32)[:, None, None]
    last = np.ceil(np.clip(y_pred, 0, 1) * np.float32(n - 1)) - 1
    if thresholds[0] < 0 or thresholds[-1] > 1:
        last = np.maximum(last, 0)
    return last >= np.arange(n)[:, None, None]


def _top(y_pred: np.ndarray, k: int) -> np.ndarray:
    """The k largest of each row, the first ones of equals; all else is LOWEST."""
    top = ops.top_k(y_pred, k).indices._array
    largest = np.full_like(y_pred, LOWEST)
    np.put_along_axis(largest, top, np.take_along_axis(y_pred, top, -1), -1)
    return largest


class CountMetric(Metric):
    """Base of metrics that sum counts over batches, in a variable named after each; a single one in `accumulator`."""

    _counted: dict[str, str]  # name of the variable: name of the count
    _built = False

    def __init_subclass__(cls, counts: tuple[str, ...] = (), **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if counts:
            cls._counted = {"accumulator": counts[0]} if len(counts) == 1 else dict(zip(counts, counts, strict=True))

    def _build(self, shape: tuple[int, ...]) -> None:
        for name in self._counted:
            setattr(self, name, self.add_weight(shape, "zeros", name=name))
        self._built = True

    def _add(self, counts: Mapping[str, np.ndarray]) -> None:
        for name, counted in self._counted.items():
            getattr(self, name).assign_add(counts[counted])

    def _sums(self) -> list[np.ndarray]:
        return [getattr(self, name).numpy() for name in self._counted]


class _AtThresholds(CountMetric):
    """For each threshold one count, or the first of two over their sum, 0 where that is 0; a scalar for one threshold.

    thresholds: one or several in [0, 1], above which a prediction counts as 1; a value for each;
        None: 0.5, or with top_k none
    top_k: number of a sample's largest predictions that can count as 1, if above `thresholds`; None: all
    class_id: the only column that counts; None: all columns
    """

    _direction: str | None = "up"

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(dtype, name)
        self.top_k, self.class_id = top_k, class_id
        self.thresholds = list(thresholds) if isinstance(thresholds, (list, tuple, np.ndarray)) else [thresholds]
        if thresholds is None:
            self.thresholds = [0.5 if top_k is None else LOWEST]
        elif outside := [t for t in self.thresholds if t is None or not 0 <= t <= 1]:
            raise ValueError(f"Threshold values must be in [0, 1]. Received: {outside}")
        self._build((len(self.thresholds),))

    def update_state(self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None) -> None:
        """Accumulates labels 0 and 1 and predictions of one shape."""
        self._add(count(y_true, y_pred, self.thresholds, sample_weight, top_k=self.top_k, class_id=self.class_id))

    def result(self) -> Tensor:
        right, *wrong = self._sums()
        values = self._tensor(no_nan(right, right + wrong[0])) if wrong else Tensor(right)
        return values[0] if len(self.thresholds) == 1 else values


class Precision(_AtThresholds, counts=("true_positives", "false_positives")):
    """The share of ones among the predictions of 1: true positives / (true positives + false positives)."""


class Recall(_AtThresholds, counts=("true_positives", "false_negatives")):
    """The share of ones that are predicted 1: true positives / (true positives + false negatives)."""


class _Count(_AtThresholds):
    """One of the counts.

    thresholds: one or several in [0, 1], above which a prediction counts as 1; a count for each; None: 0.5
    dtype: the attribute alone, None for float32; the counts are float32, as in Keras
    """

    _direction = None

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: DTypeLike = None) -> None:
        super().__init__(thresholds, name=name, dtype=dtype)


class TruePositives(_Count, counts=("true_positives",)):
    """How many are predicted 1 and are 1."""


class FalsePositives(_Count, counts=("false_positives",)):
    """How many are predicted 1 and are 0."""


class TrueNegatives(_Count, counts=("true_negatives",)):
    """How many are predicted 0 and are 0."""


class FalseNegatives(_Count, counts=("false_negatives",)):
    """How many are predicted 0 and are 1."""
