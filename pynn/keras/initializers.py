"""First values of weights: callables (shape, dtype) -> Tensor. A seed of its own makes one repeat its values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import ops, random
from ..tensor import Tensor
from ._names import lookup, snake_case


class Initializer:
    """Base class: subclasses compute values in __call__."""

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        raise NotImplementedError


class Constant(Initializer):
    """The same value everywhere."""

    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        return ops.cast(ops.fill(shape, self.value), dtype)


class Zeros(Constant):
    """0 everywhere."""

    def __init__(self) -> None:
        super().__init__(0.0)


class Ones(Constant):
    """1 everywhere."""

    def __init__(self) -> None:
        super().__init__(1.0)


class RandomUniform(Initializer):
    """Uniform over [minval, maxval)."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        return random.uniform(shape, self.minval, self.maxval, dtype, self.seed)


class RandomNormal(Initializer):
    """Normal values."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        return random.normal(shape, self.mean, self.stddev, dtype, self.seed)


class TruncatedNormal(RandomNormal):
    """Normal values; those further than 2 stddev from the mean are drawn again."""

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        return random.truncated_normal(shape, self.mean, self.stddev, dtype, self.seed)


class _VarianceScaling(Initializer):
    """Values of mean 0 and variance scale / fan, where fan is fan_in, or the mean of fan_in and fan_out.

    shape (..., fan_in, fan_out), times the sizes before them for both; of (n,), both are n; of (), 1.
    Uniform: limits sqrt(3 * variance). Normal: cut at 2 stddev before the cut, which keeps the variance.
    """

    scale: float
    average: bool
    uniform: bool

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        shape = tuple(shape)
        receptive = math.prod(shape[:-2])
        fan_in, fan_out = (shape[0], shape[0]) if len(shape) == 1 else (shape[-2:] if shape else (1, 1))
        fan = (fan_in + fan_out) / 2 if self.average else fan_in
        variance = self.scale / max(1.0, fan * receptive)
        if self.uniform:
            limit = math.sqrt(3 * variance)
            return random.uniform(shape, -limit, limit, dtype, self.seed)
        # a normal distribution cut at 2 stddev keeps 0.8796 of its stddev
        return random.truncated_normal(shape, 0.0, math.sqrt(variance) / 0.87962566103423978, dtype, self.seed)


class GlorotUniform(_VarianceScaling):
    """Uniform, variance 2 / (fan_in + fan_out): Glorot and Bengio 2010."""

    scale, average, uniform = 1.0, True, True


class GlorotNormal(_VarianceScaling):
    """Truncated normal, variance 2 / (fan_in + fan_out): Glorot and Bengio 2010."""

    scale, average, uniform = 1.0, True, False


class HeUniform(_VarianceScaling):
    """Uniform, variance 2 / fan_in: He et al. 2015."""

    scale, average, uniform = 2.0, False, True


class HeNormal(_VarianceScaling):
    """Truncated normal, variance 2 / fan_in: He et al. 2015."""

    scale, average, uniform = 2.0, False, False


_CLASSES = (
    Zeros, Ones, Constant, RandomUniform, RandomNormal, TruncatedNormal,
    GlorotUniform, GlorotNormal, HeUniform, HeNormal,
)  # fmt: skip
_KNOWN = {name: c for c in _CLASSES for name in (snake_case(c.__name__), c.__name__)}


def get(identifier: Any) -> Callable[..., Any]:
    """An initializer for a name, a class, an initializer, or a function (shape, dtype)."""
    if isinstance(identifier, type):
        return identifier()
    return identifier if callable(identifier) else lookup("initializer", identifier, _KNOWN)()
