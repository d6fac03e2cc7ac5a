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
    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        return ops.cast(ops.fill(shape, self.value), dtype)


class Zeros(Constant):
    def __init__(self) -> None:
        super().__init__(0.0)


class Ones(Constant):
    def __init__(self) -> None:
        super().__init__(1.0)


class RandomUniform(Initializer):
    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        return random.uniform(shape, self.minval, self.maxval, dtype, self.seed)


class RandomNormal(Initializer):
    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        return random.normal(shape, self.mean, self.stddev, dtype, self.seed)


class TruncatedNormal(RandomNormal):
    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        return random.truncated_normal(shape, self.mean, self.stddev, dtype, self.seed)


class _Scaled(Initializer):
    """Values whose variance is `scale` / fan: in, or the mean of in and out (Glorot 2010, He 2015)."""

    scale: float
    use_both: bool
    uniform: bool

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        shape = tuple(shape)
        receptive = math.prod(shape[:-2])
        fan_in, fan_out = (shape[0], shape[0]) if len(shape) == 1 else (shape[-2:] if shape else (1, 1))
        fan = (fan_in + fan_out) / 2 if self.use_both else fan_in
        variance = self.scale / max(1.0, fan * receptive)
        if self.uniform:
            limit = math.sqrt(3 * variance)
            return random.uniform(shape, -limit, limit, dtype, self.seed)
        # a normal distribution cut at 2 stddev keeps 0.8796 of its stddev
        return random.truncated_normal(shape, 0.0, math.sqrt(variance) / 0.87962566103423978, dtype, self.seed)


class GlorotUniform(_Scaled):
    scale, use_both, uniform = 1.0, True, True


class GlorotNormal(_Scaled):
    scale, use_both, uniform = 1.0, True, False


class HeUniform(_Scaled):
    scale, use_both, uniform = 2.0, False, True


class HeNormal(_Scaled):
    scale, use_both, uniform = 2.0, False, False


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
