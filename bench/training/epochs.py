"""Epochs of 784-512-10 on MNIST: the ladder's rungs, pynn's fit, NumPy by hand and other libraries, in turns.

relu, softmax, RMSprop with Keras's defaults, batches of 128, shuffled, with the accuracy metric. Whole libraries run in
processes of their own, start from the same weights and must reach the same loss in the first epoch, which is not timed.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

import kernels
from kernels.ladder import LADDER

from ..measure.progress import progress
from ..measure.turns import interleave
from ..measure.workers import started
from ..network import BATCH, SIZES
from ..plan import Plan
from ..results.store import NUMPY, PEER, RUNG, Contestant, Measurement
from .contestants import CONTESTANTS, Task
from .rungs import RUNGS, rungs
from .trainers import trainers

# Of an example: multiply-adds of two layers forward, of their weights' gradients, and of the second's input's.
FLOPS = 2 * (2 * SIZES[0] * SIZES[1] + 3 * SIZES[1] * SIZES[2])


def epochs(
    plan: Plan, x: np.ndarray, labels: np.ndarray, data: str
) -> tuple[Measurement, dict[str, list[list[float]]], dict[str, str]]:
    """The measurement (call it with the plan's threads set), the curves, and the libraries' versions."""
    n, label = plan.threads, f"{data}, {'-'.join(map(str, SIZES))}"
    task, labels = Task(SIZES, "rmsprop", BATCH, n), labels.astype(np.int64)
    with started(plan.among(CONTESTANTS), n, task, notes=plan.notes) as workers:
        training = trainers(workers, x, labels, label, plan.notes)
        contestants = rungs(task, x, labels) | training
        progress(f"training: {plan.epochs} epochs in turns")
        times, others = interleave(contestants, plan.epochs, 10 * plan.budget)
        versions = {name: workers[name].version for name in training}
    isa = str(kernels.show_config()["instruction set"])
    found = {
        name: Contestant(
            name,
            _kind(name),
            n if name not in RUNGS or LADDER["dot"][name].threads else 1,
            seconds,
            instruction_set=LADDER["dot"][name].instruction_set if name in RUNGS else isa * (name == "pynn"),
        )
        for name, seconds in times.items()
    }
    weights = sum(a * b for a, b in pairwise(SIZES))
    moved = 4 * (x.size + 5 * weights * -(-len(x) // BATCH))  # each step reads w, v and g and writes w and v
    measurement = Measurement(
        "training", "training epoch", label, len(x), "float32", n, isa, FLOPS * len(x), moved, others, found
    )  # fmt: skip
    return measurement, {name: trainer.curve for name, trainer in training.items()}, versions


def _kind(name: str) -> str:
    return RUNG if name in (*RUNGS, "pynn") else NUMPY if name == "NumPy" else PEER
