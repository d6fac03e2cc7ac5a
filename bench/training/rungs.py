"""The network's step on one rung: every operation from the ladder, and seconds per epoch from a few steps.

784-512-10, relu, softmax and cross-entropy, RMSprop, accuracy, as in numpy_mlp. What has no ladder (a batch's rows,
sums over it, relu's gradient, the difference from the labels) NumPy does on every rung. pynn's fit is the rung above
these: it fuses what they do one by one.
"""

from __future__ import annotations

import time
from contextlib import nullcontext

import numpy as np

import kernels
from kernels.ladder import LADDER

from ..measure.cases import SERIAL
from ..measure.quiet import Neighbours, scattered, settle
from ..measure.workers import Reply
from ..network import BATCH
from .contestants import EPSILON, RATE, RHO, Task

RUNGS = ("naive", "ijp", "ipj", "blocked", "parallel", "sparse")
ORDER = ("naive", "typed", "ijp", "ipj", "simd", "blocked", "parallel", "sparse")
NAIVE_ROWS = 2  # whole batches would take naive loops a quarter of a minute
SLOT = 0.1  # seconds of steps in one turn


def operation(name: str, rung: str) -> object:
    """The highest rung of this operation that is not above `rung`."""
    rungs = LADDER[name]
    return rungs[max((r for r in rungs if ORDER.index(r) <= ORDER.index(rung)), key=ORDER.index)]


class Rung:
    """A player for turns.interleave; `value` of its turns is the seconds of an epoch, from the steps it has done."""

    once = 1.0

    def __init__(self, rung: str, task: Task, x: np.ndarray, labels: np.ndarray) -> None:
        names = ("dot", "add_matrix_and_vector", "relu", "softmax", "rmsprop_update")
        self.dot, self.add, self.relu, self.softmax, self.rmsprop = (operation(name, rung) for name in names)
        self.rows = NAIVE_ROWS if rung == "naive" else task.batch
        self.threaded = rung not in SERIAL and kernels.get_num_threads() > 1
        self.weights = task.weights()
        self.squares = [np.zeros_like(w) for w in self.weights]
        self.x, self.labels, self.next = x, labels, 0
        self.order = np.random.default_rng(task.seed).permutation(len(x))
        self.right = 0

    def gradients(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, list[np.ndarray]]:
        """The mean loss, and its gradient by w1, b1, w2, b2."""
        w1, b1, w2, b2 = self.weights
        rows = np.arange(len(x))
        h = self.relu(self.add(self.dot(x, w1), b1))
        p = self.softmax(self.add(self.dot(h, w2), b2))
        loss = -np.log(p[rows, labels]).mean()
        self.right += np.count_nonzero(p.argmax(axis=1) == labels)
        p[rows, labels] -= 1
        g = p / np.float32(len(x))
        dh = self.dot(g, w2.T) * (h > 0)
        return loss, [self.dot(x.T, dh), dh.sum(axis=0), self.dot(h.T, g), g.sum(axis=0)]

    def update(self, slopes: list[np.ndarray]) -> None:
        for w, v, g in zip(self.weights, self.squares, slopes, strict=True):
            self.rmsprop(w, v, g, RATE, RHO, EPSILON)

    def step(self) -> tuple[float, float]:
        """Seconds of the gradients and of the update, on the next rows."""
        if self.next + self.rows > len(self.x):
            self.next = 0
        rows = self.order[self.next : self.next + self.rows]
        self.next += self.rows
        start = time.perf_counter()
        _, slopes = self.gradients(self.x[rows], self.labels[rows])
        middle = time.perf_counter()
        self.update(slopes)
        return middle - start, time.perf_counter() - middle

    def turn(self) -> Reply:
        neighbours, start, steps = Neighbours(), time.perf_counter(), []
        with scattered() if self.threaded else nullcontext():
            while not steps or time.perf_counter() - start < SLOT:
                steps.append(self.step())
        seconds = time.perf_counter() - start
        gradients, update = np.mean(steps, axis=0)
        epoch = gradients * len(self.x) / self.rows + update * -(-len(self.x) // BATCH)
        reply = Reply(epoch, seconds, neighbours.share, neighbours.disturb)
        if self.threaded:
            settle()
        return reply
