"""The random numbers of a program: one seeded generator of NumPy."""

from __future__ import annotations

import numpy as np

_shared = np.random.default_rng()


def set_seed(seed: int) -> None:
    """Seeds the shared generator: random values, initial weights, shuffling and dropout repeat from here on."""
    global _shared
    _shared = np.random.default_rng(seed)


def generator(seed: int | None = None) -> np.random.Generator:
    """The shared generator; with a seed, a new one."""
    return _shared if seed is None else np.random.default_rng(seed)
