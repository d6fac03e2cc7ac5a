"""Keras's `keras.random`: random values; a seed is None, an int (the same values each time) or a SeedGenerator."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from .. import ops
from ..engine.convert import operand
from ..engine.tensor import Tensor
from ..engine.typing import DTypeLike, Shape, TensorLike
from ..ops import random
from ..support.missing import missing
from ..support.neutral import neutral

__all__ = ["SeedGenerator", "categorical", "dropout", "normal", "randint", "shuffle", "truncated_normal", "uniform"]


class SeedGenerator:
    """A separate stream of random numbers: functions that take it as their seed continue it.

    seed: int: the same numbers in each run; None: different ones
    name: an attribute; None: "seed_generator"
    """

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self.name = name or "seed_generator"
        self.initial_seed = int(random.generator().integers(2**31)) if seed is None else seed
        self.rng = np.random.default_rng(self.initial_seed)

    @neutral(ordered=True)
    def next(self) -> Tensor:
        """Two integers, different ones in each call."""
        return Tensor(self.rng.integers(2**31, size=2))


Seed: TypeAlias = int | SeedGenerator | np.random.Generator | None


def _stream(seed: Seed) -> Any:
    """The seed for the functions of `tf.random`: a SeedGenerator's stream, which they continue, or the seed itself."""
    return seed.rng if isinstance(seed, SeedGenerator) else seed


def normal(shape: Shape, mean: float = 0.0, stddev: float = 1.0, dtype: DTypeLike = None, seed: Seed = None) -> Tensor:
    """Normal values of this mean and standard deviation."""
    return random.normal(shape, mean, stddev, dtype or "float32", _stream(seed))


def truncated_normal(
    shape: Shape, mean: float = 0.0, stddev: float = 1.0, dtype: DTypeLike = None, seed: Seed = None
) -> Tensor:
    """Normal values; those further than 2 stddev from the mean are drawn again."""
    return random.truncated_normal(shape, mean, stddev, dtype or "float32", _stream(seed))


def uniform(
    shape: Shape, minval: float = 0.0, maxval: float = 1.0, dtype: DTypeLike = None, seed: Seed = None
) -> Tensor:
    """Values in [minval, maxval)."""
    return random.uniform(shape, minval, maxval, dtype or "float32", _stream(seed))


def randint(shape: Shape, minval: int, maxval: int, dtype: DTypeLike = "int32", seed: Seed = None) -> Tensor:
    """Integers in [minval, maxval)."""
    return random.uniform(shape, minval, maxval, dtype, _stream(seed))


def categorical(logits: TensorLike, num_samples: int, dtype: DTypeLike = "int32", seed: Seed = None) -> Tensor:
    """Classes drawn with probabilities softmax(logits): (m, n) -> (m, num_samples)"""
    return random.categorical(logits, num_samples, dtype, _stream(seed))


def shuffle(x: TensorLike, axis: int = 0, seed: Seed = None) -> Tensor:
    """The entries along the axis in a random order."""
    x = operand(x)
    order = random.generator(_stream(seed)).permutation(x._array.shape[axis])
    return ops.gather(x, order, axis=axis)


def dropout(inputs: TensorLike, rate: float, noise_shape: Shape | None = None, seed: Seed = None) -> Tensor:
    """A share `rate` of the inputs set to 0, the others divided by (1 - rate)."""
    return random.dropout(inputs, rate, noise_shape, _stream(seed))


__getattr__ = missing(__name__)
