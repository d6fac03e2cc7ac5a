"""First values of weights: callables (shape, dtype) -> Tensor of that shape; dtype None: keras.config.floatx()."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import ops
from ..engine.convert import as_array, to_shape
from ..engine.dtypes import as_dtype
from ..engine.tensor import Operators, Tensor
from ..engine.typing import DTypeLike, Shape, TensorLike
from ..ops import random
from ..support.missing import missing
from . import config
from .common import configuration


class Initializer(configuration.Configured):
    """Base class: subclasses compute values in __call__."""

    _module = "keras.initializers"

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Tensor:
        raise NotImplementedError

    def clone(self) -> Initializer:
        """A copy with the same arguments; without a seed, it draws other values."""
        return type(self).from_config(self.get_config())


class RandomInitializer(Initializer):
    """Each object has one seed: called again with the same shape, it returns the same values.

    seed: an int; None draws one from the global random numbers (keras.utils.set_random_seed)
    """

    def __init__(self, seed: int | None = None) -> None:
        if seed is None:
            seed = int(random.generator().integers(2**31))
        elif isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise ValueError(f"`seed` argument should be an integer. Received: seed={seed!r}")
        self.seed = int(seed)


def _as_type(dtype: DTypeLike) -> np.dtype:
    return as_dtype(dtype or config.floatx()).dtype


class Constant(Initializer):
    """The same value everywhere; an array is broadcast to the shape.

    value: a number or array
    """

    def __init__(self, value: TensorLike = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Tensor:
        return ops.broadcast_to(ops.cast(self.value, _as_type(dtype)), shape)


class Zeros(Initializer):
    """0 everywhere."""

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Tensor:
        return ops.zeros(shape, _as_type(dtype))


class Ones(Initializer):
    """1 everywhere."""

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Tensor:
        return ops.ones(shape, _as_type(dtype))


class Identity(Initializer):
    """gain on the diagonal of a matrix, 0 elsewhere.

    gain: a number
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Tensor:
        shape = to_shape(shape)
        if len(shape) != 2:
            raise ValueError(f"Identity initializes matrices. Received: shape={shape} of rank {len(shape)}.")
        return Tensor((self.gain * np.eye(*shape)).astype(_as_type(dtype)))


class RandomUniform(RandomInitializer):
    """Uniform over [minval, maxval).

    minval, maxval: limits of the values
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Tensor:
        return random.uniform(shape, self.minval, self.maxval, _as_type(dtype), self.seed)


class RandomNormal(RandomInitializer):
    """Normal values.

    mean, stddev: mean and standard deviation
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Tensor:
        return random.normal(shape, self.mean, self.stddev, _as_type(dtype), self.seed)


class TruncatedNormal(RandomNormal):
    """Normal values; those further than 2 stddev from the mean are drawn again.

    mean, stddev: mean and standard deviation, before that
    """

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Tensor:
        return random.truncated_normal(shape, self.mean, self.stddev, _as_type(dtype), self.seed)


