"""Adam and variants: steps along a running mean of gradients, divided by a running mean of their sizes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

import kernels

from ...engine.variable import Variable
from .base import Optimizer, rule
from .options import Array, Arrays
from .rate import LearningRate


@rule
class _Moments(Optimizer):
    """Rules with a running mean of gradients, and one of their squares or sizes.

    beta_1, beta_2: decay of the two means
    epsilon: small number that keeps the divisor from 0
    """

    learning_rate: LearningRate = LearningRate(0.001)
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def _slots(self) -> list[dict[str, float]]:
        return [{"momentum": 0.0, "velocity": 0.0}]


@rule
class Adam(_Moments):
    """m += (1 - beta_1) * (g - m); v += (1 - beta_2) * (g^2 - v); w -= alpha * m / (sqrt(v) + epsilon)

    with alpha = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) at step t (Kingma and Ba 2014, epsilon hat).

    amsgrad: whether the largest v so far replaces v
    """

    amsgrad: bool = False

    def _slots(self) -> list[dict[str, float]]:
        return super()._slots() + ([{"velocity_hat": 0.0}] if self.amsgrad else [])

    @property
    def _takes_products(self) -> bool:
        return not self.amsgrad

    def _update(self, w: Arrays, g: Arrays, rate: float, *slots: Arrays) -> None:
        if self.amsgrad:
            super()._update(w, g, rate, *slots)
        else:
            m, v = slots
            kernels.adam_update(w, m, v, g, rate, self.beta_1, self.beta_2, self.epsilon, self._step)

    def _update_one(self, w: Array, g: Array, rate: float, m: Array, v: Array, largest: Array) -> None:
        m += (1 - self.beta_1) * (g - m)
        v += (1 - self.beta_2) * (g * g - v)
        np.maximum(largest, v, out=largest)
        alpha = rate * (1 - self.beta_2**self._step) ** 0.5 / (1 - self.beta_1**self._step)
        w -= alpha * m / (np.sqrt(largest) + self.epsilon)


@rule
class AdamW(Adam):
    """Adam with weight decay beside the gradient (Loshchilov and Hutter 2019)."""

    weight_decay: float = 0.004  # in the place that Keras gives it

    def _check(self) -> None:
        if self.weight_decay is None:
            raise ValueError("Argument `weight_decay` must be a float, got None")


class Adamax(_Moments):
    """m += (1 - beta_1) * (g - m); u = max(beta_2 * u, |g|); w -= learning_rate / (1 - beta_1^t) * m / (u + epsilon)

    at step t (Kingma and Ba 2014, section 7).
    """

    def _slots(self) -> list[dict[str, float]]:
        return [{"momentum": 0.0, "norm": 0.0}]

    def _update_one(self, w: Array, g: Array, rate: float, m: Array, u: Array) -> None:
        m += (1 - self.beta_1) * (g - m)
        np.maximum(self.beta_2 * u, np.abs(g), out=u)
        w -= rate * m / ((1 - self.beta_1**self._step) * (u + self.epsilon))


class Nadam(_Moments):
    """Adam with Nesterov's momentum (Dozat 2016), whose weight u_t = beta_1 * (1 - 0.96^t / 2) grows with the step t:

    m and v as Adam's; w -= learning_rate * m_hat / (sqrt(v / (1 - beta_2^t)) + epsilon), where
    m_hat = u_{t+1} * m / (1 - u_1 ... u_{t+1}) + (1 - u_t) * g / (1 - u_1 ... u_t).
    """

    _product: Any = None  # until `build`

    def build(self, variables: Iterable[Variable]) -> None:
        """As Optimizer's, with the product of u_1 ... u_t."""
        if self.built:
            return
        super().build(variables)
        self._product = self.add_variable(initializer="ones", name="u_product")
        self._multiplied = 0  # the step whose factor came last

    def _weight(self, step: int) -> float:
        return self.beta_1 * (1 - 0.5 * 0.96**step)

    def _update(self, w: Arrays, g: Arrays, rate: float, *slots: Arrays) -> None:
        if self._multiplied != self._step:
            self._product.assign(self._product._array * self._weight(self._step))
            self._multiplied = self._step
        super()._update(w, g, rate, *slots)

    def _update_one(self, w: Array, g: Array, rate: float, m: Array, v: Array) -> None:
        m += (1 - self.beta_1) * (g - m)
        v += (1 - self.beta_2) * (g * g - v)
        product, now, following = float(self._product), self._weight(self._step), self._weight(self._step + 1)
        ahead = following / (1 - product * following) * m + (1 - now) / (1 - product) * g
        w -= rate * ahead / (np.sqrt(v / (1 - self.beta_2**self._step)) + self.epsilon)
