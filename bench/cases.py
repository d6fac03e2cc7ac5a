"""What is measured: the rungs of each operation (LADDER, and training's kernels), its shapes and its inputs.

A new rung appears in every suite and table by itself (one without threads is best named in measure.SERIAL too, which
spares it a wait after each turn); a new operation also needs its entry in numpy_rungs.NUMPY and
accuracy.TOLERANCE, and cases here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from network import BATCH, CLASSES, HIDDEN, PIXELS

import kernels
from kernels.ladder import LADDER

RUNGS: dict[str, dict[str, Callable]] = {
    **LADDER,
    "relu_grad": {"parallel": kernels.relu_grad},
    "sum_rows": {"parallel": kernels.sum_rows},
    "softmax_cross_entropy": {"parallel": kernels.softmax_cross_entropy},
    "sgd_update": {"parallel": kernels.sgd_update},
    "momentum_update": {"parallel": kernels.momentum_update},
    "rmsprop_update": {"parallel": kernels.rmsprop_update},
    "adam_update": {"parallel": kernels.adam_update},
}
# More inner steps than these take longer than a second or so; other rungs run at every size.
MOST_STEPS = {"naive": 1_000_000, "ijp": 200_000_000}
# Keras's defaults: learning rate first; adam's last is the step
SCALARS = {
    "sgd_update": (0.01,),
    "momentum_update": (0.01, 0.9),
    "rmsprop_update": (0.001, 0.9, 1e-7),
    "adam_update": (0.001, 0.9, 0.999, 1e-7, 10),
}
PRODUCTS = ("vector_dot", "matrix_vector_dot", "dot", "dense")


@dataclass(frozen=True)
class Case:
    """One operation at one size. `shapes` are those of the operands as the operation sees them."""

    operation: str
    shapes: tuple[tuple[int, ...], ...]
    transposed: str = ""  # the operands, of "xy", that are views of their transposes
    zeros: float = 0  # the share of x that is 0
    reuse: bool = False  # write into an array that exists (out=, which naive lacks) instead of a fresh one
    readme: bool = False  # in the README's table

    @property
    def label(self) -> str:
        names = [
            f"({'x'.join(map(str, shape[::-1]))}).T" if axis in self.transposed else "x".join(map(str, shape))
            for axis, shape in zip("xywg", self.shapes, strict=False)
        ]
        if self.operation in PRODUCTS:
            label = " · ".join(names[:2]) + "".join(f" + {name}" for name in names[2:])
        else:
            label = ", ".join(dict.fromkeys(names))  # equal shapes once
        return label + f", {self.zeros:.0%} of x is 0" * bool(self.zeros) + ", out=" * self.reuse

    @property
    def steps(self) -> int:
        """Turns of the naive version's innermost loop."""
        if self.operation in PRODUCTS:
            return math.prod(self.shapes[0]) * math.prod(self.shapes[1][1:])
        return math.prod(self.shapes[0])

    def rungs(self) -> dict[str, Callable]:
        return {
            name: rung for name, rung in RUNGS[self.operation].items() if self.steps <= MOST_STEPS.get(name, self.steps)
        }

    def inputs(self) -> list:
        """The arguments: float32 arrays, the same at every call, and for an update its scalars."""
        rng = np.random.default_rng(0)
        if self.operation == "softmax_cross_entropy":
            logits, labels = self.shapes
            return [rng.standard_normal(logits, np.float32), rng.integers(0, logits[1], labels)]
        arrays: list = []
        for axis, shape in zip("xywg", self.shapes, strict=False):
            turn = axis in self.transposed
            array = rng.standard_normal(shape[::-1] if turn else shape, np.float32)
            arrays.append(array.T if turn else array)
        if self.zeros:
            arrays[0][rng.random(arrays[0].shape) < self.zeros] = 0
        if self.operation in ("rmsprop_update", "adam_update"):
            np.abs(arrays[-2], out=arrays[-2])  # v, the mean of squares
        return arrays + list(SCALARS.get(self.operation, ()))

    def rate(self, seconds: float) -> tuple[str, float]:
        """How fast: GFLOP/s of a product, else GB/s of the arrays that must be read and written."""
        if self.operation in PRODUCTS:
            return "GFLOP/s", 2e-9 * self.steps / seconds
        moved = [math.prod(shape) for shape in self.shapes]
        written = {"sgd_update": 1, "momentum_update": 2, "rmsprop_update": 2, "adam_update": 3}
        if self.operation == "sum_rows":
            moved.append(self.shapes[0][1])
        else:
            moved += [moved[0]] * written.get(self.operation, 1)
        return "GB/s", 4e-9 * sum(moved) / seconds


