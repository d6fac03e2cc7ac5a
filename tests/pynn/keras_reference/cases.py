"""Data and initial weights that Keras and pynn are both given, bit for bit. Imports NumPy alone.

Only draws and operations that IEEE arithmetic fixes are used (uniform draws, powers of two), so every
platform gets the same bits; `fingerprint` proves it.
"""

from __future__ import annotations

import hashlib

import numpy as np

SAMPLES, VALIDATION, FEATURES, CLASSES = 300, 90, 20, 5


def uniform(seed: int, *shape: int, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """float32 draws in [low, high); exact when low and high - low are powers of two or zero."""
    draws = np.random.default_rng(seed).random(shape, dtype=np.float32)
    return draws * np.float32(high - low) + np.float32(low)


def labelled(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """x (n, 20) float32 and learnable labels (n,) int64, noisy enough that no network gets them all."""
    x = uniform(seed, n, FEATURES)
    return x, (x[:, :CLASSES] + uniform(seed + 1, n, CLASSES) / 2).argmax(axis=1)


def one_hot(labels: np.ndarray) -> np.ndarray:
    return np.eye(CLASSES, dtype=np.float32)[labels]


TRAIN, VALID = labelled(10, SAMPLES), labelled(20, VALIDATION)


def initial_weights(shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """About Glorot's size for kernels; biases are not zero, so that a wrong order of them shows."""
    return [uniform(30 + i, *shape) / (2 if len(shape) > 1 else 8) for i, shape in enumerate(shapes)]


def to_numpy(value: object) -> np.ndarray:
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def fingerprint() -> str:
    """SHA-256 over all the data: differs where NumPy's stream of draws is not the reference's."""
    digest = hashlib.sha256()
    for array in (*TRAIN, *VALID, *initial_weights([(20, 16), (16,), (16, 5), (5,)])):
        kind = "<f4" if array.dtype.kind == "f" else "<i8"
        digest.update(np.ascontiguousarray(array.astype(kind)).tobytes())
    return digest.hexdigest()
