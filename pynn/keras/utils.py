"""Seeds, and labels as one-hot rows."""

from __future__ import annotations

import random as python_random
from typing import Any

import numpy as np

from .. import random
from ..convert import as_array


def set_random_seed(seed: int) -> None:
    """Seeds Python's, NumPy's and this package's random numbers: the same program gives the same bits."""
    if not isinstance(seed, (int, np.integer)):
        raise ValueError(f"Expected `seed` argument to be an integer, got {seed!r}")
    seed = int(seed)
    python_random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  users' own draws from NumPy's global generator repeat too
    random.set_seed(seed)


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """One-hot rows (..., n) of integer labels (...) or (..., 1), float64 as in Keras.

    n is num_classes, by default the largest label + 1; ValueError for labels outside of it.
    """
    labels = as_array(x)
    if labels.size and not np.array_equal(labels, labels.astype(np.int64)):
        raise ValueError("to_categorical needs integer labels")
    labels = labels.astype(np.int64)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    n = int(labels.max()) + 1 if num_classes is None else num_classes
    if labels.size and (labels.min() < 0 or labels.max() >= n):
        raise ValueError(f"Labels from {labels.min()} to {labels.max()} do not fit num_classes={n}")
    return (labels[..., None] == np.arange(n)).astype(np.float64)
