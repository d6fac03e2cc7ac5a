"""The epoch's ladder: the network's step with every operation from one rung, and seconds per epoch from a few steps.

pynn's fit is the rung above these: it fuses what they do one by one.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from itertools import cycle

import numpy as np

import kernels
from kernels.ladder import LADDER

from ..measure.quiet import Neighbours, scattered, settle
from ..measure.workers import Reply
from ..network import Task
from .by_hand import Network, Operations

# The epoch is on the rung of dot, which takes most of its time -> the rung of the other operations there.
TABLE = {
    "naive": "naive", "lists": "lists", "rows": "lists", "ijp": "typed", "ipj": "typed", "simd": "simd",
    "tiled": "simd", "blocked": "simd", "packed": "simd", "parallel": "parallel", "sparse": "parallel",
}  # fmt: skip
RUNGS = tuple(rung for rung in TABLE if rung in LADDER["dot"])
# Loops of Python take half a minute for a step. So theirs has this part of the hidden layer; time grows with its size.
NARROW = 1 / 32
SLOT = 0.1  # seconds of steps in one turn


def operations(rung: str) -> Operations:
    """Of this rung of the epoch's; where an operation has no such rung, of the nearest below."""
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

    return Operations(LADDER["dot"][rung].function, add, relu, softmax_cross_entropy, rmsprop_update)


class Rung(Network):
    """Takes turns; the value of one is the seconds of an epoch, from the steps it has done."""

    once = 0.0

    def __init__(self, rung: str, task: Task, x: np.ndarray, labels: np.ndarray) -> None:
        inputs, hidden, classes = task.sizes
        record, share = LADDER["dot"][rung], 1.0
        if record.most_steps < task.batch * inputs * hidden:
            narrow = max(1, int(hidden * NARROW))
            task, share = replace(task, sizes=(inputs, narrow, classes)), narrow / hidden
        super().__init__(task, operations(rung))
        self.use(x, labels)
        self.steps = len(x) / task.batch / share  # as many take the time of an epoch
        self.batches = cycle(self.rng.permutation(len(x))[: len(x) // task.batch * task.batch].reshape(-1, task.batch))
        self.threaded = record.threads and kernels.get_num_threads() > 1

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
