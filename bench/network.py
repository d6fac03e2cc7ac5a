"""The network that is trained, 784-512-10 in batches of 128, and its data. Imports NumPy alone, so that
until_accurate may use it, which starts with nothing else."""

from __future__ import annotations

import numpy as np

BATCH, PIXELS, HIDDEN, CLASSES = 128, 784, 512, 10
SIZES = (PIXELS, HIDDEN, CLASSES)
EXAMPLES, NONZERO = 60_000, 0.19  # of MNIST


def random_data() -> tuple[np.ndarray, np.ndarray]:
    """As `prepared`, numbers of MNIST's size with as many zeros."""
    rng = np.random.default_rng(0)
    x = rng.random((EXAMPLES, PIXELS), np.float32)
    x *= rng.random(x.shape, np.float32) < NONZERO
    return x, rng.integers(0, CLASSES, EXAMPLES).astype(np.uint8)


def digits() -> list[np.ndarray]:
    """MNIST's training and test images and labels, in a row, uint8. OSError where no source answers."""
    from pynn.keras.datasets import mnist

    return [array for pair in mnist.load_data() for array in pair]


def prepared(images: np.ndarray) -> np.ndarray:
    """uint8 (m, 28, 28) -> float32 (m, 784), 0 to 1."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
