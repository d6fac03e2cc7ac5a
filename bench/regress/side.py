"""One build of `kernels` in a process of its own. It may be an old one: imports nothing that expects today's names."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import kernels

from ..measure import timing
from ..measure.numpy_operations import NUMPY

SLOT, PARTS = 0.006, 3  # shorter turns than in timing: there are many more of them


class Side:
    def __init__(self) -> None:
        self.version = {**kernels.show_config(), "file": kernels.__file__}
        self.timers: dict[str, tuple[timeit.Timer, float]] = {}

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
        self._prepare("kernels", partial(ours, **keywords) if keywords else ours, arguments)
        self._prepare("NumPy", NUMPY[operation], arguments)
        return value if isinstance(value, tuple) else (value,)

    def _prepare(self, name: str, function: Callable, arguments: list) -> None:
        timer = timing.timer(function, _copies(arguments))
        timer.timeit(1)
        self.timers[name] = timer, timing.first_guess(timer, SLOT, PARTS)

    def turn(self, name: str) -> float:
        """Seconds per call."""
        return timing.turn(*self.timers[name], SLOT, PARTS)


def _copies(arguments: list) -> list:
    """Arrays that NumPy has allocated, in the same memory order: what came through a pipe lies anywhere."""
    return [a.copy("K") if isinstance(a, np.ndarray) else a for a in arguments]
