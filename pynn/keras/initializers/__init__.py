"""First values of weights: callables (shape, dtype) -> Tensor."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from ... import ops
from ...engine.convert import as_array, to_shape
from ...engine.tensor import Operators, Tensor
from ...ops import random
from ...support.missing import missing
from ..common import configuration
from .base import Initializer, RandomInitializer, as_type
from .variance_scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)


class Constant(Initializer):
    """The same value everywhere; an array is broadcast to the shape.

    value: a number or array
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return ops.broadcast_to(ops.cast(self.value, as_type(dtype)), shape)


class Zeros(Initializer):
    """0 everywhere."""

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return ops.zeros(shape, as_type(dtype))


class Ones(Initializer):
    """1 everywhere."""

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return ops.ones(shape, as_type(dtype))


class Identity(Initializer):
    """gain on the diagonal of a matrix, 0 elsewhere.

    gain: a number
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        if len(shape) != 2:
            raise ValueError(f"Identity initializes matrices. Received: shape={shape} of rank {len(shape)}.")
        return Tensor((self.gain * np.eye(int(shape[0]), int(shape[1]))).astype(as_type(dtype)))


class RandomUniform(RandomInitializer):
    """Uniform over [minval, maxval).

    minval, maxval: limits of the values
    seed: an int; None draws one from the global random numbers (keras.utils.set_random_seed)
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return random.uniform(shape, self.minval, self.maxval, as_type(dtype), self.seed)


class RandomNormal(RandomInitializer):
    """Normal values.

    mean, stddev: mean and standard deviation
    seed: an int; None draws one from the global random numbers (keras.utils.set_random_seed)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return random.normal(shape, self.mean, self.stddev, as_type(dtype), self.seed)


class TruncatedNormal(RandomNormal):
    """Normal values; those further than 2 stddev from the mean are drawn again.

    mean, stddev: mean and standard deviation, before that
    seed: an int; None draws one from the global random numbers (keras.utils.set_random_seed)
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        return random.truncated_normal(shape, self.mean, self.stddev, as_type(dtype), self.seed)


class Orthogonal(RandomInitializer):
    """gain times a matrix (all sizes but the last, last size) of orthonormal rows or columns: Saxe et al. 2014.

    gain: a number
    seed: an int; None draws one from the global random numbers (keras.utils.set_random_seed)
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = None) -> Tensor:
        if len(shape) < 2:
            raise ValueError(f"Orthogonal needs a matrix or more. Received: shape={shape} of rank {len(shape)}.")
        *rows, columns = shape = to_shape(shape)
        sizes = math.prod(rows), columns
        q, r = np.linalg.qr(random.normal((max(sizes), min(sizes)), dtype=np.float64, seed=self.seed)._array)
        q = q * np.sign(np.diag(r))  # makes the draw uniform over the orthogonal matrices
        return Tensor((self.gain * (q.T if sizes[0] < sizes[1] else q).reshape(shape)).astype(as_type(dtype)))


constant, zeros, ones, identity, orthogonal = Constant, Zeros, Ones, Identity, Orthogonal
random_uniform, random_normal, truncated_normal = RandomUniform, RandomNormal, TruncatedNormal
variance_scaling, glorot_uniform, glorot_normal = VarianceScaling, GlorotUniform, GlorotNormal
he_uniform, he_normal, lecun_uniform, lecun_normal = HeUniform, HeNormal, LecunUniform, LecunNormal
IdentityInitializer, OrthogonalInitializer = Identity, Orthogonal
__all__ = [
    "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "IdentityInitializer",
    "Initializer", "LecunNormal", "LecunUniform", "Ones", "Orthogonal", "OrthogonalInitializer", "RandomNormal",
    "RandomUniform", "TruncatedNormal", "VarianceScaling", "Zeros", "constant", "deserialize", "get", "glorot_normal",
    "glorot_uniform", "he_normal", "he_uniform", "identity", "lecun_normal", "lecun_uniform", "ones", "orthogonal",
    "random_normal", "random_uniform", "serialize", "truncated_normal", "variance_scaling", "zeros",
]  # fmt: skip
_KNOWN = {name: globals()[name] for name in __all__ if name not in ("Initializer", "deserialize", "get", "serialize")}
_KNOWN |= {"normal": RandomNormal, "uniform": RandomUniform, "zero": Zeros, "one": Ones}


def get(identifier: Any) -> Any:
    """An initializer for a name, a configuration, a class, an initializer, a function (shape, dtype), or an array.

    None for None.
    """
    if isinstance(identifier, (Operators, np.ndarray)):
        return functools.partial(_given, as_array(identifier))
    return configuration.resolve("keras.initializers", "initializer", identifier, _KNOWN)


def _given(values: np.ndarray, shape: Any, dtype: Any = None) -> Tensor:
    """An initializer of values that are there already, but for its first argument."""
    if to_shape(shape) != values.shape:
        raise ValueError(f"The initial values are of shape {values.shape}, the weight is of shape {shape}")
    return Tensor(values.astype(as_type(dtype)))


def serialize(initializer: Any) -> Any:
    """What describes the initializer in a configuration, in JSON's types."""
    return configuration.serialize(initializer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The initializer that `serialize` described; custom_objects: names and classes of one's own."""
    return get(configuration.deserialize(config, custom_objects, family="keras.initializers"))


__getattr__ = missing(__name__)
