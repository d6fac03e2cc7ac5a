"""Seconds per call of one function. Imports no kernels: it also times those of another day."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from typing import Any

import numpy as np

from .statement import Statement

SLOT, PARTS = 0.01, 5  # seconds of calls in one turn, in parts: the turn's time is the parts' median
SLOW = 0.05  # a longer call needs no waking before, and gets fewer turns


def timer(function: Callable, arguments: list, out: Any = None) -> timeit.Timer:
    """Calls and statements as one writes them, without a wrapper's cost, which small arrays would feel."""
    if isinstance(function, Statement):
        code, names = function.bound(arguments, out)
        return timeit.Timer(code, globals=names)
    names = {f"a{i}": argument for i, argument in enumerate(arguments)}
    call = f"f({', '.join(names)}{', out=out' if out is not None else ''})"
    return timeit.Timer(call, globals={"f": function, "out": out, **names})


def first_guess(t: timeit.Timer, slot: float = SLOT, parts: int = PARTS) -> float:
    """Seconds of a call."""
    once = t.timeit(1)
    if once < SLOW:  # the first call may have waited for something
        once = min(once, t.timeit(1), t.timeit(1))
    if once < slot / parts:
        once = t.timeit(n := max(1, int(slot / parts / once))) / n
    return once


def turn(t: timeit.Timer, once: float, slot: float = SLOT, parts: int = PARTS) -> float:
    """Seconds per call, `once` being a first guess."""
    parts = min(parts, max(1, int(slot / once)))
    calls = max(1, int(slot / parts / once))
    if once <= SLOW:
        t.timeit(calls)  # wakes its threads, fills the caches
    return float(np.median(t.repeat(parts, calls)) / calls)
