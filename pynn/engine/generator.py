"""The random numbers of a program: one seeded generator of NumPy."""

from __future__ import annotations

import numpy as np

_shared = np.random.default_rng()


def set_seed(seed: int) -> None:
    """Everything random after this repeats: values, initial weights, shuffling, dropout."""
    global _shared
    _shared = np.random.default_rng(seed)


def generator(seed: int | None = None) -> np.random.Generator:
    """The shared generator, or a new one from a seed of its own."""
    return _shared if seed is None else np.random.default_rng(seed)
