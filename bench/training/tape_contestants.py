"""A chain of additions on a tiny tensor, with and without its record: what a tape costs. One class per process.

`bare` is the cheapest addition that the library has; `unrecorded`, the differentiable operation while nothing records;
`forward`, recorded; `backward`, the gradient of what `forward` has recorded, whose arithmetic is nothing, because an
addition hands its gradient on.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from ..measure.workers import Library

LENGTH, SHAPE, REPEATS = 1000, (2, 3), 5
METHODS = ("bare", "unrecorded", "forward", "backward")


class _Chain:
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
    """pynn and TensorFlow: all but the import."""

    def __init__(self, tf: Any) -> None:
        self.tf = tf
        self.start, self.one = tf.Variable(np.ones(SHAPE, np.float32)), tf.ones(SHAPE)

    def unrecorded(self) -> None:
        x, one, add = self.start, self.one, self.tf.add
        for _ in range(LENGTH):
            x = add(x, one)

    def forward(self) -> None:
        x, one, add = self.start, self.one, self.tf.add
        with self.tf.GradientTape() as self.tape:
            for _ in range(LENGTH):
                x = add(x, one)
        self.end = x

    def backward(self) -> None:
        if self.tape.gradient(self.end, self.start) is None:
            raise AssertionError("the chain was not recorded")


class Pynn(_Tape):
    def __init__(self, n: int) -> None:
        import kernels
        import pynn

        kernels.set_num_threads(n)
        self.kernel, self.version = kernels.add, f"pynn {pynn.__version__}"
        super().__init__(pynn)

    def bare(self) -> None:
        x = one = np.ones(SHAPE, np.float32)
        add = self.kernel
        for _ in range(LENGTH):
            x = add(x, one)


class Tensorflow(_Tape):
    def __init__(self, n: int) -> None:
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(n)
        self.version = f"TensorFlow {tensorflow.__version__}"
        super().__init__(tensorflow)

    def bare(self) -> None:
        x, one, add = self.one, self.one, self.tf.raw_ops.AddV2
        for _ in range(LENGTH):
            x = add(x=x, y=one)


class Torch(_Chain):
    def __init__(self, n: int) -> None:
        import torch

        torch.set_num_threads(n)
        self.torch, self.version = torch, f"PyTorch {torch.__version__}"
        self.start, self.one = torch.ones(SHAPE, requires_grad=True), torch.ones(SHAPE)

    def forward(self) -> None:
        x, one, add = self.start, self.one, self.torch.add
        for _ in range(LENGTH):
            x = add(x, one)
        self.end = x

    def bare(self) -> None:
        with self.torch.inference_mode():
            self.forward()

    def unrecorded(self) -> None:
        with self.torch.no_grad():
            self.forward()

    def backward(self) -> None:
        self.torch.autograd.grad(self.end, self.start, self.one)


CONTESTANTS = {
    "pynn": Library("kernels", "training.tape_contestants:Pynn"),
    "PyTorch": Library("torch", "training.tape_contestants:Torch"),
    "TensorFlow": Library("tensorflow", "training.tape_contestants:Tensorflow", scattered=False),
}
