"""Constraints: functions of a weight that optimizers apply to it after each update."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from .. import ops
from ..engine.tensor import Tensor
from ..engine.typing import TensorLike
from ..support.missing import missing
from .common import configuration
from .common.configuration import Configured, resolve
from .common.names import snake_case

__all__ = ["Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm", "deserialize", "get", "max_norm",
           "min_max_norm", "non_neg", "serialize", "unit_norm"]  # fmt: skip
EPSILON = 1e-7
Axis: TypeAlias = int | Sequence[int] | None


class Constraint(Configured):
    """Base class: a subclass computes the constrained weight in `__call__`."""

    _module = "keras.constraints"

    def __call__(self, w: TensorLike) -> TensorLike:
        return w


class NonNeg(Constraint):
    """max(w, 0)"""

    def __call__(self, w: TensorLike) -> Tensor:
        return ops.relu(w)


class UnitNorm(Constraint):
    """w / (epsilon + norm) along the axis

    axis: the axis or list of axes of the norm; None for all
    """

    def __init__(self, axis: Axis = 0) -> None:
        self.axis = axis

    def __call__(self, w: TensorLike) -> Tensor:
        return ops.divide(w, EPSILON + ops.norm(w, axis=self.axis, keepdims=True))


class MinMaxNorm(Constraint):
    """w scaled so that its norm along the axis lies in [min_value, max_value], by the share `rate` of the way.

    min_value, max_value: limits of the norm
    rate: in [0, 1]; 1 for all the way
    axis: the axis or list of axes of the norm; None for all
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Axis = 0) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: TensorLike) -> Tensor:
        norm = ops.norm(w, axis=self.axis, keepdims=True)
        target = ops.clip_by_value(norm, self.min_value, self.max_value)
        if self.rate != 1:
            target = self.rate * target + (1 - self.rate) * norm
        return ops.multiply(w, target / (EPSILON + norm))


class MaxNorm(MinMaxNorm):
    """w scaled so that its norm along the axis is at most max_value (Srivastava et al. 2014).

    max_value: upper limit of the norm
    """

    def __init__(self, max_value: float = 2, axis: Axis = 0) -> None:
        super().__init__(0.0, max_value, 1.0, axis)


max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm
_KNOWN = {name: c for c in (MaxNorm, MinMaxNorm, NonNeg, UnitNorm) for name in (c.__name__, snake_case(c.__name__))}


def get(identifier: Any) -> Callable[[Any], Any] | None:
    """A function for a name, a class, a configuration or a function; None for None."""
    return resolve("keras.constraints", "constraint", identifier, _KNOWN)


def serialize(constraint: Any) -> Any:
    """What describes the constraint in a configuration, in JSON's types."""
    return configuration.serialize(constraint)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The constraint that `serialize` described; custom_objects: a user's classes by name."""
    return get(configuration.deserialize(config, custom_objects, family="keras.constraints"))


__getattr__ = missing(__name__)
