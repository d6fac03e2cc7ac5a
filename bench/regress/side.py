"""One build of `kernels` in a process of its own. It may be an old one: imports nothing that expects today's names."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import kernels

from ..measure import timing

SLOT, PARTS = 0.002, 4  # seconds of calls in each part: shorter than the turns that an operating system gives


class Side:
    def __init__(self, folder: str) -> None:
        self.version = kernels.__file__
        if not self.version.startswith(folder):
            raise ImportError(f"{self.version} was imported, not the build in {folder}")

    def load(self, function: str, keywords: dict[str, Any], arguments: list) -> tuple:
        """The function's results, or the arrays that an update has changed. From then on turns time it."""
        ours = partial(getattr(kernels, function), **keywords) if keywords else getattr(kernels, function)
        # arrays that NumPy has allocated, in the same memory order: what came through a pipe lies anywhere
        mine = [a.copy("K") if isinstance(a, np.ndarray) else a for a in arguments]
        value = ours(*mine)
        if value is None:
            value = tuple(a.copy() for a in mine if isinstance(a, np.ndarray))
        self._timer = timing.timer(ours, mine)
        self._calls = max(1, int(SLOT / timing.first_guess(self._timer, SLOT, parts=1)))
        return value if isinstance(value, tuple) else (value,)

    def turn(self) -> float:
        """Seconds per call: the least of the parts."""
        return min(self._timer.repeat(PARTS, self._calls)) / self._calls