_LARGE = ((100, 100), (1000, 1000), (1000, 10_000))


def _elementwise(operation: str, operands: int) -> list[Case]:
    cases = [Case(operation, (shape,) * operands, readme=shape == (1000, 1000)) for shape in _LARGE]
    return [*cases, Case(operation, (_LARGE[-1],) * operands, reuse=True)]


CASES = [
    Case("add_relu", ((20, 100),) * 2, readme=True),  # the chapter's experiment: loops against NumPy
    *_elementwise("add_relu", 2),
    Case("relu", ((20, 100),), readme=True),
    *_elementwise("relu", 1),
    Case("add", ((20, 100),) * 2, readme=True),
    *_elementwise("add", 2),
    Case("add_matrix_and_vector", ((32, 10), (10,)), readme=True),
    Case("add_matrix_and_vector", ((BATCH, HIDDEN), (HIDDEN,))),
    Case("add_matrix_and_vector", ((1000, 1000), (1000,))),
    Case("maximum", ((64, 3, 32, 10), (32, 10)), readme=True),
    Case("maximum", ((20, 100),) * 2),
    *_elementwise("maximum", 2),
    Case("vector_dot", ((32,),) * 2, readme=True),
    Case("vector_dot", ((10_000,),) * 2),
    Case("vector_dot", ((1_000_000,),) * 2),
    Case("matrix_vector_dot", ((BATCH, PIXELS), (PIXELS,)), readme=True),
    Case("matrix_vector_dot", ((1000, 1000), (1000,))),
    Case("dot", ((64, 64),) * 2, readme=True),
    Case("dot", ((128, 128),) * 2),
    Case("dot", ((256, 256),) * 2),
    Case("dot", ((512, 512),) * 2, readme=True),
    Case("dot", ((1024, 1024),) * 2),
    Case("dot", ((BATCH, PIXELS), (PIXELS, HIDDEN)), readme=True),  # MNIST: forward
    Case("dot", ((BATCH, HIDDEN), (HIDDEN, CLASSES))),
    Case("dot", ((PIXELS, BATCH), (BATCH, HIDDEN)), transposed="x", readme=True),  # weights' gradients
    Case("dot", ((HIDDEN, BATCH), (BATCH, CLASSES)), transposed="x"),
    Case("dot", ((PIXELS, BATCH), (BATCH, HIDDEN)), transposed="x", zeros=0.81),
    Case("dot", ((BATCH, CLASSES), (CLASSES, HIDDEN)), transposed="y"),  # the hidden layer's gradient
    Case("softmax", ((BATCH, CLASSES),), readme=True),
    Case("softmax", ((10_000, CLASSES),)),
    Case("softmax", ((1000, 1000),)),
    Case("dense", ((BATCH, PIXELS), (PIXELS, HIDDEN), (HIDDEN,)), readme=True),
    Case("dense", ((BATCH, PIXELS), (PIXELS, HIDDEN), (HIDDEN,)), zeros=0.81, readme=True),  # as MNIST's digits
    Case("dense", ((BATCH, HIDDEN), (HIDDEN, CLASSES), (CLASSES,)), readme=True),
    Case("relu_grad", ((BATCH, HIDDEN),) * 2),
    Case("relu_grad", ((1000, 1000),) * 2),
    Case("sum_rows", ((BATCH, HIDDEN),)),
    Case("sum_rows", ((BATCH, CLASSES),)),
    Case("softmax_cross_entropy", ((BATCH, CLASSES), (BATCH,))),
    Case("sgd_update", ((PIXELS, HIDDEN),) * 2),
    Case("momentum_update", ((PIXELS, HIDDEN),) * 3),
    Case("rmsprop_update", ((PIXELS, HIDDEN),) * 3),
    Case("adam_update", ((PIXELS, HIDDEN),) * 4),
]
