"""Layers that are a matrix: Dense multiplies by it, Embedding takes rows of it."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from ... import ops
from ...engine.tensor import Tensor
from ...engine.typing import TensorLike
from ...support.neutral import neutral
from .. import activations
from ._weighted import Weighted
from .base import LayerOptions


class Dense(Weighted):
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
        self._resolve(locals())

    def build(self, input_shape: Any) -> None:
        if not input_shape or input_shape[-1] is None:
            raise ValueError(f"Layer {self.name!r} needs to know the last size of its input, got {input_shape}")
        self.kernel = self._add("kernel", (input_shape[-1], self.units))
        self.bias = self._add("bias", (self.units,)) if self.use_bias else None

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


class Embedding(Weighted):
    """Integers below input_dim (...) -> rows of a weight (..., output_dim).

    The gradient of a row that is taken twice is the sum of both, also where an optimizer squares it; Keras on
    TensorFlow squares the two apart.

    input_dim: number of rows: the largest integer + 1
    output_dim: size of a row
    embeddings_initializer: name or object of keras.initializers, function (shape, dtype) or array
    embeddings_regularizer: adds to the loss: name or object of keras.regularizers, function, or None
    embeddings_constraint: after each update: name or object of keras.constraints, function, or None
    weights: first values (input_dim, output_dim), also in a list; None for those of embeddings_initializer
    input_length: from older programs: n stands for input_shape=(n,); None: not given
    """

    @neutral(mask_zero=False, lora_rank=None, lora_alpha=None, quantization_config=None)
    def __init__(  # type: ignore[misc]  # here input_dim is another thing than in Layer's options
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        *,
        weights: TensorLike | None = None,
        input_length: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        for name, size in (("input_dim", input_dim), ("output_dim", output_dim)):
            if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size <= 0:
                raise ValueError(f"`{name}` must be a positive integer, got {size!r}")
        super().__init__(**({} if input_length is None else {"input_shape": (input_length,)}) | options)
        self.input_dim, self.output_dim = int(input_dim), int(output_dim)
        self._resolve(locals())
        if weights is not None:
            self.build(None)
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def build(self, input_shape: Any = None) -> None:
        self.embeddings = self._add("embeddings", (self.input_dim, self.output_dim))

    def call(self, inputs: Tensor) -> Tensor:
        rows = inputs._array
        return ops.gather(self.embeddings, rows if rows.dtype.kind in "iu" else rows.astype(np.int32))
