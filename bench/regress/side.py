"""One build of `kernels` in a process of its own. It may be an old one: imports nothing that expects today's names."""

from __future__ import annotations

import timeit
from typing import Any

import numpy as np

import kernels

from ..measure.numpy_operations import NUMPY
from ..measure.statement import Statement

SLOT, PARTS = 0.006, 3  # seconds of calls in one turn, in parts: the turn's time is the parts' median


class Side:
    def __init__(self) -> None:
        self.version = {**kernels.show_config(), "file": kernels.__file__}
        self.timers: dict[str, tuple[timeit.Timer, int, int]] = {}

    def load(self, operation: str, function: str, keywords: dict[str, Any], arguments: list) -> tuple | None:
        """What this build's function makes of the arguments (an update: the arrays); None if it has no such function.

        From then on turns time it, and NumPy's.
        """
        self.timers.clear()
        ours = getattr(kernels, function, None)
        if ours is None:
            return None
        own = _copies(arguments)
        value = ours(*own, **keywords)
        if value is None:
            value = tuple(a for a in own if isinstance(a, np.ndarray))
        self._prepare("kernels", "f(*a, **k)", {"f": ours, "a": _copies(arguments), "k": keywords})
        theirs, own = NUMPY[operation], _copies(arguments)
        if isinstance(theirs, Statement):
            self._prepare("NumPy", *theirs.bound(own, None))
        else:
            self._prepare("NumPy", "f(*a)", {"f": theirs, "a": own})
        return value if isinstance(value, tuple) else (value,)

    def _prepare(self, name: str, code: str, names: dict[str, Any]) -> None:
        timer = timeit.Timer(code, globals=names)
        timer.timeit(1)
        calls = max(1, int(SLOT / PARTS / timer.timeit(1)))
        once = timer.timeit(calls) / calls
        self.timers[name] = timer, max(1, int(SLOT / PARTS / once)), min(PARTS, max(1, int(SLOT / once)))

    def turn(self, name: str) -> float:
        """Seconds per call."""
        timer, calls, parts = self.timers[name]
        timer.timeit(calls)  # wakes its threads, fills the caches
        return float(np.median(timer.repeat(parts, calls)) / calls)


def _copies(arguments: list) -> list:
    """Arrays that NumPy has allocated, in the same memory order: what came through a pipe lies anywhere."""
    return [a.copy("K") if isinstance(a, np.ndarray) else a for a in arguments]
