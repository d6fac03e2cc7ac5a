"""A chain of additions on a tiny tensor, with and without its record: what a tape costs. Each library in its process.

`bare` is the cheapest addition that the library has; `unrecorded`, the differentiable operation while nothing records;
`forward`, recorded; `backward`, the gradient of what `forward` has recorded, whose arithmetic is nothing, because an
addition hands its gradient on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ..measure.process import Library

LENGTH, SHAPE, REPEATS = 1000, (2, 3), 5
METHODS = ("bare", "unrecorded", "forward", "backward")


class _Chain:
    """Adds `one` to `start`, which is differentiable, and so on."""

    def __init__(self, version: str, start: Any, one: Any, add: Callable) -> None:
        self.version, self.start, self.one, self.add = version, start, one, add
        self.turn()  # what cannot is left out before anything is timed

    def chain(self, add: Callable) -> Any:
        x, one = self.start, self.one
        for _ in range(LENGTH):
            x = add(x, one)
        return x

    def unrecorded(self) -> None:
        self.chain(self.add)

    def turn(self) -> list[float]:
        """Seconds per addition by each of METHODS."""
        times = np.empty((REPEATS, len(METHODS)))
        for row in times:
            for i, method in enumerate(METHODS):
                start = time.perf_counter()
                getattr(self, method)()
                row[i] = time.perf_counter() - start
        return list(np.median(times, axis=0) / LENGTH)


class _Tape(_Chain):
    """pynn and TensorFlow."""

    def __init__(self, tf: Any, name: str) -> None:
        self.tf = tf
        super().__init__(f"{name} {tf.__version__}", tf.Variable(np.ones(SHAPE, np.float32)), tf.ones(SHAPE), tf.add)

    def forward(self) -> None:
        with self.tf.GradientTape() as self.tape:
            self.end = self.chain(self.add)

    def backward(self) -> None:
        if self.tape.gradient(self.end, self.start) is None:
            raise AssertionError("the chain was not recorded")


class Pynn(_Tape):
    def __init__(self, n: int) -> None:
        import kernels
        import pynn

        kernels.set_num_threads(n)
        self.kernel = kernels.add
        super().__init__(pynn, "pynn")

    def bare(self) -> None:
        x = one = np.ones(SHAPE, np.float32)
        add = self.kernel
        for _ in range(LENGTH):
            x = add(x, one)


class Tensorflow(_Tape):
    def __init__(self, n: int) -> None:
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(n)
        super().__init__(tensorflow, "TensorFlow")

    def bare(self) -> None:
        x, one, add = self.one, self.one, self.tf.raw_ops.AddV2
        for _ in range(LENGTH):
            x = add(x=x, y=one)  # it takes keywords alone


class Torch(_Chain):
    def __init__(self, n: int) -> None:
        import torch

        torch.set_num_threads(n)
        self.torch = torch
        version = f"PyTorch {torch.__version__}"
        super().__init__(version, torch.ones(SHAPE, requires_grad=True), torch.ones(SHAPE), torch.add)

    def bare(self) -> None:
        with self.torch.inference_mode():
            self.chain(self.add)

    def unrecorded(self) -> None:
        with self.torch.no_grad():
            self.chain(self.add)

    def forward(self) -> None:
        self.end = self.chain(self.add)

    def backward(self) -> None:
        self.torch.autograd.grad(self.end, self.start, self.one)


CONTESTANTS = {
    "pynn": Library("kernels", Pynn),
    "PyTorch": Library("torch", Torch),
    "TensorFlow": Library("tensorflow", Tensorflow, scattered=False),
}
