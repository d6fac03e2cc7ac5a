"""The network's step on one rung: every operation from the ladder, and seconds per epoch from a few steps.

784-512-10, relu, softmax and cross-entropy, RMSprop, accuracy, as in numpy_mlp. What has no ladder (a batch's rows,
sums over it, relu's gradient, the difference from the labels) NumPy does on every rung. pynn's fit is the rung above
these: it fuses what they do one by one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext

import numpy as np

import kernels
from kernels.ladder import LADDER

from ..measure.quiet import Neighbours, scattered, settle
from ..measure.workers import Reply
from .contestants import Task
from .numpy_mlp import EPSILON, RATE, RHO

# Of the epoch -> that of each operation other than dot
RUNGS = {
    "naive": "naive", "ijp": "typed", "ipj": "typed", "blocked": "simd", "parallel": "parallel", "sparse": "parallel",
}  # fmt: skip
# What naive loops compute of a step, which would take them half a minute: forward so many images, of the gradients of
# each layer's weights so many columns, each sum over the whole batch, and the update of the second layer. The time of
# each grows with their number.
NAIVE_ROWS, NAIVE_COLUMNS = 4, 4
SLOT = 0.1  # seconds of steps in one turn


def operation(name: str, rung: str) -> Callable:
    """The function of this operation on a rung of the epoch's."""
    return LADDER[name][rung if name == "dot" else RUNGS[rung]].function


class Rung:
    """Takes turns; the value of one is the seconds of an epoch, from the steps it has done."""

    once = 0.0

    def __init__(self, rung: str, task: Task, x: np.ndarray, labels: np.ndarray) -> None:
        names = ("dot", "add_matrix_and_vector", "relu", "softmax", "rmsprop_update")
        self.dot, self.add, self.relu, self.softmax, self.rmsprop = (operation(name, rung) for name in names)
        self.batch = task.batch
        self.threaded = LADDER["dot"][rung].threads and kernels.get_num_threads() > 1
        self.weights = task.weights()
        self.squares = [np.zeros_like(w) for w in self.weights]
        self.updates = -(-len(x) // task.batch) * sum(w.size for w in self.weights)  # of single weights, in an epoch
        self.x, self.labels, self.next = x, labels, 0
        self.order = np.random.default_rng(task.seed).permutation(len(x))
        self.right = 0

    def gradients(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, list[np.ndarray]]:
        """The mean loss, and its gradient by w1, b1, w2, b2."""
        loss, h, g, dh = self.forward(x, labels)
        return loss, [self.dot(x.T, dh), dh.sum(axis=0), self.dot(h.T, g), g.sum(axis=0)]

    def forward(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
        """The mean loss; the hidden layer; and the loss's gradient by what enters softmax, and relu."""
        w1, b1, w2, b2 = self.weights
        rows = np.arange(len(x))
        h = self.relu(self.add(self.dot(x, w1), b1))
        p = self.softmax(self.add(self.dot(h, w2), b2))
        loss = -np.log(p[rows, labels]).mean()
        self.right += np.count_nonzero(p.argmax(axis=1) == labels)
        p[rows, labels] -= 1
        g = p / np.float32(len(x))
        return loss, h, g, self.dot(g, w2.T) * (h > 0)

    def update(self, weights: list[np.ndarray], squares: list[np.ndarray], slopes: list[np.ndarray]) -> None:
        for w, v, g in zip(weights, squares, slopes, strict=True):
            self.rmsprop(w, v, g, RATE, RHO, EPSILON)

    def take(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """The next n images and labels."""
        if self.next + n > len(self.x):
            self.next = 0
        rows = self.order[self.next : self.next + n]
        self.next += n
        return self.x[rows], self.labels[rows]

    def step(self) -> tuple[float, float]:
        """Seconds of the gradients for each image, and of the update for each weight."""
        start = time.perf_counter()
        x, labels = self.take(self.batch)
        _, slopes = self.gradients(x, labels)
        middle = time.perf_counter()
        self.update(self.weights, self.squares, slopes)
        return (middle - start) / len(x), (time.perf_counter() - middle) / sum(g.size for g in slopes)

    def turn(self) -> Reply:
        neighbours, start, steps = Neighbours(), time.perf_counter(), []
        with scattered() if self.threaded else nullcontext():
            while not steps or time.perf_counter() - start < SLOT:
                steps.append(self.step())
        seconds = time.perf_counter() - start
        gradients, update = np.mean(steps, axis=0)
        epoch = gradients * len(self.x) + update * self.updates
        reply = Reply(epoch, seconds, neighbours.share, neighbours.disturbed)
        if self.threaded:
            settle()
        return reply


class Naive(Rung):
    """Parts of a step, whose times it scales."""

    def step(self) -> tuple[float, float]:
        clock, (batch, _) = time.perf_counter, self.take(self.batch)
        x, labels = self.take(NAIVE_ROWS)
        start = clock()
        _, h, g, dh = self.forward(x, labels)
        forward = (clock() - start) / len(x)
        slopes = 0.0
        for inputs, outputs in ((batch, dh), (np.resize(h, (len(batch), h.shape[1])), g)):
            # which numbers they are costs nothing
            some = np.resize(outputs, (len(batch), NAIVE_COLUMNS))
            start = clock()
            self.dot(inputs.T, some)
            slopes += (clock() - start) * outputs.shape[1] / NAIVE_COLUMNS
        second = np.resize(g, self.weights[2].shape)
        start = clock()
        self.update(self.weights[2:3], self.squares[2:3], [second])
        return forward + slopes / len(batch), (clock() - start) / second.size


def rungs(task: Task, x: np.ndarray, labels: np.ndarray) -> dict[str, Rung]:
    return {rung: (Naive if rung == "naive" else Rung)(rung, task, x, labels) for rung in RUNGS}
