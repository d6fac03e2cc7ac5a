"""SGD: gradient descent, with or without momentum."""

from __future__ import annotations

import kernels

from .base import Optimizer, rule
from .options import Arrays


@rule
class SGD(Optimizer):
    """w -= learning_rate * g

    With momentum: m = momentum * m - learning_rate * g; w += m.

    momentum: decay of m, in [0, 1]; 0: no m
    nesterov: whether, with momentum, w += momentum * m - learning_rate * g instead
    """

    momentum: float = 0.0
    nesterov: bool = False

    def _check(self) -> None:
        if not 0 <= self.momentum <= 1:
            raise ValueError(f"`momentum` must be a float between [0, 1], got {self.momentum}")
        self.momentum = float(self.momentum)

    def _slots(self) -> list[dict[str, float]]:
        return [{"momentum": 0.0}] if self.momentum else []

    def _update(self, w: Arrays, g: Arrays, rate: float, *slots: Arrays) -> None:
        if slots:
            kernels.momentum_update(w, slots[0], g, rate, self.momentum, self.nesterov)
        else:
            kernels.sgd_update(w, g, rate)
