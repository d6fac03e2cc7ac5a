"""A chain of additions on a tiny tensor, with and without its record: what a tape costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..measure.process import Library

LENGTH, SHAPE, REPEATS = 1000, (2, 3), 5
# While nothing records; recorded; and the gradient of what was recorded, whose arithmetic is nothing, because an
# addition hands its gradient on.
METHODS = ("unrecorded", "forward", "backward")


class Additions:
    """`methods` does one of METHODS after the other, and yields after each."""

    def __init__(self, version: str, methods: Callable[[], Iterator]) -> None:
        self.version, self.methods = version, methods
        self.turn()  # who cannot is left out before anything is timed

    def turn(self) -> list[float]:
        """Seconds per addition by each of METHODS."""
        times = np.empty((REPEATS, len(METHODS)))
        for row in times:
            start = time.perf_counter()
            for i, _ in enumerate(self.methods()):
                end = time.perf_counter()
                row[i], start = end - start, end
        return list(np.median(times, axis=0) / LENGTH)


def chain(add: Callable, x: Any, one: Any) -> Any:
    for _ in range(LENGTH):
        x = add(x, one)
    return x


def taped(name: str, tf: Any) -> Additions:
    """pynn's and TensorFlow's."""
    start, one = tf.Variable(np.ones(SHAPE, np.float32)), tf.ones(SHAPE)

    def methods() -> Iterator:
        yield chain(tf.add, start, one)
        with tf.GradientTape() as tape:
            end = chain(tf.add, start, one)
        yield
        yield tape.gradient(end, start)

    return Additions(f"{name} {tf.__version__}", methods)


def pynn() -> Additions:
    import pynn as tf

    return taped("pynn", tf)


def tensorflow() -> Additions:
    import tensorflow as tf

    return taped("TensorFlow", tf)


def torch() -> Additions:
    import torch

    start, one = torch.ones(SHAPE, requires_grad=True), torch.ones(SHAPE)

    def methods() -> Iterator:
        with torch.no_grad():
            chain(torch.add, start, one)
        yield
        end = chain(torch.add, start, one)
        yield
        yield torch.autograd.grad(end, start, one)

    return Additions(f"PyTorch {torch.__version__}", methods)


CONTESTANTS = {
    "pynn": Library("kernels", pynn),
    "PyTorch": Library("torch", torch),
    "TensorFlow": Library("tensorflow", tensorflow, scattered=False),
}
