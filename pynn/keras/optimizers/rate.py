"""The learning rate of an optimizer: a variable, a schedule of the steps, or a function without arguments."""

from __future__ import annotations

import math
from typing import Any

from ...engine.typing import TensorLike
from ...engine.variable import Variable
from ..variables import owned
from .schedules import InverseTimeDecay, LearningRateSchedule


class Default(float):
    """A rule's default learning rate; the older argument `lr` may replace it."""


class LearningRate:
    """The attributes `learning_rate` and `lr`: the Variable, which may be set at any time, or the schedule's value.

    The class's attribute is the default.
    """

    def __init__(self, default: float | None) -> None:
        self.default = None if default is None else Default(default)

    def __get__(self, optimizer: Any, cls: type) -> Any:
        return self.default if optimizer is None else optimizer._rate.now(optimizer._iterations)

    def __set__(self, optimizer: Any, value: TensorLike) -> None:
        rate = getattr(optimizer, "_rate", self)  # vars() would make all of the optimizer's attributes slower
        if isinstance(rate, Rate):
            rate.set(value)
        elif rate is self or value is not None:  # in the constructor: the argument, or `lr` after it
            if not isinstance(rate, (LearningRate, Default)):
                raise TypeError("`lr` is the older name of `learning_rate`: give one of them")
            optimizer._rate = value


class Rate:
    """An optimizer's learning rate: a Variable, a schedule or a function."""

    def __init__(self, owner: Any, value: Any, decay: float | None = None) -> None:
        """decay: value / (1 + decay * steps)."""
        if decay:
            value = InverseTimeDecay(number(value), 1, decay)
        self.held: Any = value if callable(value) else owned(owner, number(value), "learning_rate", dtype="float32")

    def now(self, steps: Variable) -> Any:
        """The variable, or the value of the schedule or function after so many steps."""
        if isinstance(self.held, LearningRateSchedule):
            return self.held(steps)
        return self.held() if callable(self.held) else self.held

    def set(self, value: TensorLike) -> None:
        """Assigns a number to the variable, or replaces it with a schedule or function."""
        if callable(value):
            self.held = value
        elif callable(self.held):
            raise TypeError(
                "This optimizer's learning rate is a schedule or a function, hence it is not settable to a number; "
                "make the optimizer with a float `learning_rate` for that."
            )
        else:
            self.held.assign(number(value))


def number(value: Any) -> float:
    """A learning rate as a float. ValueError: NaN, or no number."""
    if isinstance(value, str) or not hasattr(value, "__float__"):
        raise ValueError(
            "Argument `learning_rate` should be a number, a LearningRateSchedule, or a function without arguments "
            f"that returns the learning rate, got {value!r}"
        )
    rate = float(value)
    if math.isnan(rate):
        raise ValueError("The learning rate is NaN")
    return rate
