"""Limits on values and on norms."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.convert import operand, pair
from ..engine.tensor import Tensor
from ._call import floats
from .arithmetic import maximum, minimum, root, square
from .reduce import reduce_sum


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any) -> Tensor:
    """max(min(x, clip_value_max), clip_value_min)"""
    return maximum(minimum(t, clip_value_max), clip_value_min)


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None) -> Tensor:
    """x * clip_norm / norm where the 2-norm over the axes (None: all) is above clip_norm, else x."""
    x = operand(t)
    return x * clip_norm / maximum(root(reduce_sum(square(x), axes, keepdims=True)), clip_norm)


def global_norm(t_list: Any) -> Tensor:
    """The 2-norm of all tensors together; None among them counts for nothing."""
    return root(floats(sum(reduce_sum(square(operand(t))) for t in t_list if t is not None), "global_norm"))


def clip_by_global_norm(t_list: Any, clip_norm: Any, use_norm: Any = None) -> tuple[list[Tensor | None], Tensor]:
    """(the tensors, each times clip_norm / norm where their norm is above clip_norm; the norm).

    use_norm: their norm, where it is known. An infinite norm gives NaN.
    """
    if isinstance(t_list, Tensor) or not hasattr(t_list, "__iter__"):
        raise TypeError(f"clip_by_global_norm needs a list of tensors, got {t_list!r}")
    norm = global_norm(t_list) if use_norm is None else operand(use_norm)
    norm, limit = pair(norm, clip_norm)
    scale = limit * minimum(1 / norm, 1 / limit)
    if not np.isfinite(norm._array).all():
        scale = scale * np.nan
    return [None if t is None else operand(t) * scale for t in t_list], norm
