"""What is measured: the rungs of each operation (LADDER, and training's kernels), its shapes and its inputs.

A new rung appears in every suite and table by itself. A new operation also needs its record in operations.py, and cases
here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

import kernels
from kernels.ladder import LADDER, Rung

from ..network import BATCH, CLASSES, EXAMPLES, HIDDEN, PIXELS
from .operations import OPERATIONS

TRAINING = ("relu_grad", "sum_rows", "softmax_cross_entropy", "sgd_update", "momentum_update", "adam_update")
RUNGS: dict[str, dict[str, Rung]] = LADDER | {
    name: {"parallel": Rung(getattr(kernels, name), "threads share out the result", loop="leaf:", threads=True)}
    for name in TRAINING  # they have no ladder
}
PRODUCTS = ("vector_dot", "matrix_vector_dot", "dot", "dense")
QUICK, MAIN, ALL = 1, 2, 3  # `pynn bench --quick`, `pynn bench`, `pynn bench --all` and `pytest bench`: each holds more


@dataclass(frozen=True)
class Case:
    """One operation at one size. `shapes` are those of the operands as the operation sees them."""

    operation: str
    shapes: tuple[tuple[int, ...], ...]
    transposed: str = ""  # the operands, of "xy", that are views of their transposes
    zeros: float = 0  # the share of x that is 0
    reuse: bool = False  # write into an array that exists (out=, where a rung has it) instead of a fresh one
    part: int = ALL  # the runs that it is in
    dtype: Literal["float32", "float64"] = "float32"

    @property
    def label(self) -> str:
        names = [
            f"({'x'.join(map(str, shape[::-1]))}).T" if axis in self.transposed else "x".join(map(str, shape))
            for axis, shape in zip("xywg", self.shapes, strict=False)
        ]
        if self.product:
            label = " · ".join(names[:2]) + "".join(f" + {name}" for name in names[2:])
        else:
            label = ", ".join(dict.fromkeys(names))  # equal shapes once
        label += f", {self.zeros:.0%} of x is 0" * bool(self.zeros) + ", out=" * self.reuse
        return label + ", float64" * (self.dtype == "float64")

    @property
    def title(self) -> str:
        return f"{self.operation} {self.label}"

    @property
    def product(self) -> bool:
        return self.operation in PRODUCTS

    @property
    def steps(self) -> int:
        """Turns of the naive version's innermost loop."""
        if self.product:
            return math.prod(self.shapes[0]) * math.prod(self.shapes[1][1:])
        return math.prod(self.shapes[0])

    def rungs(self) -> dict[str, Rung]:
        """Those that can compute it, and in about a second."""
        return {
            name: rung
            for name, rung in RUNGS[self.operation].items()
            if self.steps <= rung.most_steps and (rung.takes_out or not self.reuse)
        }

    def inputs(self) -> list:
        """The arguments: arrays, the same at every call, and for an update its scalars."""
        rng = np.random.default_rng(0)
        if self.operation == "softmax_cross_entropy":
            logits, labels = self.shapes
            return [rng.standard_normal(logits, np.float32), rng.integers(0, logits[1], labels)]
        arrays: list = []
        for axis, shape in zip("xywg", self.shapes, strict=False):
            turn = axis in self.transposed
            array = rng.standard_normal(shape[::-1] if turn else shape, np.dtype(self.dtype).type)
            arrays.append(array.T if turn else array)
        if self.zeros:
            arrays[0][rng.random(arrays[0].shape) < self.zeros] = 0
        if self.operation in ("rmsprop_update", "adam_update"):
            np.abs(arrays[-2], out=arrays[-2])  # v, the mean of squares
        return [*arrays, *OPERATIONS[self.operation].scalars]

    @property
    def size(self) -> int:
        """Its place on a sweep's axis: n of n x n matrices, or the elements of x."""
        return self.shapes[0][0] if self.operation == "dot" else math.prod(self.shapes[0])

    @property
    def result_shape(self) -> tuple[int, ...]:
        x, *rest = self.shapes
        if self.product:
            return (*x[:-1], *rest[0][1:])
        if self.operation == "sum_rows":
            return x[1:]
        return x if self.operation == "softmax_cross_entropy" else np.broadcast_shapes(*self.shapes)

    @property
    def flops(self) -> int:
        return self.steps * OPERATIONS[self.operation].flops

    def bytes(self) -> int:
        """Of the arrays that must be read and written at least once."""
        written = math.prod(self.result_shape) * max(1, OPERATIONS[self.operation].written)
        return np.dtype(self.dtype).itemsize * (sum(map(math.prod, self.shapes)) + written)


_POINTS = tuple((200_000, n) for n in (2, 3, 4, 8))  # clouds of points: many short rows
_LARGE = ((100, 100), (1000, 1000), (1000, 10_000))


def _elementwise(operation: str, operands: int) -> list[Case]:
    return [
        Case(operation, ((20, 100),) * operands, part=QUICK),
        *(Case(operation, (shape,) * operands, part=MAIN if shape == (1000, 1000) else ALL) for shape in _LARGE),
        Case(operation, (_LARGE[-1],) * operands, reuse=True),
    ]


