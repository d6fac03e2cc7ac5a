"""Running sums and products, each with its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..convert import operand
from ..dtypes import InvalidArgumentError
from ..tape import record
from ..tensor import Tensor
from ._chain import multiply_no_nan, quotient
from .layout import stack, unstack


def _scan(function: np.ufunc, x: Tensor, axis: int, exclusive: bool, reverse: bool) -> np.ndarray:
    """function over the elements up to each one; exclusive: before it; reverse: from the end."""
    a = x._array
    if not -a.ndim <= axis < a.ndim:
        raise InvalidArgumentError(f"axis {axis} is out of bounds for a tensor of {a.ndim} dimensions")
    a = np.flip(a, axis) if reverse else a
    value = function.accumulate(a, axis, dtype=a.dtype)
    if exclusive:
        edge = np.full_like(np.take(a, [0], axis), function.identity) if a.size else a
        value = np.concatenate([edge, np.delete(value, -1, axis)], axis) if a.size else a
    return np.ascontiguousarray(np.flip(value, axis)) if reverse else value


def cumsum(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    """x0, x0 + x1, ... along the axis; exclusive: 0, x0, ...; reverse: from the end."""
    x = operand(x)
    value = _scan(np.add, x, int(axis), exclusive, reverse)
    return record(value, (x,), lambda g: (lambda: cumsum(g, axis, exclusive, not reverse),))


def cumprod(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    """x0, x0 * x1, ... along the axis; exclusive: 1, x0, ...; reverse: from the end.

    The gradient is the derivative also where there are zeros: TensorFlow's is 0 by these.
    """
    x = operand(x)
    value = _scan(np.multiply, x, int(axis), exclusive, reverse)

    def gradient(g: Tensor) -> Tensor:
        if x._array.all():
            return quotient(cumsum(multiply_no_nan(out, g), axis, exclusive, not reverse), x)
        step = 1 if reverse else -1
        sums: list[Tensor] = []  # of g times the factors in between, from the other end
        total: Any = 0.0
        for factor, slope in list(zip(unstack(x, axis=axis), unstack(g, axis=axis), strict=True))[::step]:
            sums.append(slope * 0 + total if exclusive else slope + total)
            total = slope + factor * total if exclusive else factor * sums[-1]
        return multiply_no_nan(cumprod(x, axis, True, reverse), stack(sums[::step], axis))

    out = record(value, (x,), lambda g: (lambda: gradient(g),))
    return out
