"""Lion: steps of one size, along the sign of a mean of gradients."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from .base import Optimizer
from .options import OptimizerOptions
from .rate import THOUSANDTH


class Lion(Optimizer):
    """w -= learning_rate * sign(beta_1 * m + (1 - beta_1) * g); m = beta_2 * m + (1 - beta_2) * g (Chen et al. 2023)

    beta_1: weight of m in the direction of a step, above 0 and at most 1
    beta_2: how much of m each step keeps
    """

    def __init__(
        self,
        learning_rate: Any = THOUSANDTH,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        **options: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **options)
        if not 0 < beta_1 <= 1:
            raise ValueError(f"Argument `beta_1` must be above 0 and at most 1, got {beta_1}")
        self.beta_1, self.beta_2 = beta_1, beta_2

    def _slots(self) -> dict[str, float]:
        return {"momentum": 0.0}

    def _update_one(self, w: np.ndarray, g: np.ndarray, rate: float, *slots: np.ndarray) -> None:
        (m,) = slots
        w -= rate * np.sign(self.beta_1 * m + (1 - self.beta_1) * g)
        m[...] = self.beta_2 * m + (1 - self.beta_2) * g
