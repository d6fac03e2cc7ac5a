"""Options of every optimizer: clipped gradients, weight decay, accumulated gradients, averages of the variables."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ...engine.variable import Variable

Array = np.ndarray
Arrays = list[np.ndarray]


def clipped(grads: Arrays, norm: float | None, global_norm: float | None, value: float | None) -> Arrays:
    """The gradients within the limit that is not None: g * limit / max(norm, limit), or entries in [-value, value].

    An infinite norm of all gradients makes them NaN.
    """
    if norm:
        return [g * norm / max(np.sqrt(np.square(g).sum()), g.dtype.type(norm)) for g in grads]
    if global_norm:
        size = np.sqrt(sum(np.square(g).sum() for g in grads))
        scale = global_norm / np.maximum(size, global_norm) if np.isfinite(size) else np.nan
        return [g * g.dtype.type(scale) for g in grads]
    return [np.clip(g, -value, value) for g in grads] if value else grads


def decay_weights(variables: list[Variable], rate: float, excluded: list[Variable], names: str) -> None:
    """w -= w * rate, but not for the excluded, nor where the regular expression, unless it is "", is in the name."""
    ids = set(map(id, excluded))
    for v in variables:
        if not (id(v) in ids or (names and re.search(names, v.name))):
            w = v._writable()
            w -= w * rate


class GradientMeans:
    """Means of the gradients of `steps` steps, after which there is one update."""

    def __init__(self, steps: int) -> None:
        if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 2:
            raise ValueError(f"`gradient_accumulation_steps` must be an integer of 2 or more, got {steps!r}")
        self.steps = int(steps)
        self.sums: list[Variable] = []  # of the variables that the optimizer was built for

    def add(self, places: list[int], grads: Arrays, step: int) -> Arrays:
        """Adds the gradients; at each `steps`-th step returns the means and sets the sums to 0, before that []."""
        if step % self.steps:
            for i, g in zip(places, grads, strict=True):
                self.sums[i].assign_add(g)
            return []
        means = [(self.sums[i]._array + g) / g.dtype.type(self.steps) for i, g in zip(places, grads, strict=True)]
        for total in self.sums:
            total.assign(np.zeros_like(total._array))
        return means


class MovingAverages:
    """average = momentum * average + (1 - momentum) * v; the first step sets it to v.

    After every `every` steps, the variables take the values of their averages.
    """

    def __init__(self, momentum: float, every: int | None) -> None:
        if not 0 <= momentum <= 1:
            raise ValueError(f"`ema_momentum` must be in the range [0, 1], got {momentum}")
        if every and (not isinstance(every, int) or every < 1):
            raise ValueError(f"`ema_overwrite_frequency` must be an integer of 1 or more, or None, got {every!r}")
        self.momentum, self.every = momentum, every
        self.averages: list[Variable] = []

    def update(self, variables: Sequence[Variable], step: int) -> None:
        """After the step of this number, counted from 1."""
        momentum = self.momentum if step > 1 else 0.0
        for v, average in zip(variables, self.averages, strict=True):
            average.assign(momentum * average._array + (1 - momentum) * v._array)
        if self.every and step % self.every == 0:
            self.overwrite(variables)

    def overwrite(self, variables: Sequence[Variable]) -> None:
        """The variables take the values of their averages."""
        if len(variables) != len(self.averages):
            raise ValueError(f"{len(variables)} variables, but averages of {len(self.averages)}")
        for v, average in zip(variables, self.averages, strict=True):
            v.assign(average._array)
