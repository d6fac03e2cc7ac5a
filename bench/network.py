"""The network that is trained, 784-512-10 in batches of 128, and its data. Imports no library that is measured."""

from __future__ import annotations

import sys

import numpy as np

BATCH, PIXELS, HIDDEN, CLASSES = 128, 784, 512, 10
SIZES = (PIXELS, HIDDEN, CLASSES)
EXAMPLES, NONZERO = 60_000, 0.19  # of MNIST


def data(random: bool) -> tuple[np.ndarray, np.ndarray]:
    """x (60000, 784) float32 from 0 to 1, labels (60000,): MNIST, or numbers of its size with as many zeros."""
    if not random:
        from pynn.keras.datasets import mnist

        try:
            (x, labels), _ = mnist.load_data()
        except OSError as error:
            sys.exit(f"{error}\nwith --random it measures on random data of MNIST's shape")
        return x.reshape(len(x), -1).astype(np.float32) / 255, labels
    rng = np.random.default_rng(0)
    x = rng.random((EXAMPLES, PIXELS), np.float32)
    x *= rng.random(x.shape, np.float32) < NONZERO
    return x, rng.integers(0, CLASSES, EXAMPLES).astype(np.uint8)
