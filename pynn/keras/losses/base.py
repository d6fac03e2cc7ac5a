"""Loss: computes one value per sample, weights them, and reduces them to a scalar."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np

from ... import ops
from ...engine import replicas
from ...engine.convert import as_array, convert_to_tensor, holds_tensors
from ...engine.dtypes import as_dtype
from ...engine.tensor import Operators, Tensor
from ...engine.typing import DTypeLike, TensorLike
from .. import config
from ..common.configuration import Configured
from ..common.names import auto_name, function_name
from ..common.of_function import OfFunction

Values = TypeVar("Values", Tensor, np.ndarray)
EPSILON = 1e-7  # Keras's distance of clipped probabilities from 0 and 1
REDUCTIONS = ("sum_over_batch_size", "sum", None, "none", "mean", "mean_with_sample_weight")
_of_labels: set[Callable[..., Any]] = set()


class Reduction:
    """The names that TensorFlow 2 had for reductions."""

    AUTO, NONE, SUM, SUM_OVER_BATCH_SIZE = "auto", "none", "sum", "sum_over_batch_size"


def of_labels(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A decorator of functions whose y_true are integers: losses of these do not cast them to floats."""
    _of_labels.add(function)
    return function


def predictions(y_pred: TensorLike) -> Tensor:
    """y_pred as a float tensor."""
    y_pred = convert_to_tensor(y_pred)
    return y_pred if y_pred._array.dtype.kind == "f" else ops.cast(y_pred, np.float32)


def like(y: TensorLike, y_pred: Tensor) -> Tensor:
    """y as a Tensor of y_pred's dtype."""
    return cast(y, y_pred._array.dtype)


def cast(y: TensorLike, dtype: np.dtype) -> Tensor:
    """y as a Tensor of the dtype; a Tensor of this dtype is returned itself."""
    if type(y) is Tensor and y._array.dtype == dtype:
        return y  # a softmax's output knows its logits, a copy would not
    return ops.cast(y, dtype) if isinstance(y, Operators) or holds_tensors(y) else Tensor(as_array(y, dtype))


def same_rank(x: Values, y: Values) -> tuple[Values, Values]:
    """Tensors or arrays; (n,) against (n, 1): the missing axis of size 1 is added, as in Keras.

    Where the shorter has more axes, (n, m) against (n, m, 1), the axis of size 1 is dropped.
    """
    if x.ndim == y.ndim - 1 and y.shape[-1] == 1:
        return (x[..., None], y) if x.ndim == 1 else (x, y[..., 0])
    if y.ndim == x.ndim - 1 and x.shape[-1] == 1:
        return (x, y[..., None]) if y.ndim == 1 else (x[..., 0], y)
    return x, y


def pair(y_true: TensorLike, y_pred: TensorLike) -> tuple[Tensor, Tensor]:
    """Both as float tensors of y_pred's dtype and of the same rank."""
    y_pred = predictions(y_pred)
    return same_rank(like(y_true, y_pred), y_pred)


class Loss(Configured):
    """Calls `call(y_true, y_pred)`, both of `dtype`, for one value per sample, then weights and reduces them.

    "sum_over_batch_size" and "mean" divide the sum by the number of samples, "mean_with_sample_weight" by the sum of
    their weights.

    name: of the loss; None: after the class
    reduction: "sum_over_batch_size" or "mean", "sum", "mean_with_sample_weight", None or "none": one value per sample
    dtype: to compute in; None: keras.config.floatx()
    """

    _module = "keras.losses"
    _takes_labels = False  # True: y_true are integers, which are not cast

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: DTypeLike = None
    ) -> None:
        if reduction not in REDUCTIONS:
            raise ValueError(
                f"Invalid value for argument `reduction`. Expected one of {REDUCTIONS}. "
                f"Received: reduction={reduction!r}"
            )
        self.name, self.reduction = name or auto_name(type(self)), reduction
        self._dtype = as_dtype(dtype or config.floatx()).dtype

    @property
    def dtype(self) -> str:
        """The name of the type that the loss is computed in."""
        return self._dtype.name

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """One value per sample; a subclass writes it."""
        raise NotImplementedError

    def __call__(self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None) -> Tensor:
        """The reduced loss; sample_weight multiplies the values, broadcast to them."""
        dtype, weight = self._dtype, None
        if type(y_pred) is not Tensor or y_pred._array.dtype != dtype:
            y_pred = cast(y_pred, dtype)
        values = self.call(y_true if self._takes_labels else cast(y_true, dtype), y_pred)
        if type(values) is not Tensor or values._array.dtype != dtype:
            values = cast(values, dtype)
        if sample_weight is not None:
            values, weight = same_rank(values, cast(sample_weight, self._dtype))
            values = ops.multiply(values, weight)
        if self.reduction in ("none", None) or not values._array.ndim:
            return values
        ranks = replicas.active  # whose losses are weighted by their shares of the batch
        if self.reduction == "sum":
            total = ops.reduce_sum(values)
            return total / ranks.share if ranks else total
        if self.reduction == "mean_with_sample_weight" and weight is not None:
            weights = ops.reduce_sum(weight)
            if ranks:
                weights = Tensor(ranks.sum([weights._array])[0]) * ranks.share
            return ops.divide_no_nan(ops.reduce_sum(values), weights)
        return ops.reduce_mean(values)


class LossFunctionWrapper(Loss):
    """A loss of a function (y_true, y_pred) -> one value per sample; it gets both with the same number of axes.

    fn: function (y_true, y_pred, **options) -> one value per sample
    name: of the loss; None: after the function
    options: more arguments of fn
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: DTypeLike = None,
        **options: Any,
    ) -> None:
        super().__init__(name or function_name(fn), reduction, dtype)
        self.fn = partial(fn, **options) if options else fn
        self._takes_labels = getattr(fn, "func", fn) in _of_labels  # func: a partial's function

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        if not self._takes_labels:
            y_true, y_pred = same_rank(y_true, y_pred)
        values = self.fn(y_true, y_pred)
        return values if type(values) is Tensor else convert_to_tensor(values)


class FunctionLoss(OfFunction, LossFunctionWrapper, order=(..., "reduction", "name", "dtype")):
    """A loss of a function that the class declares."""
