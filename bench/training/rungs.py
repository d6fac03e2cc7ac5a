"""The epoch's ladder: the network's step with every operation from one rung, then with what fuses them; seconds per
epoch from a few steps.

pynn's fit is the rung above these: the same from layers, a tape, metrics and an optimizer, but relu's gradient is an
array of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from itertools import cycle
from typing import NamedTuple

import numpy as np

import kernels
from kernels.ladder import LADDER
from kernels.ladder import Rung as LadderRung

from ..measure.quiet import Neighbours, scattered, settle
from ..measure.workers import Reply
from ..network import Task
from .by_hand import Network, Operations, one_by_one

# The epoch is on the rung of dot, which takes most of its time -> the rung of the other operations there.
TABLE = {
    "naive": "naive", "lists": "lists", "rows": "lists", "ijp": "typed", "ipj": "typed", "simd": "simd",
    "tiled": "simd", "blocked": "simd", "packed": "simd", "parallel": "parallel", "sparse": "parallel",
}  # fmt: skip


class Change(NamedTuple):
    """A rung above those of dot."""

    idea: str  # what it changes, in one line
    operations: dict[str, Callable]  # in place of those of the rung below


ABOVE = {
    "dense": Change("a layer's bias and relu in the product's pass", {"dense": kernels.dense}),
    "cross_entropy": Change(
        "softmax, the loss and its gradient in one pass", {"softmax_cross_entropy": kernels.softmax_cross_entropy}
    ),
    "batches": Change(
        "a batch's rows, sums over it and relu's gradient by kernels",
        {"take_rows": kernels.take_rows, "sum_rows": kernels.sum_rows, "relu_grad": kernels.relu_grad},
    ),
    "accuracy": Change(
        "accuracy and the sum of the losses by kernels", {"top_matches": kernels.top_matches, "total": kernels.total}
    ),
    "one_update": Change("one update for all parameters", {"rmsprop_update": kernels.rmsprop_update}),
    "in_place": Change(
        "relu's gradient is written over the gradient it came from",
        {"relu_grad": lambda g, y: kernels.relu_grad(g, y, g)},
    ),
    "in_registers": Change(
        "the update computes the weights' gradients as it needs them: they are not stored",
        {"weight_gradient": lambda x, g: (x, g)},
    ),
}
OF_DOT = tuple(rung for rung in TABLE if rung in LADDER["dot"])
RUNGS = (*OF_DOT, *ABOVE)
# Loops of Python take half a minute for a step. So theirs has this part of the hidden layer; time grows with its size.
NARROW = 1 / 32
SLOT = 0.1  # seconds of steps in one turn


def record(rung: str) -> LadderRung:
    """That of its products."""
    return LADDER["dot"][OF_DOT[-1] if rung in ABOVE else rung]


def operations(rung: str) -> Operations:
    """Of this rung of the epoch's; where an operation has no such rung, of the nearest below."""
    if rung in ABOVE:
        return operations(RUNGS[RUNGS.index(rung) - 1])._replace(**ABOVE[rung].operations)
    names = list(TABLE.values())[: list(TABLE).index(rung) + 1]
    add, relu, softmax, rmsprop_update = (
        LADDER[operation][next(name for name in reversed(names) if name in LADDER[operation])].function
        for operation in ("add_matrix_and_vector", "relu", "softmax", "rmsprop_update")
    )

    def softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        p, rows = softmax(logits), np.arange(len(labels))
        losses = -np.log(p[rows, labels])
        p[rows, labels] -= 1
        return losses, p

    return Operations(LADDER["dot"][rung].function, add, relu, softmax_cross_entropy, one_by_one(rmsprop_update))


class Rung(Network):
    """Takes turns; the value of one is the seconds of an epoch, from the steps it has done."""

    once = 0.0

    def __init__(self, rung: str, task: Task, x: np.ndarray, labels: np.ndarray) -> None:
        inputs, hidden, classes = task.sizes
        of_dot, share = record(rung), 1.0
        if of_dot.most_steps < task.batch * inputs * hidden:
            narrow = max(1, int(hidden * NARROW))
            task, share = replace(task, sizes=(inputs, narrow, classes)), narrow / hidden
        super().__init__(task, operations(rung))
        self.use(x, labels)
        self.steps = len(x) / task.batch / share  # as many take the time of an epoch
        self.batches = cycle(self.rng.permutation(len(x))[: len(x) // task.batch * task.batch].reshape(-1, task.batch))
        self.threaded = of_dot.threads and kernels.get_num_threads() > 1

    def turn(self) -> Reply:
        neighbours, start, done, seconds = Neighbours(), time.perf_counter(), 0, 0.0
        with scattered() if self.threaded else nullcontext():
            while not done or seconds < SLOT:
                self.step(next(self.batches))
                done, seconds = done + 1, time.perf_counter() - start
        reply = Reply(seconds / done * self.steps, seconds, neighbours.share, neighbours.disturbed)
        if self.threaded:
            settle()
        return reply


def rungs(task: Task, x: np.ndarray, labels: np.ndarray) -> dict[str, Rung]:
    return {rung: Rung(rung, task, x, labels) for rung in RUNGS}
