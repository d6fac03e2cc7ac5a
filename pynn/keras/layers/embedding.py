"""Embedding: a learned vector for each of a number of things."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from ... import ops
from ...engine.tensor import Tensor
from ...support.neutral import neutral
from .. import constraints, initializers, regularizers
from .base import Layer, LayerOptions


class Embedding(Layer):
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
        weights: Any = None,
        input_length: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        for name, size in (("input_dim", input_dim), ("output_dim", output_dim)):
            if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size <= 0:
                raise ValueError(f"`{name}` must be a positive integer, got {size!r}")
        if input_length is not None:
            options = {"input_shape": (input_length,), **options}
        super().__init__(**options)
        self.input_dim, self.output_dim = int(input_dim), int(output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        if weights is not None:
            self.build(None)
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def build(self, input_shape: Any = None) -> None:
        self.embeddings = self.add_weight(
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            name="embeddings",
        )

    def call(self, inputs: Tensor) -> Tensor:
        rows = inputs._array
        return ops.gather(self.embeddings, rows if rows.dtype.kind in "iu" else rows.astype(np.int32))
