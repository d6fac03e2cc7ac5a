"""Moving averages of the variables that an optimizer updates."""

from __future__ import annotations

from collections.abc import Sequence

from ...engine.variable import Variable


class MovingAverages:
    """average = momentum * average + (1 - momentum) * v, which begins as the v of the first step.

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
