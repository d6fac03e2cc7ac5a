"""Gradients of several steps that make one update together."""

from __future__ import annotations

import numpy as np

from ...engine.variable import Variable
from .clipping import Arrays


class GradientMeans:
    """After every `steps` steps the mean of their gradients; between, nothing is to be updated."""

    def __init__(self, steps: int) -> None:
        if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 2:
            raise ValueError(f"`gradient_accumulation_steps` must be an integer of 2 or more, got {steps!r}")
        self.steps = int(steps)
        self.sums: list[Variable] = []  # of the variables that the optimizer was built for

    def add(self, places: list[int], grads: Arrays, step: int) -> Arrays:
        """The means at the end of `steps` steps, of which this is number `step`; the sums begin anew. Else nothing."""
        sums = [self.sums[i] for i in places]
        if step % self.steps == 0:
            means = [(total._array + g) / g.dtype.type(self.steps) for total, g in zip(sums, grads, strict=True)]
            for total in self.sums:
                total.assign(np.zeros_like(total._array))
            return means
        for total, g in zip(sums, grads, strict=True):
            total.assign_add(g)
        return []
