"""fit on one thread and on several, alone and beside a busy process: a CPU less must not cost more than its work."""

from __future__ import annotations

import time
from contextlib import nullcontext

import numpy as np

import kernels

from ..measure.quiet import SHARE, Neighbours, busy_process, cpus, settle
from ..measure.turns import interleave, threads
from ..measure.workers import Reply
from ..network import BATCH, SIZES, Task, random_data
from ..plan import Plan
from ..results.store import RUNG, Contestant, Measurement
from .contestants import Pynn

STEPS = 200  # of a turn
PLACES = {False: "", True: " beside a busy process"}


class Fit:
    """A turn's value is the seconds of a step. Its threads go where the system puts them, as a user's do."""

    once = 0.0

    def __init__(self, n: int, busy: bool, x: np.ndarray, labels: np.ndarray) -> None:
        self.n, self.busy = n, busy
        with threads(n):
            self.model = Pynn(Task(SIZES, "rmsprop", BATCH, n))
            self.model.use(x, labels)
            self.model.epoch()

    def turn(self) -> Reply:
        with threads(self.n), busy_process() if self.busy else nullcontext():
            neighbours, start = Neighbours(), time.perf_counter()
            self.model.epoch()
            seconds, share = time.perf_counter() - start, neighbours.share - self.busy / len(cpus())
        settle()
        return Reply(seconds / STEPS, seconds, max(0.0, share), share > SHARE)


def fits(plan: Plan) -> list[Measurement]:
    """One measurement for each place, all in turns; none with one thread, which waits for no other."""
    counts = {"one thread": 1, "pynn": plan.threads}
    if plan.threads == 1:
        return []
    x, labels = random_data(STEPS * BATCH)
    keys = [(name, busy) for busy in PLACES for name in counts]
    each = {(name, busy): Fit(counts[name], busy, x, labels.astype(np.int64)) for name, busy in keys}
    times, others = interleave(each, plan.rounds, plan.budget)
    isa, label = str(kernels.show_config()["instruction set"]), "-".join(map(str, SIZES))
    found = []
    for busy, place in PLACES.items():
        contestants = {
            name: Contestant(name, RUNG, n, times[name, busy], instruction_set=isa) for name, n in counts.items()
        }
        found.append(
            Measurement("steps", "fit", label + place, 0, "float32", plan.threads, isa, 0, 0, others, contestants)
        )
    return found
