"""Ftrl: follow the regularized leader, for sparse linear models."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from .base import Optimizer
from .options import OptimizerOptions
from .rate import THOUSANDTH


class Ftrl(Optimizer):
    """McMahan et al. 2013. With p = -learning_rate_power, r = learning_rate, s = g + 2 * l2_shrinkage * w:

    n' = n + g^2; z += s - (n'^p - n^p) / r * w; w = (clip(z, -l1, l1) - z) / (n'^p / r + 2 * l2 + beta / r); n = n'.

    learning_rate_power: -p, 0 or less
    initial_accumulator_value: the first n, 0 or more
    l1_regularization_strength: l1, 0 or more
    l2_regularization_strength: l2, 0 or more
    l2_shrinkage_regularization_strength: l2_shrinkage, 0 or more
    beta: beta in the divisor
    """

    def __init__(
        self,
        learning_rate: Any = THOUSANDTH,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **options: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **options)
        self.learning_rate_power, self.beta = learning_rate_power, beta
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        if learning_rate_power > 0:
            raise ValueError(f"`learning_rate_power` needs to be negative or zero, got {learning_rate_power}")
        for name in (
            "initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength",
            "l2_shrinkage_regularization_strength",
        ):  # fmt: skip
            if getattr(self, name) < 0:
                raise ValueError(f"`{name}` needs to be positive or zero, got {getattr(self, name)}")

    def _slots(self) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value, "linear": 0.0}

    def _update_one(self, w: np.ndarray, g: np.ndarray, rate: float, *slots: np.ndarray) -> None:
        n, z = slots
        power, l1 = -self.learning_rate_power, self.l1_regularization_strength
        before, n[...] = n**power, n + g * g
        after = n**power
        z += g + 2 * self.l2_shrinkage_regularization_strength * w - (after - before) / rate * w
        w[...] = (np.clip(z, -l1, l1) - z) / ((after + self.beta) / rate + 2 * self.l2_regularization_strength)
