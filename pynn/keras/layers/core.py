"""The layers of dense networks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import ops, random
from ...tensor import Tensor
from .. import activations, initializers
from .base import Layer


class InputLayer(Layer):
    """The shape of one sample, as the first entry of a Sequential."""

    def __init__(
        self, shape: Sequence[int | None] = (), batch_size: int | None = None, *, name: str | None = None
    ) -> None:
        super().__init__(name=name)
        self.batch_shape = (batch_size, *shape)

    def call(self, inputs: Tensor) -> Tensor:
        return inputs


def Input(shape: Sequence[int | None] = (), batch_size: int | None = None, *, name: str | None = None) -> InputLayer:
    """The shape of one sample (without the batch), as the first entry of a Sequential."""
    return InputLayer(shape, batch_size, name=name)


class Dense(Layer):
    """activation(x @ kernel + bias): x (..., k) -> (..., units). With relu it is one fused pass."""

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = "float32",
        input_shape: Any = None,
        input_dim: int | None = None,
    ) -> None:
        super().__init__(name=name, trainable=trainable, dtype=dtype, input_shape=input_shape, input_dim=input_dim)
        if isinstance(units, bool) or not isinstance(units, (int, np.integer)) or units <= 0:
            raise ValueError(f"Received an invalid value for `units`, expected a positive integer: {units!r}")
        self.units, self.use_bias = int(units), use_bias
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

    def build(self, input_shape: Any) -> None:
        if not input_shape or input_shape[-1] is None:
            raise ValueError(f"Layer {self.name!r} needs to know the last size of its input, got {input_shape}")
        shape = (input_shape[-1], self.units)
        self.kernel = self.add_weight(shape, self.kernel_initializer, name="kernel")
        self.bias = self.add_weight((self.units,), self.bias_initializer, name="bias") if self.use_bias else None

    def call(self, inputs: Tensor) -> Tensor:
        x, shape = inputs, inputs._array.shape
        if len(shape) < 2 or shape[-1] != self.kernel._array.shape[0]:
            raise ValueError(
                f"Input of layer {self.name!r} is incompatible with the layer: expected shape "
                f"(batch, ..., {self.kernel.shape[0]}), got {x.shape}"
            )
        if x._array.dtype != self._dtype:  # integers, like the bytes of an image
            x = ops.cast(x, self._dtype)
        if self.activation is activations.relu:
            return ops.dense(x, self.kernel, self.bias, "relu")
        return self.activation(ops.dense(x, self.kernel, self.bias))


class Flatten(Layer):
    """(m, ...) -> (m, product of the others)"""

    def call(self, inputs: Tensor) -> Tensor:
        shape = inputs._array.shape
        return ops.reshape(inputs, (shape[0], math.prod(shape[1:])))


class Activation(Layer):
    """Applies an activation function."""

    def __init__(self, activation: Any, *, name: str | None = None, input_shape: Any = None) -> None:
        super().__init__(name=name, input_shape=input_shape)
        self.activation = activations.get(activation)

    def call(self, inputs: Tensor) -> Tensor:
        return self.activation(inputs)


class ReLU(Layer):
    """max(x, 0), or as keras.activations.relu with the given arguments."""

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        *,
        name: str | None = None,
        input_shape: Any = None,
    ) -> None:
        super().__init__(name=name, input_shape=input_shape)
        for argument, value in (
            ("max_value", max_value or 0.0),
            ("negative_slope", negative_slope),
            ("threshold", threshold),
        ):
            if value < 0:
                raise ValueError(f"{argument} of a ReLU layer cannot be a negative value, got {value}")
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold

    def call(self, inputs: Tensor) -> Tensor:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class Softmax(Layer):
    """Probabilities along the axis."""

    def __init__(self, axis: int = -1, *, name: str | None = None, input_shape: Any = None) -> None:
        super().__init__(name=name, input_shape=input_shape)
        self.axis = axis

    def call(self, inputs: Tensor) -> Tensor:
        return activations.softmax(inputs, self.axis)


class Dropout(Layer):
    """In training, sets a share `rate` of the inputs to 0 and divides the others by (1 - rate).

    `noise_shape`: the shape of the mask, broadcast to the inputs, if it is not theirs.
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Any = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        input_shape: Any = None,
    ) -> None:
        super().__init__(name=name, input_shape=input_shape)
        if not 0 <= rate <= 1:
            raise ValueError(f"Invalid value received for argument `rate`: expected 0 <= rate <= 1, got {rate}")
        self.rate, self.noise_shape = rate, noise_shape
        self._generator = None if seed is None else random.generator(seed)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or not self.rate:
            return inputs
        a = inputs._array
        rng = self._generator or random.generator()
        keep = rng.random(self.noise_shape or a.shape, dtype=np.float32) >= self.rate
        scale = 1 / (1 - self.rate) if self.rate < 1 else 0.0
        return ops.multiply(inputs, Tensor(keep.astype(a.dtype) * a.dtype.type(scale)))
