"""Layers that add or multiply noise in training, and give their inputs otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np

from ...engine import replicas
from ...engine.tensor import Tensor
from ...ops import random
from ...ops.functions import SELU_ALPHA, SELU_SCALE
from .base import Layer, LayerOptions


class _Noise(Layer):
    """Base class: `_noisy(inputs)` in training, if the argument is not 0. argument: its name, and the attribute's.

    rate: in [0, 1)
    seed: int: a separate random generator; None: the global one (keras.utils.set_random_seed)
    """

    def __init__(self, argument: str, value: float, seed: int | None, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        if not 0 <= value <= 1:
            raise ValueError(
                f"Invalid value received for argument `{argument}`: expected 0 <= {argument} <= 1, got {value}"
            )
        self._argument, self.seed = argument, seed
        self._generator = None if seed is None else random.generator(seed)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        return self._noisy(inputs) if training and getattr(self, self._argument) else inputs

    def _noisy(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def _normal(self, x: Tensor, mean: float, stddev: float) -> Tensor:
        values = replicas.drawn((self._generator or random.generator()).standard_normal, x._array.shape)
        return Tensor((values * stddev + mean).astype(x._array.dtype, copy=False))


class GaussianNoise(_Noise):
    """In training, x + normal values of this standard deviation.

    stddev: standard deviation, in [0, 1]
    """

    def __init__(self, stddev: float, seed: int | None = None, **options: Unpack[LayerOptions]) -> None:
        super().__init__("stddev", stddev, seed, **options)
        self.stddev = stddev

    def _noisy(self, x: Tensor) -> Tensor:
        return x + self._normal(x, 0.0, self.stddev)


class GaussianDropout(_Noise):
    """In training, x times normal values of mean 1 and variance rate / (1 - rate) (Srivastava et al. 2014)."""

    def __init__(self, rate: float, seed: int | None = None, **options: Unpack[LayerOptions]) -> None:
        super().__init__("rate", rate, seed, **options)
        self.rate = rate

    def _noisy(self, x: Tensor) -> Tensor:
        return x * self._normal(x, 1.0, (self.rate / (1 - self.rate)) ** 0.5)


class _Masked(_Noise):
    """Base class: drops the inputs where `_mask` is 0.

    noise_shape: shape of the mask, broadcast to the inputs; None in it for their size; None for their shape
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__("rate", rate, seed, **options)
        self.rate, self.noise_shape = rate, noise_shape

    def _mask(self, x: Tensor) -> Tensor:
        """1 with probability 1 - rate, else 0."""
        shape = x._array.shape
        if self.noise_shape is not None:
            shape = tuple(n if size is None else size for size, n in zip(self.noise_shape, shape, strict=True))
        draw = (self._generator or random.generator()).random
        of_batch = self.noise_shape is None or self.noise_shape[0] is None
        values = replicas.drawn(draw, shape) if of_batch else draw(shape, np.float32)
        return Tensor((values >= self.rate).astype(x._array.dtype))


class Dropout(_Masked):
    """In training, sets a share `rate` of the inputs to 0 and divides the rest by (1 - rate).

    rate: in [0, 1]
    """

    def _noisy(self, x: Tensor) -> Tensor:
        mask = self._mask(x)
        mask._array[...] *= mask._array.dtype.type(1 / (1 - self.rate) if self.rate < 1 else 0)
        return x * mask


class AlphaDropout(_Masked):
    """In training, sets a share `rate` of the inputs to selu's least value, then keeps mean 0 and variance 1.

    a * (x where not dropped, else least) + b with a = ((1 - rate) * (1 + rate * least^2))^(-1/2), b = -a * least * rate
    (Klambauer et al. 2017).
    """

    LEAST = -SELU_SCALE * SELU_ALPHA

    def _noisy(self, x: Tensor) -> Tensor:
        mask = self._mask(x)
        a = ((1 - self.rate) * (1 + self.rate * self.LEAST**2)) ** -0.5
        return x * (a * mask) + (a * self.LEAST * (1 - mask) - a * self.LEAST * self.rate)
