"""Running means and sums, and the means of functions (y_true, y_pred) -> one value per sample."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import kernels

from ...engine import replicas
from ...engine.convert import as_array
from ...engine.tensor import Tensor
from ...engine.typing import DTypeLike, TensorLike
from ..common.names import function_name
from ..common.of_function import OfFunction
from ..common.registry import OURS
from ..losses import Loss
from ..losses.base import same_rank
from .base import Metric


class Mean(Metric):
    """The mean over the samples of all batches, weighted by `sample_weight`; 0 before the first.

    Its state, the numbers `total` and `count`, is kept in double precision.
    """

    total: float
    count: float
    _summed = "total", "count"

    def __init__(self, name: str | None = "mean", dtype: DTypeLike = None) -> None:
        super().__init__(dtype, name)
        self.total = self.count = 0.0

    def reset_state(self) -> None:
        self.total = self.count = 0.0

    @property
    def variables(self) -> list[Any]:
        """The state, `total` and `count`, as tensors, then the variables that a subclass added."""
        return [self._tensor(self.total), self._tensor(self.count), *super().variables]

    def update_state(self, values: TensorLike, sample_weight: TensorLike | None = None) -> None:
        """Accumulates a number, or the values (n, ...) of n samples, with weights of as many axes or fewer.

        A sample's value is its mean over all axes but the first; so is its weight.
        """
        x = values._array if type(values) is Tensor else as_array(values)
        if x.dtype.char not in "fd":  # their sums overflow
            x = x.astype(np.float64)
        if sample_weight is None:
            # a number is that of this rank's part of the batch
            rows = len(x) if x.ndim else replicas.active.share if replicas.active else 1
            if not rows:
                return
            self.count += rows
        else:
            x, weight = same_rank(x, as_array(sample_weight))
            x = x.mean(tuple(range(weight.ndim, x.ndim)))  # over the axes that the weights do not have
            weight = np.broadcast_to(weight, x.shape)
            x = x * weight
            rows = len(x) if x.ndim else 1
            self.count += float(weight.sum()) * rows / max(weight.size, 1)
        self.total += kernels.total(x) * rows / max(x.size, 1)

    def result(self) -> Tensor:
        return Tensor(np.asarray(self.total / self.count if self.count else 0.0, self._dtype))


class Sum(Metric):
    """The sum of all values, times their weights."""

    def __init__(self, name: str | None = "sum", dtype: DTypeLike = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_weight(initializer="zeros", dtype=self._dtype, name="total")

    def update_state(self, values: TensorLike, sample_weight: TensorLike | None = None) -> None:
        """Accumulates a number or an array, with weights of as many axes or fewer."""
        x = self._numbers(values)
        if sample_weight is not None:
            x, weight = same_rank(x, self._numbers(sample_weight))
            x = x.sum(tuple(range(weight.ndim, x.ndim))) * weight
        self.total.assign_add(x.sum())

    def result(self) -> Tensor:
        return self.total.value


class MeanMetricWrapper(Mean):
    """The mean of a function (y_true, y_pred, **options) -> one value per sample.

    fn: function (y_true, y_pred, **options) -> one value per sample
    options: more arguments of fn
    """

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: DTypeLike = None, **options: Any
    ) -> None:
        super().__init__(name, dtype)
        self._fn = partial(fn, **options) if options else fn
        if isinstance(fn, Loss) or fn is OURS.get(("keras.losses", function_name(fn) or "")):
            self._direction = "down"

    def update_state(self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None) -> None:  # type: ignore[override]
        """Accumulates the labels and predictions of a batch."""
        super().update_state(self._fn(y_true, y_pred), sample_weight)


class FunctionMetric(OfFunction, MeanMetricWrapper, order=("name", "dtype", ...)):
    """The mean of a function that the class declares."""
