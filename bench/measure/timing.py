"""Seconds per call of one function. Imports no kernels: it also times those of another day."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from typing import Any

import numpy as np

SLOT, PARTS = 0.01, 5  # seconds of calls in one turn, in parts: the turn's time is the parts' median
SLOW = 0.05  # a longer call needs no waking before, and gets fewer turns


class Statement:
    """An expression of x and y, and one that writes into `out`: called like a function, but timed as it stands.

    A `; del z` behind it is timed too: it frees a named result at once, as that of a plain call is freed.
    """

    def __init__(self, fresh: str, into: str = "None", **names: Any) -> None:
        self.fresh, self.into, self.names = fresh, into, names
        expression = fresh.partition(";")[0]
        self.call = eval(f"lambda x, y=None, out=None: ({expression}) if out is None else ({into})", names)

    def __call__(self, *arguments: Any, out: Any = None) -> Any:
        return self.call(*arguments, out=out)


def timer(function: Callable, arguments: list, out: Any = None) -> timeit.Timer:
    """Calls and statements as one writes them, without a wrapper's cost, which small arrays would feel."""
    if isinstance(function, Statement):
        code = function.fresh if out is None else function.into
        return timeit.Timer(code, globals={**function.names, **dict(zip("xy", arguments, strict=False)), "out": out})
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
