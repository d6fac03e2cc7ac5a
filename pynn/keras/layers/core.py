"""The layers of dense networks."""

from __future__ import annotations

import math
from typing import Any, Unpack

import numpy as np

from ... import ops
from ...engine.tensor import Tensor
from ...support.neutral import neutral
from .. import activations, constraints, initializers, regularizers
from .base import Layer, LayerOptions


class Dense(Layer):
    """activation(x @ kernel + bias): x (..., k) -> (..., units). With relu it is one fused pass.

    units: number of outputs, 1 or more
    activation: name in keras.activations, function, or None for none
    use_bias: whether bias is added
    kernel_initializer, bias_initializer: name or object of keras.initializers, function (shape, dtype) or array
    kernel_regularizer, bias_regularizer: adds to the loss: name or object of keras.regularizers, function, or None
    activity_regularizer: the same, of the outputs, divided by the batch's size
    kernel_constraint, bias_constraint: after each update: name or object of keras.constraints, function, or None
    """

    @neutral(lora_rank=None, lora_alpha=None, quantization_config=None)
    def __init__(  # type: ignore[misc]  # activity_regularizer, in the place that Keras gives it
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **options)
        if isinstance(units, bool) or not isinstance(units, (int, np.integer)) or units <= 0:
            raise ValueError(f"Received an invalid value for `units`, expected a positive integer: {units!r}")
        self.units, self.use_bias = int(units), use_bias
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Any) -> None:
        if not input_shape or input_shape[-1] is None:
            raise ValueError(f"Layer {self.name!r} needs to know the last size of its input, got {input_shape}")
        self.kernel = self.add_weight(
            (input_shape[-1], self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def call(self, inputs: Tensor) -> Tensor:
        x, shape = inputs, inputs._array.shape
        if len(shape) < 2 or shape[-1] != self.kernel._tensor._array.shape[0]:
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
    """(m, ...) -> (m, product of the others).

    data_format: "channels_last"; "channels_first": the second axis goes last before; None for "channels_last"
    """

    def __init__(self, data_format: str | None = None, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        if data_format not in (None, "channels_last", "channels_first"):
            raise ValueError(f"`data_format` is 'channels_last' or 'channels_first', got {data_format!r}")
        self.data_format = data_format or "channels_last"

    def call(self, inputs: Tensor) -> Tensor:
        shape = inputs._array.shape
        if self.data_format == "channels_first" and len(shape) > 2:
            inputs = ops.transpose(inputs, (0, *range(2, len(shape)), 1))
        return ops.reshape(inputs, (shape[0], math.prod(shape[1:])))


class Activation(Layer):
    """Applies an activation function.

    activation: name in keras.activations, function, or None for none
    """

    def __init__(self, activation: Any, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.activation = activations.get(activation)

    def call(self, inputs: Tensor) -> Tensor:
        return self.activation(inputs)


class ReLU(Layer):
    """max(x, 0), or as keras.activations.relu with the given arguments.

    max_value: upper limit of the outputs, 0 or more; None for none
    negative_slope: outputs below threshold are negative_slope * (x - threshold); 0 or more
    threshold: 0 or more
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        for argument, value in (
            ("max_value", max_value or 0.0),
            ("negative_slope", negative_slope),
            ("threshold", threshold),
        ):
            if value is None or value < 0:
                wrong = "None" if value is None else f"a negative value, got {value}"
                raise ValueError(f"{argument} of a ReLU layer cannot be {wrong}")
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold

    def call(self, inputs: Tensor) -> Tensor:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class Softmax(Layer):
    """Probabilities along the axis.

    axis: the axis along which they add up to 1
    """

    def __init__(self, axis: int = -1, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.axis = axis

    def call(self, inputs: Tensor) -> Tensor:
        return activations.softmax(inputs, self.axis)
