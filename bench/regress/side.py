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
        self._function = partial(getattr(kernels, function), **keywords) if keywords else getattr(kernels, function)
        self._arguments = arguments
        self._kept: list[list] = []
        value = self._function(*(mine := self._copies()))
        if value is None:
            value = tuple(a for a in mine if isinstance(a, np.ndarray))
        self._calls = max(1, int(SLOT / timing.first_guess(timing.timer(self._function, self._copies()), SLOT, 1)))
        return value if isinstance(value, tuple) else (value,)

    def turn(self) -> float:
        """Seconds per call, the least of the parts."""
        return min(timing.timer(self._function, self._copies()).repeat(PARTS, self._calls)) / self._calls

    def _copies(self) -> list:
        """Elsewhere each time: of six places the best took 146 to 150 us to add 12 MB, one alone 151 to 178."""
        self._kept.append([a.copy("K") if isinstance(a, np.ndarray) else a for a in self._arguments])
        return self._kept[-1]
