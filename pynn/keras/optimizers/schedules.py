"""Learning rates as functions of the number of steps so far, computed in float32 as in Keras."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.convert import as_array
from ...engine.tensor import Tensor
from ...engine.typing import TensorLike
from ...support.missing import missing
from ..common import configuration
from ..common.configuration import Configured

__all__ = ["CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "LearningRateSchedule",
           "PiecewiseConstantDecay", "PolynomialDecay", "deserialize", "serialize"]  # fmt: skip
F32 = np.float32
ONE, PI = F32(1), F32(math.pi)


class LearningRateSchedule(Configured):
    """Base class: a subclass computes the learning rate after `step` steps in `__call__`."""

    _module = "keras.optimizers.schedules"

    def __call__(self, step: TensorLike) -> Any:
        raise NotImplementedError(f"Learning rate schedule {type(self).__name__!r} must override `__call__`.")


class _Schedule(LearningRateSchedule):
    """The schedules below, which compute in `_rate` from a float32 step, or an array of them.

    initial_learning_rate: the learning rate at step 0
    decay_steps: number of steps, above 0, of the decay
    alpha: lowest learning rate, as a share of initial_learning_rate
    name: of the schedule, in its configuration; None: the class's
    """

    name: str | None

    def __post_init__(self) -> None:
        for name in ("decay_steps", "first_decay_steps"):
            if (steps := getattr(self, name, 1)) <= 0:
                raise ValueError(f"Argument `{name}` must be > 0, got {steps}")
        self.name = self.name or type(self).__name__

    def __call__(self, step: TensorLike) -> Tensor:
        with np.errstate(all="ignore"):
            return Tensor(np.asarray(self._rate(as_array(step).astype(F32)), F32))

    def _rate(self, step: np.ndarray) -> np.ndarray:
        raise NotImplementedError


@dataclass(eq=False, repr=False)
class _Decay(_Schedule):
    """Of p = step / decay_steps.

    decay_rate: the learning rate's factor at p = 1
    staircase: whether floor(p) replaces p
    """

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = False
    name: str | None = None

    def _passed(self, step: np.ndarray) -> np.ndarray:
        p = step / F32(self.decay_steps)
        return np.floor(p) if self.staircase else p


class ExponentialDecay(_Decay):
    """initial_learning_rate * decay_rate ** p, where p = step / decay_steps."""

    def _rate(self, step: np.ndarray) -> np.ndarray:
        return F32(self.initial_learning_rate) * F32(self.decay_rate) ** self._passed(step)


class InverseTimeDecay(_Decay):
    """initial_learning_rate / (1 + decay_rate * p), where p = step / decay_steps.

    decay_rate: weight of p in the divisor
    """

    def _rate(self, step: np.ndarray) -> np.ndarray:
        return F32(self.initial_learning_rate) / (ONE + F32(self.decay_rate) * self._passed(step))


@dataclass(eq=False, repr=False)
class PiecewiseConstantDecay(_Schedule):
    """values[i] for boundaries[i - 1] < step <= boundaries[i].

    boundaries: the last steps, rising, of all values but the last
    values: learning rates, one more than there are boundaries
    """

    boundaries: Sequence[float]
    values: Sequence[float]
    name: str = "PiecewiseConstant"

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.boundaries) != len(self.values) - 1:
            raise ValueError(
                "The length of boundaries should be 1 less than the length of values, "
                f"got {self.boundaries} and {self.values}"
            )

    def _rate(self, step: np.ndarray) -> np.ndarray:
        return np.asarray(self.values, F32)[np.searchsorted(self.boundaries, step)]


@dataclass(eq=False, repr=False)
class PolynomialDecay(_Schedule):
    """(initial_learning_rate - end_learning_rate) * (1 - p) ** power + end_learning_rate

    with p = min(step, decay_steps) / decay_steps.

    end_learning_rate: the learning rate where p is 1
    power: exponent of 1 - p
    cycle: whether p = step / (decay_steps * ceil(step / decay_steps)), without end
    """

    initial_learning_rate: float
    decay_steps: float
    end_learning_rate: float = 0.0001
    power: float = 1.0
    cycle: bool = False
    name: str = "PolynomialDecay"

    def _rate(self, step: np.ndarray) -> np.ndarray:
        whole: np.ndarray | np.float32 = F32(self.decay_steps)
        if self.cycle:
            whole = whole * np.maximum(np.ceil(step / whole), ONE)
        p = np.minimum(step, whole) / whole
        end = F32(self.end_learning_rate)
        return (F32(self.initial_learning_rate) - end) * (ONE - p) ** F32(self.power) + end


@dataclass(eq=False, repr=False)
class CosineDecay(_Schedule):
    """initial_learning_rate * ((1 - alpha) * (1 + cos(pi * min(step, decay_steps) / decay_steps)) / 2 + alpha)

    With a warmup_target: from initial_learning_rate in a line to warmup_target over warmup_steps, and from there
    on as above. Loshchilov and Hutter 2016.

    alpha: lowest learning rate, as a share of initial_learning_rate, or of warmup_target
    warmup_target: the learning rate after the warm-up; None: no warm-up
    warmup_steps: number of steps of the warm-up
    """

    initial_learning_rate: float
    decay_steps: float
    alpha: float = 0.0
    name: str = "CosineDecay"
    warmup_target: float | None = None
    warmup_steps: float = 0

    def _rate(self, step: np.ndarray) -> np.ndarray:
        first, whole = F32(self.initial_learning_rate), F32(self.decay_steps)
        if self.warmup_target is None:
            return first * _cosine(np.minimum(step, whole) / whole, ONE, F32(self.alpha))
        target, warmup = F32(self.warmup_target), F32(self.warmup_steps)
        line = (target - first) * (step / warmup) + first
        after = target * _cosine(np.minimum(step - warmup, whole) / whole, ONE, F32(self.alpha))
        return np.where(step < warmup, line, after)


@dataclass(eq=False, repr=False)
class CosineDecayRestarts(_Schedule):
    """CosineDecay that restarts after first_decay_steps, then after first_decay_steps * t_mul, ... steps.

    In run i = 0, 1, ... the cosine is m_mul ** i times as high. Loshchilov and Hutter 2016.

    first_decay_steps: number of steps, above 0, of the first run
    t_mul: each run is so many times as long as the one before
    m_mul: in each run the cosine is so many times as high as in the one before
    """

    initial_learning_rate: float
    first_decay_steps: float
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0
    name: str = "SGDRDecay"

    def _rate(self, step: np.ndarray) -> np.ndarray:
        p, t = step / F32(self.first_decay_steps), F32(self.t_mul)
        if t == 1:
            run = np.floor(p)
            p = p - run
        else:
            run = np.floor(np.log(ONE - p * (ONE - t)) / np.log(t))
            p = (p - (ONE - t**run) / (ONE - t)) / t**run
        return F32(self.initial_learning_rate) * _cosine(p, F32(self.m_mul) ** run, F32(self.alpha))


def _cosine(p: np.ndarray, height: np.ndarray | np.float32, alpha: np.float32) -> np.ndarray:
    """From height at p = 0 to alpha at p = 1."""
    return (ONE - alpha) * (F32(0.5) * height * (ONE + np.cos(PI * p))) + alpha


def serialize(learning_rate_schedule: Any) -> Any:
    """What describes the schedule in a configuration, in JSON's types."""
    return configuration.serialize(learning_rate_schedule)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The schedule that `serialize` described; custom_objects: a user's classes by name."""
    return configuration.deserialize(config, custom_objects, family="keras.optimizers.schedules")


__getattr__ = missing(__name__)
