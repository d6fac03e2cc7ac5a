"""Running sums and products, each with its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.convert import operand, to_axis
from ..engine.tape import record
from ..engine.tensor import Tensor
from ._chain import multiply_no_nan
from .arithmetic import divide_no_nan


def _scan(function: np.ufunc, x: Tensor, axis: int, exclusive: bool, reverse: bool) -> np.ndarray:
    """function over the elements up to each one; exclusive: before it; reverse: from the end."""
    a = x._array
    axis = to_axis(axis, a.ndim)
    a = np.flip(a, axis) if reverse else a
    value = function.accumulate(a, axis, dtype=a.dtype)
    if exclusive:
        edge = np.full_like(np.take(a, [0], axis), function.identity) if a.size else a
        value = np.concatenate([edge, np.delete(value, -1, axis)], axis) if a.size else a
    return np.ascontiguousarray(np.flip(value, axis)) if reverse else value


def cumsum(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    """x0, x0 + x1, ... along the axis; exclusive: 0, x0, ...; reverse: from the end."""
    x = operand(x)
    value = _scan(np.add, x, axis, exclusive, reverse)
    return record(value, (x,), lambda g: (lambda: cumsum(g, axis, exclusive, not reverse),))


def cumprod(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    """x0, x0 * x1, ... along the axis; exclusive: 1, x0, ...; reverse: from the end.

    At a 0 the gradient is 0, as in TensorFlow, which is not the derivative there (reduce_prod has the derivative).
    """
    x = operand(x)
    value = _scan(np.multiply, x, axis, exclusive, reverse)

    def gradient(g: Tensor) -> Tensor:
        return divide_no_nan(cumsum(multiply_no_nan(out, g), axis, exclusive, not reverse), x)

    out = record(value, (x,), lambda g: (lambda: gradient(g),))
    return out
