"""Adagrad and Adadelta: steps divided by the root of a sum, or of a running mean, of squared gradients."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from .base import Optimizer
from .options import OptimizerOptions
from .rate import THOUSANDTH


class Adagrad(Optimizer):
    """v += g^2; w -= learning_rate * g / sqrt(v + epsilon), v from initial_accumulator_value (Duchi et al. 2011).

    initial_accumulator_value: the first v
    epsilon: small number that keeps the divisor from 0
    """

    def __init__(
        self,
        learning_rate: Any = THOUSANDTH,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **options: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **options)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon

    def _slots(self) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value}

    def _update_one(self, w: np.ndarray, g: np.ndarray, rate: float, *slots: np.ndarray) -> None:
        (v,) = slots
        v += g * g
        w -= rate * g / np.sqrt(v + self.epsilon)


class Adadelta(Optimizer):
    """v = rho * v + (1 - rho) * g^2; d = sqrt(u + epsilon) / sqrt(v + epsilon) * g; w -= learning_rate * d

    with u, the running mean of the steps: u = rho * u + (1 - rho) * d^2 (Zeiler 2012).

    rho: how much of the running means v and u each step keeps
    epsilon: small number that keeps the divisor from 0
    """

    def __init__(
        self,
        learning_rate: Any = THOUSANDTH,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **options: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho, self.epsilon = rho, epsilon

    def _slots(self) -> dict[str, float]:
        return {"accumulated_grad": 0.0, "accumulated_delta_var": 0.0}

    def _update_one(self, w: np.ndarray, g: np.ndarray, rate: float, *slots: np.ndarray) -> None:
        v, u = slots
        v[...] = self.rho * v + (1 - self.rho) * g * g
        d = np.sqrt(u + self.epsilon) * g / np.sqrt(v + self.epsilon)
        u[...] = self.rho * u + (1 - self.rho) * d * d
        w -= rate * d
