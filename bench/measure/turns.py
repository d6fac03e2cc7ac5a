"""Timing that neighbours on the machine, and the contestants among themselves, disturb as little as possible.

Contestants take turns, each round starting with another. Parallel ones run with one thread on each CPU, and after their
turn all wait until their threads have stopped spinning. A round in which other processes used the CPUs is repeated, as
long as patience lasts. Rungs and NumPy compute in this process, other libraries in processes of their own.
"""

from __future__ import annotations

import math
import time
import timeit
from collections.abc import Callable, Hashable, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

import kernels

from .accuracy import exact, largest_error, result
from .cases import SERIAL, Case
from .numpy_operations import NUMPY
from .quiet import Neighbours, scattered, settle
from .statement import Statement
from .workers import Reply, rotated

ROUNDS = 9
SLOT, PARTS = 0.01, 5  # seconds of calls in one turn, in parts: the turn's time is the parts' median
SLOW, SLOW_ROUNDS = 0.05, 3  # a call longer than this gets fewer turns
PATIENCE = 1.0  # seconds of rounds that may be thrown away


Name = TypeVar("Name", bound=Hashable)


class Player(Protocol):
    """Who takes turns."""

    once: float  # a first guess of a call's seconds

    def turn(self) -> Reply:
        """Its value: seconds per call."""
        ...


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
    """A function of this process, whose result has been checked."""

    def __init__(self, case: Case, name: str, function: Callable, arguments: list) -> None:
        truth = exact(case)
        self.out = np.full(truth[0][0].shape, np.nan, np.float32) if case.reuse else None
        start = time.perf_counter()
        values = result(function, arguments, self.out)
        took = time.perf_counter() - start
        self.error, self.error_unit = largest_error(case.operation, values, truth, f"{case.title}, {name}")
        self.function, self.arguments = function, arguments
        self.threaded = name not in SERIAL and kernels.get_num_threads() > 1
        self.timer = timer(function, arguments, self.out)
        self.once = took if took > SLOW else first_guess(self.timer)

    def turn(self) -> Reply:
        neighbours = Neighbours()
        with scattered() if self.threaded else nullcontext():
            value = turn(self.timer, self.once)
        reply = Reply(value, value, neighbours.share, neighbours.disturb)
        if self.threaded:
            settle()
        return reply


def local(case: Case, only: str | None = None) -> dict[str, Local]:
    """Rungs, slowest first (or one), then NumPy."""
    rungs = {name: rung for name, rung in case.rungs().items() if only in (None, name)}
    shared, players = case.inputs(), {}
    for name, function in {**rungs, "NumPy": NUMPY[case.operation]}.items():
        mine = case.inputs() if case.operation.endswith("_update") else shared  # updates change their arguments
        players[name] = Local(case, name, function, mine)
    return players


def timer(function: Callable, arguments: list, out: Any) -> timeit.Timer:
    """Calls and statements as one writes them, without a wrapper's cost, which small arrays would feel."""
    if isinstance(function, Statement):
        code, names = function.bound(arguments, out)
        return timeit.Timer(code, globals=names)
    names = {f"a{i}": argument for i, argument in enumerate(arguments)}
    call = f"f({', '.join(names)}{', out=out' if out is not None else ''})"
    return timeit.Timer(call, globals={"f": function, "out": out, **names})


def first_guess(t: timeit.Timer) -> float:
    """Seconds of a call."""
    once = t.timeit(1)
    if once < SLOT / PARTS:
        once = t.timeit(n := max(1, int(SLOT / PARTS / once))) / n
    return once


def turn(t: timeit.Timer, once: float) -> float:
    """Seconds per call, `once` being a first guess."""
    parts = min(PARTS, max(1, int(SLOT / once)))
    calls = max(1, int(SLOT / parts / once))
    if once <= SLOW:
        t.timeit(calls)  # wakes its threads, fills the caches
    return float(np.median(t.repeat(parts, calls)) / calls)


def interleave(
    players: Mapping[Name, Player], rounds: int = ROUNDS, patience: float = PATIENCE, slow: float = SLOW
) -> tuple[dict[Name, np.ndarray], float]:
    """Name -> seconds per call in each round, NaN where one sat out, slower than `slow` seconds; and the share of the
    CPUs that other processes took meanwhile."""
    settle()
    times = {name: np.full(rounds, np.nan) for name in players}
    shares: list[float] = []
    done, end = 0, time.perf_counter() + patience
    while done < rounds:
        replies = {
            name: players[name].turn()
            for name in rotated(list(players), done)
            if players[name].once <= slow or done % math.ceil(rounds / SLOW_ROUNDS) == 0
        }
        if time.perf_counter() > end or not any(reply.disturbed for reply in replies.values()):
            for name, reply in replies.items():
                times[name][done] = reply.value
                shares.append(reply.share)
            done += 1
    return times, float(np.mean(shares))