CASES = [
    *_elementwise("relu", 1),
    *_elementwise("add", 2),
    Case("add_matrix_and_vector", ((32, 10), (10,)), part=MAIN),
    Case("add_matrix_and_vector", ((BATCH, HIDDEN), (HIDDEN,)), part=QUICK),
    Case("add_matrix_and_vector", ((1000, 1000), (1000,))),
    *(Case("add_matrix_and_vector", (points, points[1:])) for points in _POINTS),
    Case("maximum", ((64, 3, 32, 10), (32, 10)), part=QUICK),
    *(Case("maximum", (points, (points[0], 1))) for points in _POINTS),
    *_elementwise("maximum", 2),
    *_elementwise("add_relu", 2),  # of (20, 100): the chapter's experiment, loops against NumPy
    Case("vector_dot", ((32,),) * 2, part=MAIN),
    Case("vector_dot", ((10_000,),) * 2, part=QUICK),
    Case("vector_dot", ((1_000_000,),) * 2),
    Case("matrix_vector_dot", ((BATCH, PIXELS), (PIXELS,)), part=QUICK),
    Case("matrix_vector_dot", ((1000, 1000), (1000,)), part=MAIN),
    *(Case("matrix_vector_dot", (points, points[1:])) for points in _POINTS),
    Case("dot", ((64, 64),) * 2, part=QUICK),
    Case("dot", ((128, 128),) * 2),
    Case("dot", ((256, 256),) * 2),
    Case("dot", ((512, 512),) * 2, part=MAIN),
    Case("dot", ((1024, 1024),) * 2),
    *(Case("dot", ((n, n),) * 2, dtype="float64") for n in (64, 512, 1024)),
    *(Case("dot", ((EXAMPLES, PIXELS), (PIXELS, n))) for n in (HIDDEN, CLASSES)),  # all of MNIST: some seconds, 2 GB
    Case("dot", ((BATCH, PIXELS), (PIXELS, HIDDEN)), part=QUICK),  # MNIST: forward
    Case("dot", ((BATCH, HIDDEN), (HIDDEN, CLASSES)), part=MAIN),
    Case("dot", ((PIXELS, BATCH), (BATCH, HIDDEN)), transposed="x", part=MAIN),  # weights' gradients
    Case("dot", ((HIDDEN, BATCH), (BATCH, CLASSES)), transposed="x", part=MAIN),
    Case("dot", ((PIXELS, BATCH), (BATCH, HIDDEN)), transposed="x", zeros=0.81, part=MAIN),  # as MNIST's digits
    Case("dot", ((BATCH, CLASSES), (CLASSES, HIDDEN)), transposed="y", part=MAIN),  # the hidden layer's gradient
    Case("softmax", ((BATCH, CLASSES),), part=QUICK),
    Case("softmax", ((10_000, CLASSES),)),
    Case("softmax", ((1000, 1000),), part=MAIN),
    Case("dense", ((BATCH, PIXELS), (PIXELS, HIDDEN), (HIDDEN,)), part=MAIN),
    Case("dense", ((BATCH, PIXELS), (PIXELS, HIDDEN), (HIDDEN,)), zeros=0.81, part=QUICK),
    Case("dense", ((BATCH, HIDDEN), (HIDDEN, CLASSES), (CLASSES,)), part=MAIN),
    Case("relu_grad", ((BATCH, HIDDEN),) * 2),
    Case("relu_grad", ((1000, 1000),) * 2),
    Case("sum_rows", ((BATCH, HIDDEN),)),
    Case("sum_rows", ((BATCH, CLASSES),)),
    Case("softmax_cross_entropy", ((BATCH, CLASSES), (BATCH,))),
    Case("sgd_update", ((PIXELS, HIDDEN),) * 2),
    Case("momentum_update", ((PIXELS, HIDDEN),) * 3),
    Case("rmsprop_update", ((PIXELS, HIDDEN),) * 3, part=QUICK),
    Case("adam_update", ((PIXELS, HIDDEN),) * 4),
]

# By size: n x n products, and one pass over memory
SWEEPS = [
    *(Case("dot", ((n, n),) * 2, part=QUICK if n in (32, 128, 512) else MAIN) for n in (16 << i for i in range(8))),
    *(Case("add_relu", ((10**i // 10, 10),) * 2, part=QUICK if i <= 5 else MAIN) for i in range(2, 8)),
]
# By threads. Those of ALL take some GB
SCALING = [
    Case("dot", ((EXAMPLES, PIXELS), (PIXELS, HIDDEN))),
    Case("add", ((10_000, 10_000),) * 2),
    Case("dot", ((1024, 1024),) * 2, part=MAIN),
    Case("dense", ((BATCH, PIXELS), (PIXELS, HIDDEN), (HIDDEN,)), part=QUICK),
    Case("add_relu", ((1000, 1000),) * 2, part=QUICK),
    Case("softmax", ((1000, 1000),), part=MAIN),
    Case("rmsprop_update", ((PIXELS, HIDDEN),) * 3, part=MAIN),
]
