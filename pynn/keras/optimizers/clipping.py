"""Gradients made smaller: by the norm of each, by the norm of all, or entry by entry."""

from __future__ import annotations

import numpy as np

Arrays = list[np.ndarray]


def clipped(grads: Arrays, norm: float | None, global_norm: float | None, value: float | None) -> Arrays:
    """By the one of the limits that is given."""
    if norm:
        return clip_by_norm(grads, norm)
    return clip_by_global_norm(grads, global_norm) if global_norm else clip_by_value(grads, value or np.inf)


def clip_by_norm(grads: Arrays, clip_norm: float) -> Arrays:
    """Each g * clip_norm / max(norm(g), clip_norm)"""
    return [g * clip_norm / max(np.sqrt(np.square(g).sum()), g.dtype.type(clip_norm)) for g in grads]


def clip_by_global_norm(grads: Arrays, clip_norm: float) -> Arrays:
    """Each g * clip_norm / max(n, clip_norm), where n is the norm of all as one vector; NaN if n is infinite."""
    norm = np.sqrt(sum(np.square(g).sum() for g in grads))
    scale = clip_norm / np.maximum(norm, clip_norm) if np.isfinite(norm) else np.nan
    return [g * g.dtype.type(scale) for g in grads]


def clip_by_value(grads: Arrays, clip_value: float) -> Arrays:
    """Each entry in [-clip_value, clip_value]."""
    return [np.clip(g, -clip_value, clip_value) for g in grads]
