"""Timing that neighbours on the machine, and the contestants among themselves, disturb as little as possible.

Contestants take turns; a ratio is the median over turns of the ratio within a turn, so that a slow second of the
machine slows both. Parallel contestants run with one thread on each CPU, and after their turn all wait until
their threads have stopped spinning. A round in which other processes used the CPUs is repeated, as long as patience
lasts.
"""

from __future__ import annotations

import math
import time
import timeit
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np
from accuracy import check, exact, result
from cases import Case
from numpy_rungs import NUMPY
from quiet import Neighbours, scattered, settle
from statement import Statement
from threadpoolctl import threadpool_limits

import kernels

ROUNDS = 15
SLOT, PARTS = 0.01, 5  # seconds of calls in one turn, in parts: the turn's time is the parts' median
SLOW, SLOW_ROUNDS = 0.05, 3  # a call longer than this gets fewer turns
SERIAL = ("naive", "typed", "ijp", "ipj", "simd", "blocked")  # the others' threads may spin on after their turn
PATIENCE = 4.0  # seconds of rounds that may be thrown away


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
    """Calls and statements as one writes them, without a wrapper's cost, which small arrays would feel."""
    if isinstance(function, Statement):
        code, names = function.bound(arguments, out)
        return timeit.Timer(code, globals=names)
    names = {f"a{i}": argument for i, argument in enumerate(arguments)}
    call = f"f({', '.join(names)}{', out=out' if out is not None else ''})"
    return timeit.Timer(call, globals={"f": function, "out": out, **names})


def interleave(
    players: dict[str, tuple], rounds: int = ROUNDS, patience: float = PATIENCE
) -> tuple[dict[str, np.ndarray], float]:
    """Name -> seconds per call in each round, NaN where a slow contestant sat out; and the share of the CPUs that
    other processes took meanwhile."""
    timers = {name: timer(*player) for name, player in players.items()}
    once = {}
    for name, t in timers.items():
        once[name] = t.timeit(1)
        if once[name] < SLOT / PARTS:
            once[name] = t.timeit(n := max(1, int(SLOT / PARTS / once[name]))) / n
    settle()
    times = {name: np.full(rounds, np.nan) for name in timers}
    shares: list[float] = []
    end = time.perf_counter() + patience
    while len(shares) < rounds:
        neighbours = Neighbours()
        for name, t in timers.items():
            if once[name] <= SLOW or len(shares) % math.ceil(rounds / SLOW_ROUNDS) == 0:
                threaded = name not in SERIAL and kernels.get_num_threads() > 1
                with scattered() if threaded else nullcontext():
                    times[name][len(shares)] = turn(t, once[name])
                if threaded:
                    settle()
        if not neighbours.disturb or time.perf_counter() > end:
            shares.append(neighbours.share)
    return times, float(np.mean(shares))


def turn(t: timeit.Timer, once: float) -> float:
    """Seconds per call, `once` being a first guess."""
    parts = min(PARTS, max(1, int(SLOT / once)))
    calls = max(1, int(SLOT / parts / once))
    if once <= SLOW:
        t.timeit(calls)  # wakes its threads, fills the caches
    return float(np.median(t.repeat(parts, calls)) / calls)


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
