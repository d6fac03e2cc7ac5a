"""Sequential: a stack of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops
from ...tensor import Tensor
from ..layers import InputLayer, Layer
from .model import Model


class Sequential(Model):
    """Layers applied one after the other.

    If the first entry is an Input (or the first layer has `input_shape=`), each layer is built when it is added;
    else all are built on the first data.
    """

    def __init__(
        self, layers: Sequence[Layer] | None = None, *, trainable: bool = True, name: str | None = None
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self._stack: list[Layer] = []
        self._input: tuple[int | None, ...] | None = None
        self._declared = False  # not taken from the first data, of which only the rank then binds
        for layer in layers or ():
            self.add(layer)

    def add(self, layer: Layer) -> None:
        """Puts a layer on top."""
        if not isinstance(layer, Layer):
            raise ValueError(f"Only layers can be added to a Sequential model, got {layer!r} of {type(layer)}")
        if isinstance(layer, InputLayer):
            if self._input or self._stack:
                raise ValueError(
                    f"An Input must be the first entry of Sequential model {self.name!r}, and the only one"
                )
            self._input, self._declared = layer.batch_shape, True
            return
        if any(other.name == layer.name for other in self._stack):
            raise ValueError(
                f"All layers added to a Sequential model should have unique names: {layer.name!r} is there already"
            )
        if not self._stack and not self._input and layer._first_shape is not None:
            self._input, self._declared = (None, *layer._first_shape), True
        self._stack.append(layer)
        if self._input:
            self.build(self._input)
        else:
            self.built = False

    def pop(self) -> Layer:
        """Takes the topmost layer off."""
        if not self._stack:
            raise ValueError(f"There is no layer in Sequential model {self.name!r}")
        layer = self._stack.pop()
        self.built = self.built and bool(self._stack)
        return layer

    def build(self, input_shape: Any) -> None:
        """Builds each layer for what the one below gives, from inputs of this shape (with the batch)."""
        if not self._stack:
            raise ValueError(f"Sequential model {self.name!r} cannot be built because it has no layers: add() some")
        self._input = shape = tuple(input_shape)
        for layer in self._stack:
            if not layer.built:
                layer.build(shape)
            shape = layer.compute_output_shape(shape)

    def call(self, inputs: Tensor) -> Tensor:
        x, shape = inputs, inputs._array.shape
        if self._input and shape[1:] != self._input[1:]:
            if self._input[1:] == (1,) and len(shape) == 1:
                x = ops.expand_dims(x, -1)  # samples of one number may come as (m,)
            else:
                self._check_shape(shape)
        for layer in self._stack:
            x = layer(x)
        return x

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        expected = (None, *self._input[1:])  # type: ignore[index]
        if len(shape) != len(expected):
            problem = f"expected ndim={len(expected)}, found ndim={len(shape)}"
        elif self._declared and any(n not in (None, m) for n, m in zip(expected, shape, strict=True)):
            problem = "the sizes differ"
        else:
            return
        raise ValueError(
            f"Input of model {self.name!r} is incompatible with it: {problem}. Expected shape {expected}, got {shape}"
        )
