"""Optimizers: `apply_gradients` updates variables in place, all in one call of a kernel."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

import kernels

from ..convert import as_array
from ..tensor import Tensor
from ..variable import Variable
from ._names import auto_name, lookup

Arrays = list[np.ndarray]


class Optimizer:
    """Base class: a subclass says how many arrays it keeps for each variable (its slots), and updates the variables.

    The slots begin as zeros; they and the update have the variable's dtype.
    """

    def __init__(self, learning_rate: float, name: str | None) -> None:
        self.name = name or auto_name(type(self))
        self._learning_rate = Variable(_rate(learning_rate), trainable=False, name="learning_rate")
        self._steps = 0
        # by id of the variable; holding the variables keeps the ids theirs
        self._state: dict[int, tuple[Variable, list[np.ndarray]]] = {}

    @property
    def learning_rate(self) -> Variable:
        """The step size, which may be set to another number at any time."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self._learning_rate.assign(_rate(value))

    @property
    def iterations(self) -> Tensor:
        """How many times gradients were applied."""
        return Tensor(np.asarray(self._steps))

    def build(self, variables: Iterable[Variable]) -> None:
        """Zeros for each variable's slots; later only these variables can be updated."""
        for v in variables:
            self._state[id(v)] = v, [np.zeros_like(v._array) for _ in range(self._slots())]

    def _slots(self) -> int:
        raise NotImplementedError

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Tensor:
        """One update from pairs (gradient, variable). A gradient that is None leaves its variable as it is."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self.iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable]) -> None:
        """As apply_gradients, from two lists. ValueError: all gradients None, or a variable that came later."""
        if not self._state:
            self.build(trainable_variables)
        missing = [v.name for g, v in zip(grads, trainable_variables, strict=True) if g is None]
        if missing:
            if len(missing) == len(grads):
                raise ValueError("No gradients provided for any variable.")
            warnings.warn(f"Gradients do not exist for variables {missing} when minimizing the loss.", stacklevel=3)
        learning_rate = float(self._learning_rate._array)
        self._steps += 1
        pending: dict[int, tuple[np.ndarray, np.ndarray, list[np.ndarray]]] = {}  # by id of the variable
        for g, v in zip(grads, trainable_variables, strict=True):
            if g is None:
                continue
            known = self._state.get(id(v))
            if known is None:
                raise ValueError(
                    f"Unknown variable: {v!r}. This optimizer can only be called for the variables it was "
                    "originally built with; make a new optimizer for others."
                )
            if id(v) in pending:  # given twice: one after the other
                self._update_all(pending, learning_rate)
            g = as_array(g)
            w = v._writable()
            if g.dtype != w.dtype or not g.flags.c_contiguous:
                g = np.ascontiguousarray(g, w.dtype)
            pending[id(v)] = w, g, known[1]
        self._update_all(pending, learning_rate)

    def _update_all(
        self, pending: dict[int, tuple[np.ndarray, np.ndarray, list[np.ndarray]]], learning_rate: float
    ) -> None:
        """Updates what is pending, and forgets it."""
        if pending:
            w, g, slots = zip(*pending.values(), strict=True)
            self._update(list(w), list(g), learning_rate, *map(list, zip(*slots, strict=True)))
            pending.clear()

    def _update(self, w: Arrays, g: Arrays, learning_rate: float, *slots: Arrays) -> None:
        """One step for all variables: their arrays, their gradients, and for each slot its arrays."""
        raise NotImplementedError


def _rate(value: Any) -> float:
    rate = float(value)
    if math.isnan(rate):
        raise ValueError("The learning rate is NaN")
    return rate


class SGD(Optimizer):
    """w -= learning_rate * g

    With momentum: m = momentum * m - learning_rate * g; w += m, or with nesterov
    w += momentum * m - learning_rate * g.
    """

    def __init__(
        self, learning_rate: float = 0.01, momentum: float = 0.0, nesterov: bool = False, *, name: str | None = None
    ) -> None:
        super().__init__(learning_rate, name)
        if not 0 <= momentum <= 1:
            raise ValueError(f"`momentum` must be a float between [0, 1], got {momentum}")
        self.momentum, self.nesterov = float(momentum), nesterov

    def _slots(self) -> int:
        return 1 if self.momentum else 0

    def _update(self, w: Arrays, g: Arrays, learning_rate: float, *slots: Arrays) -> None:
        if slots:
            kernels.momentum_update(w, slots[0], g, learning_rate, self.momentum, self.nesterov)
        else:
            kernels.sgd_update(w, g, learning_rate)


class RMSprop(Optimizer):
    """v = rho * v + (1 - rho) * g^2; w -= learning_rate * g / sqrt(v + epsilon)

    centered: a = rho * a + (1 - rho) * g, and v - a^2 stands for v under the root.
    With momentum: m = momentum * m + the step above; w -= m.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(learning_rate, name)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered

    def _slots(self) -> int:
        return 1 + bool(self.momentum) + bool(self.centered)

    def _update(self, w: Arrays, g: Arrays, learning_rate: float, *slots: Arrays) -> None:
        if not (self.momentum or self.centered):
            kernels.rmsprop_update(w, slots[0], g, learning_rate, self.rho, self.epsilon)
            return
        for array, slope, *own in zip(w, g, *slots, strict=True):
            self._update_one(array, slope, learning_rate, *own)

    def _update_one(self, w: np.ndarray, g: np.ndarray, learning_rate: float, v: np.ndarray, *more: np.ndarray) -> None:
        v[...] = self.rho * v + (1 - self.rho) * g * g
        spread = v + self.epsilon
        if self.centered:
            a = more[-1]
            a[...] = self.rho * a + (1 - self.rho) * g
            spread -= a * a
        step = learning_rate * g / np.sqrt(spread)
        if self.momentum:
            m = more[0]
            m[...] = self.momentum * m + step
            step = m
        w -= step


class Adam(Optimizer):
    """m += (1 - beta_1) * (g - m); v += (1 - beta_2) * (g^2 - v); w -= alpha * m / (sqrt(v) + epsilon)

    with alpha = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) at step t (Kingma and Ba 2014, epsilon hat).
    amsgrad: the largest v so far stands for v.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(learning_rate, name)
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = beta_1, beta_2, epsilon, amsgrad

    def _slots(self) -> int:
        return 2 + bool(self.amsgrad)

    def _update(self, w: Arrays, g: Arrays, learning_rate: float, *slots: Arrays) -> None:
        t = self._steps
        if not self.amsgrad:
            m, v = slots
            kernels.adam_update(w, m, v, g, learning_rate, self.beta_1, self.beta_2, self.epsilon, t)
            return
        alpha = learning_rate * (1 - self.beta_2**t) ** 0.5 / (1 - self.beta_1**t)
        for array, slope, mean, square, largest in zip(w, g, *slots, strict=True):
            mean += (1 - self.beta_1) * (slope - mean)
            square += (1 - self.beta_2) * (slope * slope - square)
            np.maximum(largest, square, out=largest)
            array -= alpha * mean / (np.sqrt(largest) + self.epsilon)


_KNOWN = {name: c for c in (SGD, RMSprop, Adam) for name in (c.__name__.lower(), c.__name__)}


def get(identifier: Any) -> Optimizer:
    """An optimizer for a name (with the default settings) or an Optimizer."""
    if isinstance(identifier, Optimizer):
        return identifier
    return lookup("optimizer", identifier, _KNOWN)()
