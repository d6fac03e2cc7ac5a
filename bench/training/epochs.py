"""Epochs of 784-512-10 on MNIST: the ladder's rungs, pynn's fit, NumPy by hand and other libraries, in turns.

relu, softmax, RMSprop with Keras's defaults, batches of 128, shuffled, with the accuracy metric. Whole libraries run in
processes of their own, start from the same weights and must reach the same loss in the first epoch, which is not timed.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

import kernels
from kernels.ladder import LADDER

from ..measure.progress import note, progress
from ..measure.turns import Remote, interleave
from ..measure.workers import Reply, Worker, WorkerFailed, started
from ..network import BATCH, SIZES, Task
from ..plan import Plan
from ..results.store import NUMPY, PEER, RUNG, Contestant, Measurement
from .contestants import CONTESTANTS
from .rungs import RUNGS, rungs

# The largest relative difference of the first epoch's loss to pynn's. Each shuffles in its own order, which moves it by
# about 1% (measured on ten orders).
SAME_LOSS = 0.05
# Of an example: multiply-adds of two layers forward, of their weights' gradients, and of the second's input's.
FLOPS = 2 * (2 * SIZES[0] * SIZES[1] + 3 * SIZES[1] * SIZES[2])
WEIGHTS = sum(a * b for a, b in pairwise(SIZES))


class Trainer(Remote):
    """A turn is an epoch, and its value the epoch's seconds. Keeps its curve: seconds trained, mean loss and accuracy
    after each epoch, of which the first is not timed."""

    def __init__(self, worker: Worker, x: np.ndarray, labels: np.ndarray) -> None:
        super().__init__(worker, "epoch")
        self.curve: list[list[float]] = []
        worker.call("use", x, labels)
        self._keep(worker.call("epoch"))

    def _keep(self, reply: Reply) -> None:
        trained = self.curve[-1][0] if self.curve else 0.0
        self.curve.append([trained + reply.seconds, *reply.value])

    def turn(self) -> Reply:
        reply = super().turn()
        self._keep(reply)
        return replace(reply, value=reply.seconds)


def trainers(
    workers: dict[str, Worker], x: np.ndarray, labels: np.ndarray, what: str, notes: list[str]
) -> dict[str, Trainer]:
    """Those that train, and as pynn does, after their first epoch: none without pynn. `notes` gets the others."""
    found: dict[str, Trainer] = {}
    for name, worker in workers.items():
        progress(f"{what}: the first epoch of {name}")
        try:
            found[name] = Trainer(worker, x, labels)
        except WorkerFailed as error:
            note(notes, f"Does not train: {error}.")
    if "pynn" not in found:
        note(notes, f"{what}: without pynn there is nothing to compare with.")
        return {}
    losses = {name: trainer.curve[0][1] for name, trainer in found.items()}
    for name, loss in losses.items():
        if not abs(loss / losses["pynn"] - 1) < SAME_LOSS:  # NaN, too
            note(notes, f"{name} is not the same training, {what}: its first loss is {loss:.4f}.")
            del found[name]
    return found


def epochs(
    plan: Plan, x: np.ndarray, labels: np.ndarray, data: str
) -> tuple[Measurement, dict[str, list[list[float]]], dict[str, str]]:
    """The measurement (call it with the plan's threads set), the curves, and the libraries' versions."""
    n, label, isa = plan.threads, f"{data}, {'-'.join(map(str, SIZES))}", str(kernels.show_config()["instruction set"])
    task, labels = Task(SIZES, "rmsprop", BATCH, n), labels.astype(np.int64)
    with started(plan.among(CONTESTANTS), n, task, notes=plan.notes) as workers:
        training = trainers(workers, x, labels, label, plan.notes)
        contestants = rungs(task, x, labels) | training
        progress(f"training: {plan.epochs} epochs in turns")
        times, others = interleave(contestants, plan.epochs, 10 * plan.budget)
        versions = {name: workers[name].version for name in training}
    found = {}
    for name, seconds in times.items():
        if name in RUNGS:
            rung = LADDER["dot"][name]
            kind, used, compiled_for = RUNG, n if rung.threads else 1, rung.instruction_set
        else:
            kind, used = {"pynn": RUNG, "NumPy": NUMPY}.get(name, PEER), n
            compiled_for = isa if name == "pynn" else ""
        found[name] = Contestant(name, kind, used, seconds, instruction_set=compiled_for)
    moved = 4 * (x.size + 5 * WEIGHTS * -(-len(x) // BATCH))  # each step reads w, v and g and writes w and v
    measurement = Measurement(
        "training", "training epoch", label, len(x), "float32", n, isa, FLOPS * len(x), moved, others, found
    )
    return measurement, {name: trainer.curve for name, trainer in training.items()}, versions
