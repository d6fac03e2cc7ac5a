"""Timing that neighbours on the machine, and the contestants among themselves, disturb as little as possible.

Contestants take turns, each round starting with another. Parallel ones run with one thread on each CPU, and after their
turn all wait until their threads have stopped spinning. A round in which other processes used the CPUs is repeated, as
long as the budget lasts. Rungs and NumPy compute in this process, other libraries in processes of their own.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

import kernels

from .accuracy import exact, largest_error, result
from .cases import Case
from .operations import OPERATIONS
from .quiet import Neighbours, scattered, settle
from .timing import SLOW, first_guess, timer, turn
from .workers import Reply, Worker

ROUNDS = 9
SLOW_ROUNDS = 3  # turns of a call that is SLOW
BUDGET = 1.0  # seconds, after which no more rounds are repeated

Name = TypeVar("Name", bound=Hashable)


class Timed(Protocol):
    """Who takes turns."""

    once: float  # a first guess of a call's seconds; 0: must not sit out

    def turn(self) -> Reply:
        """Its value: seconds per call, or a row of them."""
        ...


class Remote:
    """A worker's method, called with these arguments, whose value is the turn's."""

    def __init__(
        self, worker: Worker, method: str, *arguments: Any, once: float = 0.0, error: float | None = None,
        error_unit: str = "",
    ) -> None:  # fmt: skip
        self.worker, self.method, self.arguments = worker, method, arguments
        self.once, self.error, self.error_unit = once, error, error_unit
        self.threaded = worker.threaded

    def turn(self) -> Reply:
        return self.worker.turn(self.method, *self.arguments)


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


class Local:
    """A function of this process, whose result has been checked. AssertionError if it is wrong."""

    def __init__(self, case: Case, name: str, function: Callable, arguments: list, threads: bool = False) -> None:
        truth = exact(case)
        self.out = np.full(truth[0][0].shape, np.nan, case.dtype) if case.reuse else None
        start = time.perf_counter()
        values = result(function, arguments, self.out)
        took = time.perf_counter() - start
        self.error, self.error_unit = largest_error(case.operation, values, truth, f"{case.title}, {name}")
        self.function, self.arguments = function, arguments
        self.threaded = threads and kernels.get_num_threads() > 1
        self.timer = timer(function, arguments, self.out)
        self.once = took if took > SLOW else first_guess(self.timer)

    def turn(self) -> Reply:
        neighbours = Neighbours()
        with scattered() if self.threaded else nullcontext():
            value = turn(self.timer, self.once)
        reply = Reply(value, value, neighbours.share, neighbours.disturbed)
        if self.threaded:
            settle()
        return reply


def local(case: Case, only: str | None = None) -> dict[str, Local]:
    """Rungs, slowest first (or one), then NumPy. AssertionError names one that computes wrong values."""
    rungs = {name: rung for name, rung in case.rungs().items() if only in (None, name)}
    functions = {name: (rung.function, rung.threads) for name, rung in rungs.items()}
    operation, shared = OPERATIONS[case.operation], case.inputs()
    functions["NumPy"] = operation.numpy, case.product  # its other operations use one thread
    return {
        name: Local(case, name, function, case.inputs() if operation.written else shared, threaded)
        for name, (function, threaded) in functions.items()
    }


def rotated(names: list[Name], turn: int) -> list[Name]:
    """In each turn another name is first, and last."""
    first = turn % len(names)
    return names[first:] + names[:first]


def interleave(
    contestants: Mapping[Name, Timed], rounds: int = ROUNDS, budget: float = BUDGET
) -> tuple[dict[Name, np.ndarray], float]:
    """Name -> its turns' values, one per round, NaN where a SLOW one sat out; and the share of the CPUs that other
    processes took meanwhile."""
    settle()
    kept: list[dict[Name, Reply]] = []
    end = time.perf_counter() + budget
    for i in range(rounds):
        slow_too = i % math.ceil(rounds / SLOW_ROUNDS) == 0
        present = [name for name in rotated(list(contestants), i) if slow_too or contestants[name].once <= SLOW]
        tries: list[dict[Name, Reply]] = []
        while not tries or (_others(tries[-1])[0] and time.perf_counter() < end):
            tries.append({name: contestants[name].turn() for name in present})
        kept.append(min(tries, key=_others))
    times = {
        name: np.array([row[name].value if name in row else np.nan for row in kept], float) for name in contestants
    }
    return times, float(np.mean([reply.share for row in kept for reply in row.values()]))


def _others(row: dict[Name, Reply]) -> tuple[bool, float]:
    """Did other processes disturb this round, and how much?"""
    return any(reply.disturbed for reply in row.values()), sum(reply.share for reply in row.values())
