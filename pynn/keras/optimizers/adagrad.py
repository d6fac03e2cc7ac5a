"""Rules with a step size for each entry: Adagrad, Adadelta, Ftrl; and Lion, whose steps have one size."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from .base import Optimizer, rule
from .options import Array
from .rate import LearningRate


@rule
class Adagrad(Optimizer):
    """v += g^2; w -= learning_rate * g / sqrt(v + epsilon), v from initial_accumulator_value (Duchi et al. 2011).

    initial_accumulator_value: the first v
    epsilon: small number that keeps the divisor from 0
    """

    learning_rate: LearningRate = LearningRate(0.001)
    initial_accumulator_value: float = 0.1
    epsilon: float = 1e-7

    def _slots(self) -> list[dict[str, float]]:
        return [{"accumulator": self.initial_accumulator_value}]

    def _update_one(self, w: Array, g: Array, rate: float, v: Array) -> None:
        v += g * g
        w -= rate * g / np.sqrt(v + self.epsilon)


@rule
class Adadelta(Optimizer):
    """v = rho * v + (1 - rho) * g^2; d = sqrt(u + epsilon) / sqrt(v + epsilon) * g; w -= learning_rate * d

    with u, the running mean of the steps: u = rho * u + (1 - rho) * d^2 (Zeiler 2012).

    rho: decay of the running means v and u
    epsilon: small number that keeps the divisor from 0
    """

    learning_rate: LearningRate = LearningRate(0.001)
    rho: float = 0.95
    epsilon: float = 1e-7

    def _slots(self) -> list[dict[str, float]]:
        return [{"accumulated_grad": 0.0, "accumulated_delta_var": 0.0}]

    def _update_one(self, w: Array, g: Array, rate: float, v: Array, u: Array) -> None:
        v[...] = self.rho * v + (1 - self.rho) * g * g
        d = np.sqrt(u + self.epsilon) * g / np.sqrt(v + self.epsilon)
        u[...] = self.rho * u + (1 - self.rho) * d * d
        w -= rate * d


@rule
class Ftrl(Optimizer):
    """Follow the regularized leader, for sparse linear models (McMahan et al. 2013).

    With p = -learning_rate_power, r = learning_rate, s = g + 2 * l2_shrinkage * w: n' = n + g^2;
    z += s - (n'^p - n^p) / r * w; w = (clip(z, -l1, l1) - z) / (n'^p / r + 2 * l2 + beta / r); n = n'.

    learning_rate_power: -p, 0 or less
    initial_accumulator_value: the first n, 0 or more
    l1_regularization_strength: l1, 0 or more
    l2_regularization_strength: l2, 0 or more
    l2_shrinkage_regularization_strength: l2_shrinkage, 0 or more
    beta: beta in the divisor
    """

    learning_rate: LearningRate = LearningRate(0.001)
    learning_rate_power: float = -0.5
    initial_accumulator_value: float = 0.1
    l1_regularization_strength: float = 0.0
    l2_regularization_strength: float = 0.0
    l2_shrinkage_regularization_strength: float = 0.0
    beta: float = 0.0

    def _check(self) -> None:
        if self.learning_rate_power > 0:
            raise ValueError(f"`learning_rate_power` needs to be negative or zero, got {self.learning_rate_power}")
        for name in (field.name for field in fields(self) if field.name.startswith(("initial_", "l1_", "l2_"))):
            if (value := getattr(self, name)) < 0:
                raise ValueError(f"`{name}` needs to be positive or zero, got {value}")

    def _slots(self) -> list[dict[str, float]]:
        return [{"accumulator": self.initial_accumulator_value, "linear": 0.0}]

    def _update_one(self, w: Array, g: Array, rate: float, n: Array, z: Array) -> None:
        power, l1 = -self.learning_rate_power, self.l1_regularization_strength
        before, n[...] = n**power, n + g * g
        after = n**power
        z += g + 2 * self.l2_shrinkage_regularization_strength * w - (after - before) / rate * w
        w[...] = (np.clip(z, -l1, l1) - z) / ((after + self.beta) / rate + 2 * self.l2_regularization_strength)


@rule
class Lion(Optimizer):
    """w -= learning_rate * sign(beta_1 * m + (1 - beta_1) * g); m = beta_2 * m + (1 - beta_2) * g (Chen et al. 2023)

    beta_1: weight of m in the direction of a step, above 0 and at most 1
    beta_2: how much of m each step keeps
    """

    learning_rate: LearningRate = LearningRate(0.001)
    beta_1: float = 0.9
    beta_2: float = 0.99

    def _check(self) -> None:
        if not 0 < self.beta_1 <= 1:
            raise ValueError(f"Argument `beta_1` must be above 0 and at most 1, got {self.beta_1}")

    def _slots(self) -> list[dict[str, float]]:
        return [{"momentum": 0.0}]

    def _update_one(self, w: Array, g: Array, rate: float, m: Array) -> None:
        w -= rate * np.sign(self.beta_1 * m + (1 - self.beta_1) * g)
        m[...] = self.beta_2 * m + (1 - self.beta_2) * g
