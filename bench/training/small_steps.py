"""What a small step costs besides its arithmetic: a chain of additions with and without a tape, and fits of a network
so small that Python's calls, not the kernels, take the time.
"""

from __future__ import annotations

import numpy as np

import kernels

from ..measure.workers import Contestant, WorkerFailed, note, progress, started, take_turns
from ..results.store import PEER, RUNG, Measurement, Player
from . import tape_contestants
from .contestants import CONTESTANTS, Task
from .epochs import SAME_LOSS

SIZES, BATCHES, STEPS = (400, 25, 15, 10), (1, 32), 500
STEPPING = ("pynn", "PyTorch", "Keras")  # JAX would jit the loop, and NumPy by hand is written for another network
PATIENCE = 5.0  # seconds of turns that other processes disturbed and that are repeated, per table


def small_steps(peers: list[str], n: int, rounds: int, notes: list[str]) -> tuple[list[Measurement], dict[str, str]]:
    """Measurements of "addition" by how it is recorded, and of "training step" by batch; and the versions."""
    found, versions = tape(peers, n, rounds, notes)
    for batch in BATCHES:
        progress(f"small steps: batches of {batch}")
        measured, more = steps(batch, peers, n, rounds, notes)
        found, versions = [*found, measured], {**versions, **more}
    return found, versions


def _among(contestants: dict[str, Contestant], peers: list[str], *ours: str) -> dict[str, Contestant]:
    return {name: contestant for name, contestant in contestants.items() if name in (*ours, *peers)}


def _measurement(operation: str, label: str, n: int, others: float, times: dict[str, np.ndarray]) -> Measurement:
    players = {name: Player(name, RUNG if name == "pynn" else PEER, n, seconds) for name, seconds in times.items()}
    isa = str(kernels.show_config()["instruction set"])
    return Measurement("steps", operation, label, 0, "float32", n, isa, 0, 0, others, players)


def tape(peers: list[str], n: int, rounds: int, notes: list[str]) -> tuple[list[Measurement], dict[str, str]]:
    """A chain of additions of (2, 3) tensors: the cheapest call, unrecorded, recorded, and the gradient."""
    progress("small steps: additions")
    with started(_among(tape_contestants.CONTESTANTS, peers, "pynn"), n, n, notes=notes) as workers:
        for worker in workers.values():
            worker.call("turn")
        replies, others = take_turns(workers, "turn", rounds, PATIENCE)
        versions = {name: worker.version for name, worker in workers.items()}
    times = {name: np.array([reply.value for reply in row]) for name, row in replies.items()}
    return [
        _measurement("addition", f"(2, 3) {method}", n, others, {name: t[:, i] for name, t in times.items()})
        for i, method in enumerate(tape_contestants.METHODS)
    ], versions


def steps(batch: int, peers: list[str], n: int, rounds: int, notes: list[str]) -> tuple[Measurement, dict[str, str]]:
    """fit of 400-25-15-10 (relu, relu, softmax; Adam) on random data: an epoch of 500 steps over 500."""
    rng = np.random.default_rng(0)
    task, m = Task(SIZES, "adam", batch, n), STEPS * batch
    x, labels = rng.random((m, SIZES[0]), np.float32), rng.integers(0, SIZES[-1], m)
    wanted = {name: CONTESTANTS[name] for name in STEPPING}
    with started(_among(wanted, peers, "pynn"), n, task, notes=notes) as workers:
        losses = {}
        for name, worker in list(workers.items()):
            try:
                worker.call("use", x, labels)
                losses[name] = worker.call("epoch").value[0]
            except WorkerFailed as error:
                note(notes, f"Does not train: {error}.")
            if not abs(losses.get(name, np.inf) / losses["pynn"] - 1) < SAME_LOSS:
                note(notes, f"{name} is left out of small steps: its first loss is {losses.get(name)}.")
                workers.pop(name).close()
        replies, others = take_turns(workers, "epoch", rounds, PATIENCE)
        versions = {name: worker.version for name, worker in workers.items()}
    times = {name: np.array([reply.seconds for reply in row]) / STEPS for name, row in replies.items()}
    return _measurement("training step", f"{'-'.join(map(str, SIZES))}, batch {batch}", n, others, times), versions
