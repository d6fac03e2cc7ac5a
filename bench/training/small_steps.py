"""What a small step costs besides its arithmetic: a chain of additions with and without a tape, and fits of a network
so small that Python's calls, not the kernels, take the time.
"""

from __future__ import annotations

import numpy as np

import kernels

from ..measure.progress import progress
from ..measure.turns import Remote, interleave
from ..measure.workers import started
from ..network import Task
from ..plan import Plan
from ..results.store import PEER, RUNG, Contestant, Measurement
from . import additions
from .contestants import CONTESTANTS
from .epochs import trainers

SIZES, BATCHES, STEPS = (400, 25, 15, 10), (1, 32), 500
STEPPING = ("pynn", "PyTorch", "Keras")  # JAX would jit the loop, and NumPy by hand is written for another network
BUDGET = 5.0  # seconds of turns that other processes disturbed and that are repeated, per table


def small_steps(plan: Plan) -> tuple[list[Measurement], dict[str, str]]:
    """Measurements of "addition" by how it is recorded, and of "training step" by batch; and the versions."""
    found, versions = tape(plan)
    for batch in BATCHES:
        progress(f"small steps: batches of {batch}")
        measured, more = steps(plan, batch)
        found, versions = found + measured, versions | more
    return found, versions


def _measurement(operation: str, label: str, n: int, others: float, times: dict[str, np.ndarray]) -> Measurement:
    found = {name: Contestant(name, RUNG if name == "pynn" else PEER, n, seconds) for name, seconds in times.items()}
    isa = str(kernels.show_config()["instruction set"])
    return Measurement("steps", operation, label, 0, "float32", n, isa, 0, 0, others, found)


def tape(plan: Plan) -> tuple[list[Measurement], dict[str, str]]:
    """A chain of additions of (2, 3) tensors: the cheapest call, unrecorded, recorded, and the gradient; nothing if
    pynn cannot."""
    progress("small steps: additions")
    n = plan.threads
    with started(plan.among(additions.CONTESTANTS), n, n, notes=plan.notes) as workers:
        if "pynn" not in workers:
            return [], {}
        times, others = interleave({name: Remote(w, "turn") for name, w in workers.items()}, plan.rounds, BUDGET)
        versions = {name: worker.version for name, worker in workers.items()}
    return [
        _measurement("addition", f"(2, 3) {method}", n, others, {name: t[:, i] for name, t in times.items()})
        for i, method in enumerate(additions.METHODS)
    ], versions


def steps(plan: Plan, batch: int) -> tuple[list[Measurement], dict[str, str]]:
    """fit of 400-25-15-10 (relu, relu, softmax; Adam) on random data: an epoch of 500 steps over 500; nothing if pynn
    does not train."""
    rng, n = np.random.default_rng(0), plan.threads
    task, m, label = Task(SIZES, "adam", batch, n), STEPS * batch, f"{'-'.join(map(str, SIZES))}, batch {batch}"
    x, labels = rng.random((m, SIZES[0]), np.float32), rng.integers(0, SIZES[-1], m)
    with started(plan.among({name: CONTESTANTS[name] for name in STEPPING}), n, task, notes=plan.notes) as workers:
        contestants = trainers(workers, x, labels, label, plan.notes)
        if not contestants:
            return [], {}
        times, others = interleave(contestants, plan.rounds, BUDGET)
        versions = {name: workers[name].version for name in contestants}
    times = {name: seconds / STEPS for name, seconds in times.items()}
    return [_measurement("training step", label, n, others, times)], versions
