"""Counts of right and wrong yes-or-no predictions at thresholds, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ... import ops
from ...engine.convert import as_array
from ...engine.tensor import Tensor
from ..losses._loss import EPSILON, same_rank
from ._metric import Metric, no_nan

LOWEST = -1e10  # below every prediction: what is not among the top k


class Counts(NamedTuple):
    """Sums of weights, one per threshold (and label): of true and false positives and negatives."""

    true_positives: np.ndarray
    false_positives: np.ndarray
    true_negatives: np.ndarray
    false_negatives: np.ndarray


def count(
    y_true: Any,
    y_pred: Any,
    thresholds: Sequence[float],
    sample_weight: Any = None,
    *,
    top_k: int | None = None,
    class_id: int | None = None,
    by_label: bool = False,
    label_weights: Any = None,
) -> Counts:
    """What a batch adds to each count: (thresholds,), or by_label of y (n, labels) -> (thresholds, labels).

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
    return Counts(*(c if by_label else c[:, 0] for c in counts))


def _above(y_pred: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    """Whether each prediction is above each threshold.

    Of thresholds evenly spread over 0 ... 1, Keras computes the number below each prediction in float32; where
    rounding tells, that is not the same as comparing, so it is done here, too.
    """
    n = len(thresholds)
    if n < 3 or not np.allclose(thresholds, np.arange(n, dtype=np.float32) / (n - 1), atol=EPSILON):
        return y_pred > np.asarray(thresholds, np.float32)[:, None, None]
    last = np.ceil(np.clip(y_pred, 0, 1) * np.float32(n - 1)) - 1
    if thresholds[0] < 0 or thresholds[-1] > 1:
        last = np.maximum(last, 0)
    return last >= np.arange(n)[:, None, None]


def _top(y_pred: np.ndarray, k: int) -> np.ndarray:
    """The k largest of each row, of equal ones the first; the others are LOWEST."""
    top = ops.top_k(y_pred, k).indices._array
    kept = np.full_like(y_pred, LOWEST)
    np.put_along_axis(kept, top, np.take_along_axis(y_pred, top, -1), -1)
    return kept


def _thresholds(given: Any, default: float) -> list[float]:
    thresholds = list(given) if isinstance(given, (list, tuple, np.ndarray)) else [default if given is None else given]
    outside = [t for t in thresholds if t is None or not 0 <= t <= 1]
    if given is not None and outside:
        raise ValueError(f"Threshold values must be in [0, 1]. Received: {outside}")
    return thresholds


class _Count(Metric):
    """One of the counts, a scalar for one threshold (0.5 by default), else (thresholds,)."""

    _counted: str

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.thresholds = _thresholds(thresholds, 0.5)
        self.accumulator = self.add_weight((len(self.thresholds),), "zeros", name="accumulator")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Takes in labels 0 and 1 and predictions of one shape."""
        self.accumulator.assign_add(getattr(count(y_true, y_pred, self.thresholds, sample_weight), self._counted))

    def result(self) -> Tensor:
        return self.accumulator[0] if len(self.thresholds) == 1 else self.accumulator.value


class TruePositives(_Count):
    """How many are predicted 1 and are 1.

    thresholds: one or several in [0, 1], above which a prediction counts as 1; a count for each; None: 0.5
    dtype: kept as the attribute, None as float32; the counts are float32, as in Keras
    """

    _counted = "true_positives"


class FalsePositives(_Count):
    """How many are predicted 1 and are 0.

    thresholds: one or several in [0, 1], above which a prediction counts as 1; a count for each; None: 0.5
    dtype: kept as the attribute, None as float32; the counts are float32, as in Keras
    """

    _counted = "false_positives"


class TrueNegatives(_Count):
    """How many are predicted 0 and are 0.

    thresholds: one or several in [0, 1], above which a prediction counts as 1; a count for each; None: 0.5
    dtype: kept as the attribute, None as float32; the counts are float32, as in Keras
    """

    _counted = "true_negatives"


class FalseNegatives(_Count):
    """How many are predicted 0 and are 1.

    thresholds: one or several in [0, 1], above which a prediction counts as 1; a count for each; None: 0.5
    dtype: kept as the attribute, None as float32; the counts are float32, as in Keras
    """

    _counted = "false_negatives"


class _Share(Metric):
    """true positives / (true positives + `_missed`), 0 where there are none; a scalar for one threshold."""

    _direction = "up"
    _missed: str

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        self.top_k, self.class_id = top_k, class_id
        self.thresholds = _thresholds(thresholds, 0.5 if top_k is None else LOWEST)
        self.true_positives = self.add_weight((len(self.thresholds),), "zeros", name="true_positives")
        setattr(self, self._missed, self.add_weight((len(self.thresholds),), "zeros", name=self._missed))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Takes in labels 0 and 1 and predictions of one shape."""
        counts = count(y_true, y_pred, self.thresholds, sample_weight, top_k=self.top_k, class_id=self.class_id)
        self.true_positives.assign_add(counts.true_positives)
        getattr(self, self._missed).assign_add(getattr(counts, self._missed))

    def result(self) -> Tensor:
        right = self.true_positives.numpy()
        share = no_nan(right, right + getattr(self, self._missed).numpy())
        return self._tensor(share[0] if len(self.thresholds) == 1 else share)


class Precision(_Share):
    """The share of what is predicted 1 that is 1: true positives / (true positives + false positives).

    thresholds: one or several in [0, 1], above which a prediction counts as 1; a value for each;
        None: 0.5, or with top_k none
    top_k: how many of a sample's largest predictions count as 1 (of these, what is above a threshold given); None: any
    class_id: column that counts alone; None: all columns
    """

    _missed = "false_positives"


class Recall(_Share):
    """The share of what is 1 that is predicted 1: true positives / (true positives + false negatives).

    thresholds: one or several in [0, 1], above which a prediction counts as 1; a value for each;
        None: 0.5, or with top_k none
    top_k: how many of a sample's largest predictions count as 1 (of these, what is above a threshold given); None: any
    class_id: column that counts alone; None: all columns
    """

    _missed = "false_negatives"
