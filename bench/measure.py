"""Timing that neighbours on the machine, and the contestants among themselves, disturb as little as possible.

Contestants take turns; a ratio is the median over turns of the ratio within a turn, so that a slow second of the
machine slows both. Threads of OpenBLAS and OpenMP keep spinning for a while after a call and would run in the next
contestant's time: every turn starts only when the process has been quiet.
"""

from __future__ import annotations

import math
import os
import time
import timeit
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import kernels
import numpy as np
from accuracy import check, exact, result
from cases import Case
from numpy_rungs import NUMPY
from threadpoolctl import threadpool_limits

ROUNDS = 15
SLOT, PARTS = 0.01, 5  # seconds of calls in one turn, in parts: the turn's time is the parts' median
SLOW, SLOW_ROUNDS = 0.05, 3  # a call longer than this gets fewer turns
SPIN_CHECK, SPIN_MOST = 0.003, 1.0  # seconds: a look at the process's CPU time, and the longest wait


@dataclass(frozen=True)
class Ratio:
    """How many times as fast, with the quartiles over turns."""

    value: float
    low: float
    high: float

    @property
    def tie(self) -> bool:
        """Is the difference smaller than the spread?"""
        return abs(math.log(self.value)) <= math.log(self.high / self.low)


@contextmanager
def threads(n: int):
    """The same number of threads for the kernels and for NumPy's BLAS."""
    before = kernels.get_num_threads()
    kernels.set_num_threads(n)
    try:
        with threadpool_limits(n, user_api="blas"):
            yield
    finally:
        kernels.set_num_threads(before)


def cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def settle() -> None:
    """Wait until no thread of this process spins."""
    end = time.perf_counter() + SPIN_MOST
    while time.perf_counter() < end:
        before = time.process_time()
        time.sleep(SPIN_CHECK)
        if time.process_time() - before < SPIN_CHECK / 10:
            return


def contestants(case: Case, only: str | None = None) -> dict[str, tuple[Callable, list, np.ndarray | None]]:
    """Name -> (function, arguments, out): rungs, slowest first (or one), then NumPy; each result has been checked."""
    truth, found = exact(case), {}
    rungs = {name: rung for name, rung in case.rungs().items() if only in (None, name)}
    shared = case.inputs()
    for name, function in {**rungs, "NumPy": NUMPY[case.operation]}.items():
        mine = case.inputs() if case.operation.endswith("_update") else shared  # updates change their arguments
        out = np.full(truth[0][0].shape, np.nan, np.float32) if case.reuse else None
        check(f"{case.operation} {case.label}, {name}", result(function, mine, out), truth)
        found[name] = (function, mine, out)
    return found


def timer(function: Callable, arguments: list, out: np.ndarray | None) -> timeit.Timer:
    """Calls as one writes them, without a wrapper's cost, which small arrays would feel."""
    names = {f"a{i}": argument for i, argument in enumerate(arguments)}
    call = f"f({', '.join(names)}{', out=out' if out is not None else ''})"
    return timeit.Timer(call, globals={"f": function, "out": out, **names})


def interleave(players: dict[str, tuple], rounds: int = ROUNDS) -> dict[str, np.ndarray]:
    """Name -> seconds per call in each round; NaN in the rounds that a slow contestant sits out."""
    timers = {name: timer(*player) for name, player in players.items()}
    once = {}
    for name, t in timers.items():
        settle()
        once[name] = t.timeit(1)
        if once[name] < SLOT / PARTS:
            once[name] = t.timeit(n := max(1, int(SLOT / PARTS / once[name]))) / n
    times = {name: np.full(rounds, np.nan) for name in timers}
    for r in range(rounds):
        for name, t in timers.items():
            slow = once[name] > SLOW
            if slow and r % math.ceil(rounds / SLOW_ROUNDS):
                continue
            settle()
            parts = min(PARTS, max(1, int(SLOT / once[name])))
            calls = max(1, int(SLOT / parts / once[name]))
            if not slow:
                t.timeit(calls)  # wakes its threads, fills the caches
            times[name][r] = np.median(t.repeat(parts, calls)) / calls
    return times


def ratio(slow: np.ndarray, fast: np.ndarray) -> Ratio:
    """slow over fast, turn by turn."""
    each = slow / fast
    low, value, high = np.nanquantile(each, (0.25, 0.5, 0.75))
    return Ratio(value, low, high)


def median(times: np.ndarray) -> float:
    return float(np.nanmedian(times))


def spread(times: np.ndarray) -> float:
    """Half the distance between the quartiles, as a share of the median."""
    low, middle, high = np.nanquantile(times, (0.25, 0.5, 0.75))
    return float((high - low) / 2 / middle)
