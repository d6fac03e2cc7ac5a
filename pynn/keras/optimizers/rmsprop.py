"""RMSprop: steps divided by the root of a running mean of squared gradients."""

from __future__ import annotations

import numpy as np

import kernels

from .base import Optimizer, rule
from .options import Array, Arrays
from .rate import LearningRate


@rule
class RMSprop(Optimizer):
    """v = rho * v + (1 - rho) * g^2; w -= learning_rate * g / sqrt(v + epsilon)

    rho: decay of the running means v and a
    momentum: if not 0, m = momentum * m + the step above; w -= m
    epsilon: small number that keeps the divisor from 0
    centered: whether v - a^2 replaces v under the root, where a = rho * a + (1 - rho) * g
    """

    learning_rate: LearningRate = LearningRate(0.001)
    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-7
    centered: bool = False

    def _slots(self) -> list[dict[str, float]]:
        used = {"velocity": True, "momentum": self.momentum, "average_gradient": self.centered}
        return [{name: 0.0} for name in used if used[name]]

    @property
    def _takes_products(self) -> bool:
        return not (self.momentum or self.centered)

    def _update(self, w: Arrays, g: Arrays, rate: float, *slots: Arrays) -> None:
        if self.momentum or self.centered:
            super()._update(w, g, rate, *slots)
        else:
            kernels.rmsprop_update(w, slots[0], g, rate, self.rho, self.epsilon)

    def _update_one(self, w: Array, g: Array, rate: float, v: Array, *more: Array) -> None:
        v[...] = self.rho * v + (1 - self.rho) * g * g
        spread = v + self.epsilon
        if self.centered:
            a = more[-1]
            a[...] = self.rho * a + (1 - self.rho) * g
            spread -= a * a
        step = rate * g / np.sqrt(spread)
        if self.momentum:
            m = more[0]
            m[...] = self.momentum * m + step
            step = m
        w -= step
