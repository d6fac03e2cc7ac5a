"""The largest and the smallest over some axes, and where they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.call import run
from ..engine.convert import operand, to_axis
from ..engine.dtypes import as_dtype
from ..engine.errors import InvalidArgumentError
from ..engine.tape import record
from ..engine.tensor import Tensor
from ..engine.typing import DTypeLike, TensorLike
from ._chain import masked, quotient
from .arithmetic import broadcast_to
from .layout import reshape
from .reduce import keepdims_shape, numbers


def reduce_max(input_tensor: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The largest; where several are, they share the gradient equally."""
    return _extreme(np.max, input_tensor, axis, keepdims)


def reduce_min(input_tensor: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The smallest; where several are, they share the gradient equally."""
    return _extreme(np.min, input_tensor, axis, keepdims)


def _extreme(function: Callable[..., Any], x: TensorLike, axis: Any, keepdims: bool) -> Tensor:
    x, a, axes = numbers(x, axis)

    def share(g: Tensor) -> Tensor:
        top = out._array.reshape(keepdims_shape(a, axes))
        best = (a == top) | (top != top)  # where NaN came out, NaN goes to all
        count = np.where(top == top, best.sum(axes, a.dtype, keepdims=True), top)
        part = quotient(reshape(g, keepdims_shape(a, axes)), Tensor(count))
        return masked(broadcast_to(part, a.shape), best, (x,))

    start = {} if a.size else {"initial": _worst(a.dtype, function is np.max)}  # the extreme of no elements
    value = run(lambda a: function(a, axis=axes, keepdims=keepdims, **start), a)
    out = record(value, (x,), lambda g: (lambda: share(g),))
    return out


def _worst(dtype: np.dtype, largest: bool) -> Any:
    if dtype.kind == "f":
        return -np.inf if largest else np.inf
    return np.iinfo(dtype).min if largest else np.iinfo(dtype).max


def argmax(input: TensorLike, axis: int | None = None, output_type: DTypeLike = np.int64) -> Tensor:
    """The index of the largest along the axis (the first by default), the first of equals; NaN counts as -inf."""
    return _index_of(input, axis, True, output_type)


def argmin(input: TensorLike, axis: int | None = None, output_type: DTypeLike = np.int64) -> Tensor:
    """The index of the smallest along the axis (the first by default), the first of equals; NaN counts as inf."""
    return _index_of(input, axis, False, output_type)


def _index_of(x: TensorLike, axis: int | None, largest: bool, output_type: DTypeLike) -> Tensor:
    target = as_dtype(output_type)
    if not target.is_integer:
        raise InvalidArgumentError(f"output_type is an integer type, got {target.name}")
    a = operand(x)._array
    return Tensor(np.asarray(run(extreme, a, to_axis(0 if axis is None else axis, a.ndim), largest), target.dtype))


def extreme(a: np.ndarray, axis: int = -1, largest: bool = True) -> Any:
    """argmax, or argmin, in which a NaN counts as -inf, or inf (NumPy's return the index of the first NaN)."""
    # in every step of training: of finite numbers the sum is one, but where it overflows
    if a.dtype.kind == "f" and not math.isfinite(np.add.reduce(a, None)):
        a = np.where(a == a, a, _worst(a.dtype, largest))
    return a.argmax(axis) if largest else a.argmin(axis)


def has_nan(a: np.ndarray) -> bool:
    """Whether there is a NaN: then, and only then, the sum of squares is one. It takes less time than isnan."""
    return a.dtype.kind == "f" and (total := np.vdot(a, a)) != total
