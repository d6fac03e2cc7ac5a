"""The learning rate of an optimizer: a variable, a schedule of the steps, or a function without arguments."""

from __future__ import annotations

import math
from typing import Any

from ...engine.typing import TensorLike
from .schedules import LearningRateSchedule


class Default(float):
    """A rule's default learning rate; the older argument `lr` may replace it."""


class LearningRate:
    """The attributes `learning_rate` and `lr`: the Variable, which may be set at any time, or the schedule's value.

    The class's attribute is the default. The optimizer's `_rate` is the Variable, the schedule or the function.
    """

    def __init__(self, default: float | None) -> None:
        self.default = None if default is None else Default(default)

    def __get__(self, optimizer: Any, cls: type) -> Any:
        if optimizer is None:
            return self.default
        rate = optimizer._rate
        if isinstance(rate, LearningRateSchedule):
            return rate(optimizer._iterations)
        return rate() if callable(rate) else rate

    def __set__(self, optimizer: Any, value: TensorLike) -> None:
        rate: Any = getattr(optimizer, "_rate", None)
        if not hasattr(optimizer, "_iterations"):  # in the constructor: the argument, then `lr`, which is mostly None
            if rate is not None and value is not None and not isinstance(rate, Default):
                raise TypeError("`lr` is the older name of `learning_rate`: give one of them")
            optimizer._rate = rate if value is None else value
        elif callable(value):
            optimizer._rate = value
        elif callable(rate):
            raise TypeError(
                "This optimizer's learning rate is a schedule or a function, hence it is not settable to a number; "
                "make the optimizer with a float `learning_rate` for that."
            )
        else:
            rate.assign(number(value))


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
