"""Operations that only move or repeat elements: NumPy does it, and `pick` knows the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.convert import as_array, operand, to_shape
from ..engine.dtypes import InvalidArgumentError
from ..engine.tensor import Tensor
from ._pick import pick
from .arithmetic import cast, where
from .index import _scatter


def tile(input: Any, multiples: Any) -> Tensor:
    """x repeated multiples[i] times along axis i."""
    x, times = operand(input), as_array(multiples)
    if times.shape != (x._array.ndim,):
        raise InvalidArgumentError(f"tile needs a number of repeats for each axis of {x.shape}, got {multiples!r}")
    return pick(x, lambda a: np.tile(a, to_shape(times)))


def repeat(input: Any, repeats: Any, axis: int | None = None) -> Tensor:
    """Each element along the axis `repeats` times (one number, or one for each); no axis: of x laid out flat."""
    counts = as_array(repeats)
    return pick(operand(input), lambda a: np.repeat(a, counts, axis))


def reverse(tensor: Any, axis: Any) -> Tensor:
    """x with the order of the elements reversed along the axes, a list."""
    x, axes = operand(tensor), as_array(axis)
    if axes.ndim != 1 or any(not -x._array.ndim <= i < x._array.ndim for i in axes):
        raise InvalidArgumentError(f"reverse needs a list of axes of a tensor of shape {x.shape}, got {axis!r}")
    return pick(x, lambda a: np.flip(a, to_shape(axes)))


def roll(input: Any, shift: Any, axis: Any) -> Tensor:
    """x moved `shift` places along the axis; what falls off comes back at the other end. Lists: several axes."""
    return pick(operand(input), lambda a: np.roll(a, to_shape(shift), to_shape(axis)))


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0) -> Tensor:
    """x with paddings[i] = (before, after) elements more along axis i.

    mode: "CONSTANT" (constant_values), "REFLECT" (mirrored without the edge) or "SYMMETRIC" (with it).
    """
    x, widths = operand(tensor), as_array(paddings)
    if widths.shape != (x._array.ndim, 2):
        raise InvalidArgumentError(f"paddings must be {x._array.ndim} pairs (before, after), got {paddings!r}")
    mode = mode.upper()
    if mode == "CONSTANT":
        outside = np.pad(np.zeros(x._array.shape, bool), widths, constant_values=True)
        inner = tuple(slice(b, b + n) for (b, _), n in zip(widths.tolist(), x._array.shape, strict=True))
        return where(outside, cast(constant_values, x._array.dtype), _scatter(x, inner, outside.shape))
    if mode not in ("REFLECT", "SYMMETRIC"):
        raise ValueError(f"mode is 'CONSTANT', 'REFLECT' or 'SYMMETRIC', got {mode!r}")
    most = np.array(x._array.shape) - (mode == "REFLECT")
    if (widths > most[:, None]).any():
        raise InvalidArgumentError(f"paddings {paddings!r} are larger than a mirror of shape {x.shape} gives")
    return pick(x, lambda a: np.pad(a, widths, mode.lower()))  # type: ignore[call-overload]
