"""Layers that add or multiply noise in training, and give their inputs otherwise."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from ...engine.tensor import Tensor
from ...ops import random
from .base import Layer, LayerOptions


class _Noise(Layer):
    """What the layers share: a number in [0, 1], and random numbers, from a seed of their own if they are given one."""

    def __init__(self, argument: str, value: float, seed: int | None, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        if not 0 <= value <= 1:
            raise ValueError(
                f"Invalid value received for argument `{argument}`: expected 0 <= {argument} <= 1, got {value}"
            )
        self.seed, self._generator = seed, None if seed is None else random.generator(seed)

    def _normal(self, like: Tensor, mean: float, stddev: float) -> Tensor:
        rng = self._generator or random.generator()
        a = like._array
        return Tensor((rng.standard_normal(a.shape, np.float32) * stddev + mean).astype(a.dtype, copy=False))

    def _kept(self, like: Tensor, rate: float, noise_shape: Any) -> Tensor:
        """1 with probability 1 - rate, else 0. In noise_shape, None stands for the inputs' size."""
        rng = self._generator or random.generator()
        a = like._array
        shape = a.shape
        if noise_shape is not None:
            shape = tuple(n if given is None else given for given, n in zip(noise_shape, shape, strict=True))
        return Tensor((rng.random(shape, np.float32) >= rate).astype(a.dtype))


class Dropout(_Noise):
    """In training, sets a share `rate` of the inputs to 0 and divides the others by (1 - rate).

    rate: in [0, 1]
    noise_shape: shape of the mask, broadcast to the inputs; None in it for their size; None for their shape
    seed: an int for random numbers of its own; None for the global ones (keras.utils.set_random_seed)
    """

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__("rate", rate, seed, **options)
        self.rate, self.noise_shape = rate, noise_shape

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or not self.rate:
            return inputs
        kept = self._kept(inputs, self.rate, self.noise_shape)
        kept._array[...] *= kept._array.dtype.type(1 / (1 - self.rate) if self.rate < 1 else 0)
        return inputs * kept


class GaussianNoise(_Noise):
    """In training, x + normal values of this standard deviation.

    stddev: standard deviation, in [0, 1]
    seed: an int for random numbers of its own; None for the global ones (keras.utils.set_random_seed)
    """

    def __init__(self, stddev: float, seed: int | None = None, **options: Unpack[LayerOptions]) -> None:
        super().__init__("stddev", stddev, seed, **options)
        self.stddev = stddev

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        return inputs + self._normal(inputs, 0.0, self.stddev) if training and self.stddev else inputs


class GaussianDropout(_Noise):
    """In training, x times normal values of mean 1 and variance rate / (1 - rate) (Srivastava et al. 2014).

    rate: in [0, 1)
    seed: an int for random numbers of its own; None for the global ones (keras.utils.set_random_seed)
    """

    def __init__(self, rate: float, seed: int | None = None, **options: Unpack[LayerOptions]) -> None:
        super().__init__("rate", rate, seed, **options)
        self.rate = rate

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or not self.rate:
            return inputs
        return inputs * self._normal(inputs, 1.0, (self.rate / (1 - self.rate)) ** 0.5)


class AlphaDropout(_Noise):
    """In training, sets a share `rate` of the inputs to selu's least value, then keeps mean 0 and variance 1.

    a * (x where kept, else least) + b with a = ((1 - rate) * (1 + rate * least^2))^(-1/2), b = -a * least * rate
    (Klambauer et al. 2017).

    rate: in [0, 1)
    noise_shape: shape of the mask, broadcast to the inputs; None in it for their size; None for their shape
    seed: an int for random numbers of its own; None for the global ones (keras.utils.set_random_seed)
    """

    LEAST = -1.0507009873554805 * 1.6732632423543772

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__("rate", rate, seed, **options)
        self.rate, self.noise_shape = rate, noise_shape

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or not self.rate:
            return inputs
        kept = self._kept(inputs, self.rate, self.noise_shape)
        a = ((1 - self.rate) * (1 + self.rate * self.LEAST**2)) ** -0.5
        return inputs * (a * kept) + (a * self.LEAST * (1 - kept) - a * self.LEAST * self.rate)
