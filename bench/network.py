"""The network that is trained, 784-512-10 in batches of 128, and its data. Imports NumPy alone, as each library's
process has it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BATCH, PIXELS, HIDDEN, CLASSES = 128, 784, 512, 10
SIZES = (PIXELS, HIDDEN, CLASSES)
EXAMPLES, NONZERO = 60_000, 0.19  # of MNIST
RATE, RHO, EPSILON = 0.001, 0.9, 1e-7  # RMSprop's in Keras


@dataclass(frozen=True)
class Task:
    """A network of dense layers, relu inside and softmax at the end, and how it is trained."""

    sizes: tuple[int, ...]  # inputs, hidden units ..., classes
    optimizer: str  # "rmsprop" or "adam"
    batch: int
    threads: int
    seed: int = 0

    def weights(self) -> list[np.ndarray]:
        """w1 (d, h), b1 (h,), ...: Glorot's uniform, zeros; the same for everyone."""
        rng, found = np.random.default_rng(self.seed), []
        for n_in, n_out in zip(self.sizes, self.sizes[1:], strict=False):
            limit = (6 / (n_in + n_out)) ** 0.5
            found += [rng.uniform(-limit, limit, (n_in, n_out)).astype(np.float32), np.zeros(n_out, np.float32)]
        return found


def random_data(examples: int = EXAMPLES) -> tuple[np.ndarray, np.ndarray]:
    """As `prepared`, numbers of MNIST's size with as many zeros."""
    rng = np.random.default_rng(0)
    x = rng.random((examples, PIXELS), np.float32)
    x *= rng.random(x.shape, np.float32) < NONZERO
    return x, rng.integers(0, CLASSES, examples).astype(np.uint8)


def digits() -> list[np.ndarray]:
    """MNIST's training and test images and labels, in a row, uint8. OSError where no source answers."""
    from pynn.keras.datasets import mnist

    return [array for pair in mnist.load_data() for array in pair]


def prepared(images: np.ndarray) -> np.ndarray:
    """uint8 (m, 28, 28) -> float32 (m, 784), 0 to 1."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
