"""Epochs of 784-512-10 on MNIST: the ladder's rungs, pynn's fit, NumPy by hand and other libraries, in turns.

relu, softmax, RMSprop with Keras's defaults, batches of 128, shuffled, with the accuracy metric. Whole libraries run in
processes of their own, start from the same weights and must reach the same loss in the first epoch, which is not timed.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

import kernels

from ..measure.cases import instruction_set
from ..measure.turns import interleave
from ..measure.workers import Contestant, Reply, Worker, WorkerFailed, note, progress, started
from ..network import BATCH, SIZES
from ..results.store import NUMPY, PEER, RUNG, Measurement, Player
from .contestants import CONTESTANTS, Task
from .rungs import RUNGS, SERIAL, Rung

# The largest relative difference of the first epoch's loss to pynn's. Each shuffles in its own order, which moves it by
# about 1% (measured on ten orders).
SAME_LOSS = 0.05
FIT = "fit"  # pynn's name among the rungs
# Of an example: multiply-adds of two layers forward, of their weights' gradients, and of the second's input's.
FLOPS = 2 * (2 * SIZES[0] * SIZES[1] + 3 * SIZES[1] * SIZES[2])


class Trainer:
    """A library's worker as a player; keeps its curve: seconds trained, mean loss and accuracy after each epoch."""

    once = 1.0

    def __init__(self, worker: Worker, x: np.ndarray, labels: np.ndarray) -> None:
        self.worker, self.curve = worker, []
        worker.call("use", x, labels)
        self._keep(worker.call("epoch"))

    def _keep(self, reply: Reply) -> None:
        trained = self.curve[-1][0] if self.curve else 0.0
        self.curve.append([trained + reply.seconds, *reply.value])

    def turn(self) -> Reply:
        reply = self.worker.turn("epoch")
        self._keep(reply)
        return Reply(reply.seconds, reply.seconds, reply.share, reply.disturbed)


def libraries(peers: list[str]) -> dict[str, Contestant]:
    return {name: c for name, c in CONTESTANTS.items() if name in ("pynn", "NumPy", *peers)}


def epochs(
    x: np.ndarray,
    labels: np.ndarray,
    label: str,
    peers: list[str],
    n: int,
    rounds: int,
    patience: float,
    notes: list[str],
) -> tuple[Measurement, dict[str, list[list[float]]], dict[str, str]]:
    """The measurement (call it with n threads set), the curves, and the libraries' versions."""
    task, labels = Task(SIZES, "rmsprop", BATCH, n), labels.astype(np.int64)
    with started(libraries(peers), n, task, notes=notes) as workers:
        trainers: dict[str, Trainer] = {}
        for name, worker in workers.items():
            progress(f"training: the first epoch of {name}")
            try:
                trainers[name] = Trainer(worker, x, labels)
            except WorkerFailed as error:
                note(notes, f"Does not train: {error}.")
        players = {rung: Rung(rung, task, x, labels) for rung in RUNGS} | trainers
        for name in [name for name, trainer in trainers.items() if _differs(trainer, trainers["pynn"])]:
            note(notes, f"{name} is not the same training: its first loss is {trainers[name].curve[0][1]:.4f}.")
            del players[name]
        progress(f"training: {rounds} epochs in turns")
        times, others = interleave(players, rounds, patience, slow=np.inf)
        versions = {name: workers[name].version for name in trainers}
    named = {FIT if name == "pynn" else name: seconds for name, seconds in times.items()}
    found = {
        name: Player(name, _kind(name), 1 if name in SERIAL else n, seconds, instruction_set=_isa(name))
        for name, seconds in named.items()
    }  # fmt: skip
    isa = str(kernels.show_config()["instruction set"])
    weights = sum(a * b for a, b in pairwise(SIZES))
    moved = 4 * (x.size + 5 * weights * -(-len(x) // BATCH))  # each step reads w, v and g and writes w and v
    measurement = Measurement(
        "training", "training epoch", f"{label}, {'-'.join(map(str, SIZES))}", len(x), "float32", n, isa,
        FLOPS * len(x), moved, others, found,
    )  # fmt: skip
    return measurement, {name: trainer.curve for name, trainer in trainers.items() if name in players}, versions


def _differs(trainer: Trainer, base: Trainer) -> bool:
    return not abs(trainer.curve[0][1] / base.curve[0][1] - 1) < SAME_LOSS


def _isa(name: str) -> str:
    return instruction_set(name) if _kind(name) == RUNG else ""


def _kind(name: str) -> str:
    return RUNG if name in (*RUNGS, FIT) else NUMPY if name == "NumPy" else PEER
