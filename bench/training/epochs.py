"""Epochs of 784-512-10 on MNIST, and what small steps cost besides their arithmetic: contestants in turns.

The network has relu, softmax, RMSprop with Keras's defaults, batches of 128, shuffled, with the accuracy metric. Whole
libraries run in processes of their own, start from the same weights and must reach the same loss in the first epoch,
which is not timed. Small steps: a chain of additions with and without a tape, and fits of a network so small that
Python's calls, not the kernels, take the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise

import numpy as np

import kernels

from ..measure.progress import note, progress
from ..measure.turns import Remote, interleave
from ..measure.workers import Reply, Worker, WorkerFailed, started
from ..network import BATCH, SIZES, Task
from ..plan import Plan
from ..results.store import NUMPY, PEER, RUNG, Contestant, Measurement, Results
from ..results.store import replace as replaced
from . import additions
from .contestants import CONTESTANTS
from .rungs import RUNGS, record, rungs

# The largest relative difference of the first epoch's loss to pynn's. Each shuffles in its own order, which moves it by
# about 1% (measured on ten orders).
SAME_LOSS = 0.05
# Of an example: multiply-adds of two layers forward, of their weights' gradients, and of the second's input's.
FLOPS = 2 * (2 * SIZES[0] * SIZES[1] + 3 * SIZES[1] * SIZES[2])
WEIGHTS = sum(a * b for a, b in pairwise(SIZES))

SMALL, BATCHES, STEPS = (400, 25, 15, 10), (1, 32), 500
LARGE = 1024  # a batch
STEPPING = ("pynn", "PyTorch", "Keras")  # JAX would jit the loop, and NumPy by hand is written for another network
BUDGET = 5.0  # seconds of small steps' turns that other processes disturbed and that are repeated, per table


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


def epochs(plan: Plan, results: Results, x: np.ndarray, labels: np.ndarray) -> None:
    """Into `results`: the measurement, the curves, and the libraries' versions. Call it with the plan's threads set."""
    n, label = plan.threads, f"{results.data}, {'-'.join(map(str, SIZES))}"
    task, labels = Task(SIZES, "rmsprop", BATCH, n), labels.astype(np.int64)
    with started(plan.among(CONTESTANTS), n, task, notes=plan.notes) as workers:
        training = trainers(workers, x, labels, label, plan.notes)
        contestants = rungs(task, x, labels) | training
        progress(f"training: {plan.epochs} epochs in turns")
        times, others = interleave(contestants, plan.epochs, 10 * plan.budget)
        results.versions.update({name: workers[name].version for name in training})
    results.curves.update({name: trainer.curve for name, trainer in training.items()})
    moved = 4 * (x.size + 5 * WEIGHTS * -(-len(x) // BATCH))  # each step reads w, v and g and writes w and v
    found = _measurement(plan, "training", "training epoch", label, times, others)
    results.measurements.append(replaced(found, size=len(x), flops=FLOPS * len(x), bytes=moved))


def fits(plan: Plan, results: Results, x: np.ndarray, labels: np.ndarray) -> None:
    """Into `results`: pynn's epochs with each number of threads, in batches so large that there is something to share
    out."""
    label, each = f"{'-'.join(map(str, SIZES))}, batch {LARGE}", {}
    with ExitStack() as stack:
        for n in plan.counts:
            only, task = {"pynn": CONTESTANTS["pynn"]}, Task(SIZES, "rmsprop", LARGE, n)
            workers = stack.enter_context(started(only, n, task, notes=plan.notes))
            if found := trainers(workers, x, labels.astype(np.int64), label, plan.notes):
                each[n] = found["pynn"]
        progress(f"scaling: {plan.epochs} epochs in turns")
        times, others = interleave(each, plan.epochs, 10 * plan.budget) if each else ({}, 0.0)
    for n, seconds in times.items():
        m = _measurement(plan, "scaling", "fit", label, {"pynn": seconds}, others)
        mine = replaced(m.contestants["pynn"], threads=n)
        results.measurements.append(replaced(m, threads=n, contestants={"pynn": mine}))


def small_steps(plan: Plan, results: Results) -> None:
    """Into `results`: measurements of "addition" by how it is recorded, and of "training step" by batch, and versions;
    nothing of what pynn cannot."""
    n = plan.threads
    progress("small steps: additions")
    with started(plan.among(additions.CONTESTANTS), n, notes=plan.notes) as workers:
        chains = {name: Remote(worker, "turn") for name, worker in workers.items() if "pynn" in workers}
        times, others = _small(plan, results, workers, chains)
    for i, method in enumerate(additions.METHODS if chains else ()):
        each = {name: seconds[:, i] for name, seconds in times.items()}
        results.measurements.append(_measurement(plan, "steps", "addition", f"(2, 3) {method}", each, others))
    for batch in BATCHES:
        progress(f"small steps: batches of {batch}")
        rng, label = np.random.default_rng(0), f"{'-'.join(map(str, SMALL))}, batch {batch}"
        x, labels = rng.random((STEPS * batch, SMALL[0]), np.float32), rng.integers(0, SMALL[-1], STEPS * batch)
        stepping = plan.among({name: CONTESTANTS[name] for name in STEPPING})
        with started(stepping, n, Task(SMALL, "adam", batch, n), notes=plan.notes) as workers:
            training = trainers(workers, x, labels, label, plan.notes)
            times, others = _small(plan, results, workers, training)
        if training:
            each = {name: seconds / STEPS for name, seconds in times.items()}
            results.measurements.append(_measurement(plan, "steps", "training step", label, each, others))


def _small(
    plan: Plan, results: Results, workers: dict[str, Worker], contestants: Mapping[str, Remote]
) -> tuple[dict[str, np.ndarray], float]:
    """Their turns, as those of `interleave`; versions into `results`."""
    results.versions.update({name: workers[name].version for name in contestants})
    return interleave(contestants, plan.rounds, BUDGET) if contestants else ({}, 0.0)


def _measurement(
    plan: Plan, suite: str, operation: str, label: str, times: dict[str, np.ndarray], others: float
) -> Measurement:
    """What has no size, and counts no work."""
    n, isa, found = plan.threads, str(kernels.show_config()["instruction set"]), {}
    for name, seconds in times.items():
        if name in RUNGS:
            rung = record(name)
            found[name] = Contestant(
                name, RUNG, n if rung.threads else 1, seconds, instruction_set=rung.instruction_set
            )  # fmt: skip
        else:
            kind = {"pynn": RUNG, "NumPy": NUMPY}.get(name, PEER)
            found[name] = Contestant(name, kind, n, seconds, instruction_set=isa if name == "pynn" else "")
    return Measurement(suite, operation, label, 0, "float32", n, isa, 0, 0, others, found)