class Orthogonal(RandomInitializer):
    """gain times a matrix (all sizes but the last, last size) of orthonormal rows or columns: Saxe et al. 2014.

    gain: a number
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Tensor:
        shape = to_shape(shape)
        if len(shape) < 2:
            raise ValueError(f"Orthogonal needs a matrix or more. Received: shape={shape} of rank {len(shape)}.")
        *rows, columns = shape
        sizes = math.prod(rows), columns
        q, r = np.linalg.qr(random.normal((max(sizes), min(sizes)), dtype=np.float64, seed=self.seed)._array)
        q = q * np.sign(np.diag(r))  # makes the draw uniform over the orthogonal matrices
        return Tensor((self.gain * (q.T if sizes[0] < sizes[1] else q).reshape(shape)).astype(_as_type(dtype)))


class VarianceScaling(RandomInitializer):
    """Values of mean 0 and variance scale / fan.

    Of a shape (..., fan_in, fan_out) both fans are multiplied by the sizes before them; of (n,), both are n; of (), 1.

    scale: a number above 0
    mode: the fan: "fan_in", "fan_out" or their mean, "fan_avg"
    distribution: "uniform" up to sqrt(3 * variance); "truncated_normal" or "normal", cut at 2 stddev before the cut,
        which keeps the variance; "untruncated_normal"
    input_axes, output_axes: axes whose sizes make the fans, both or neither; None: the last two, times the rest
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed)
        if scale <= 0:
            raise ValueError(f"Argument `scale` must be positive float. Received: scale={scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"Invalid `mode` argument: {mode}. Please use 'fan_in', 'fan_out' or 'fan_avg'")
        self.distribution = {"normal": "truncated_normal"}.get(distribution.lower(), distribution.lower())
        if self.distribution not in ("uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(
                f"Invalid `distribution` argument: {distribution}. "
                "Please use 'uniform', 'truncated_normal' or 'untruncated_normal'"
            )
        self.scale, self.mode, self.input_axes, self.output_axes = scale, mode, input_axes, output_axes

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Tensor:
        shape, dtype = to_shape(shape), _as_type(dtype)
        if self.input_axes is not None and self.output_axes is not None:
            fan_in, fan_out = (math.prod(shape[i] for i in axes) for axes in (self.input_axes, self.output_axes))
        elif len(shape) < 2:
            fan_in = fan_out = math.prod(shape)
        else:
            fan_in, fan_out = (n * math.prod(shape[:-2]) for n in shape[-2:])
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return random.uniform(shape, -limit, limit, dtype, self.seed)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, math.sqrt(variance), dtype, self.seed)
        # a normal distribution cut at 2 stddev keeps 0.8796 of its stddev
        return random.truncated_normal(shape, 0.0, math.sqrt(variance) / 0.87962566103423978, dtype, self.seed)


class _Scaled(VarianceScaling):
    """VarianceScaling with the scale, mode and distribution of a paper."""

    _proposed: tuple[float, str, str]

    def __init_subclass__(cls, proposed: tuple[float, str, str] | None = None, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls._proposed = proposed or cls._proposed

    def __init__(
        self, seed: int | None = None, input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
    ) -> None:
        super().__init__(*self._proposed, seed, input_axes, output_axes)


class GlorotUniform(_Scaled, proposed=(1.0, "fan_avg", "uniform")):
    """Uniform, variance 2 / (fan_in + fan_out): Glorot and Bengio 2010."""


class GlorotNormal(_Scaled, proposed=(1.0, "fan_avg", "truncated_normal")):
    """Truncated normal, variance 2 / (fan_in + fan_out): Glorot and Bengio 2010."""


class HeUniform(_Scaled, proposed=(2.0, "fan_in", "uniform")):
    """Uniform, variance 2 / fan_in: He et al. 2015."""


class HeNormal(_Scaled, proposed=(2.0, "fan_in", "truncated_normal")):
    """Truncated normal, variance 2 / fan_in: He et al. 2015."""


class LecunUniform(_Scaled, proposed=(1.0, "fan_in", "uniform")):
    """Uniform, variance 1 / fan_in: LeCun et al. 1998, Klambauer et al. 2017."""


class LecunNormal(_Scaled, proposed=(1.0, "fan_in", "truncated_normal")):
    """Truncated normal, variance 1 / fan_in: LeCun et al. 1998, Klambauer et al. 2017."""


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
        return functools.partial(_from_array, as_array(identifier))
    return configuration.resolve("keras.initializers", "initializer", identifier, _KNOWN)


def _from_array(values: np.ndarray, shape: Shape, dtype: DTypeLike = None) -> Tensor:
    """The values in the dtype: with `values` bound, an initializer. ValueError: they have another shape."""
    if to_shape(shape) != values.shape:
        raise ValueError(f"The initial values are of shape {values.shape}, the weight is of shape {shape}")
    return Tensor(values.astype(_as_type(dtype)))


def serialize(initializer: Any) -> Any:
    """What describes the initializer in a configuration, in JSON's types."""
    return configuration.serialize(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The initializer that `serialize` described; custom_objects: a user's classes by name."""
    return get(configuration.deserialize(config, custom_objects, family="keras.initializers"))


__getattr__ = missing(__name__)
