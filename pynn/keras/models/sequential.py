"""Sequential: a stack of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops
from ...engine import budget
from ...engine.dtypes import as_dtype
from ...engine.scope import scope_of
from ...engine.tensor import Tensor
from ...support.neutral import neutral
from ..common.configuration import deserialize, serialize
from ..common.names import auto_name
from ..common.symbolic import KerasTensor
from ..layers import InputLayer, Layer
from . import graph
from .model import Model


class Sequential(Model):
    """Layers applied one after the other.

    If the first entry is an Input (or the first layer has `input_shape=`), each layer is built when it is added;
    else all are built on the first data.

    layers: a list of layers, or one layer; None for none yet: see `add`
    """

    _is_of_layers = True

    def __init__(
        self, layers: Sequence[Layer | KerasTensor] | None = None, trainable: bool = True, name: str | None = None
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self._stack: list[Layer] = []
        self._layer_names: set[str] = set()
        self._input: tuple[int | None, ...] | None = None
        # the first layer's input, its output, the next one's output, ...
        self._chain: list[KerasTensor] = []
        self._entry: InputLayer | None = None  # the user's first entry, not made from the first data
        if layers is not None and not isinstance(layers, (list, tuple)):
            layers = [layers]  # type: ignore[list-item]  # one layer alone
        for layer in layers or ():
            self.add(layer)

    @neutral(rebuild=True)
    def add(self, layer: Layer | KerasTensor) -> None:
        """Puts a layer on top."""
        if isinstance(layer, KerasTensor) and isinstance(layer.node.layer, InputLayer):
            layer = layer.node.layer
        if not isinstance(layer, Layer):
            raise ValueError(f"Only layers can be added to a Sequential model, got {layer!r} of {type(layer)}")
        if isinstance(layer, InputLayer):
            if self._input or self._stack:
                raise ValueError(
                    f"An Input must be the first entry of Sequential model {self.name!r}, and the only one"
                )
            self._input, self._entry = layer.batch_shape, layer
            return
        if layer.name in self._layer_names:  # a set, because models may have thousands
            self._layer_names = {other.name for other in self._stack}  # one may have been renamed
        if layer.name in self._layer_names:
            raise ValueError(
                f"All layers added to a Sequential model should have unique names: {layer.name!r} is there already"
            )
        if not self._stack and not self._input:
            shape = layer._first_shape
            if shape is None and isinstance(layer, Sequential) and layer._entry:
                shape = layer._entry.batch_shape[1:]
            if shape is not None:
                self._entry = InputLayer(shape)
                self._input = self._entry.batch_shape
        self._stack.append(layer)
        self._layer_names.add(layer.name)
        if self._chain:
            with scope_of(self):
                self._chain.append(layer(self._chain[-1]))
        elif self._input:
            self.build(self._input)
        else:
            self.built = False

    @neutral(rebuild=True)
    def pop(self) -> Layer:
        """Takes the topmost layer off."""
        if not self._stack:
            raise ValueError(f"There is no layer in Sequential model {self.name!r}")
        self._chain = self._chain[: len(self._stack)]
        self.built = self.built and len(self._stack) > 1
        layer = self._stack.pop()
        self._layer_names.discard(layer.name)
        return layer

    @property
    def layers(self) -> list[Layer]:
        """The layers of the stack; not its Input."""
        return list(self._stack)

    def build(self, input_shape: Any = None) -> None:
        """Builds each layer on the output of the one before; input_shape is with the batch."""
        if input_shape is None:
            input_shape = self._input
        if input_shape is None:
            raise ValueError(f"Sequential model {self.name!r} needs an input_shape, or a keras.Input as first entry")
        if not self._stack:
            raise ValueError(f"Sequential model {self.name!r} cannot be built because it has no layers: add() some")
        self._input = tuple(input_shape)
        self._chain = [(self._entry or InputLayer(batch_shape=self._input)).output]
        auto_name("functional")  # Keras makes a graph inside, which counts among the models without a name
        for layer in self._stack:
            self._chain.append(layer(self._chain[-1]))

    @property
    def inputs(self) -> list[KerasTensor]:
        """The input of the first layer, in a list."""
        return [self.input]

    @property
    def outputs(self) -> list[KerasTensor]:
        """The output of the last layer, in a list."""
        return [self.output]

    @property
    def input(self) -> KerasTensor:
        """The input of the first layer, for `Model(inputs, outputs)`."""
        return self._ends()[0]

    @property
    def output(self) -> KerasTensor:
        """The output of the last layer, for `Model(inputs, outputs)`."""
        return self._ends()[-1]

    def _ends(self) -> list[KerasTensor]:
        if not self._chain:
            raise AttributeError(
                f"Sequential model {self.name!r} has no defined input shape yet: add a keras.Input first, or call "
                "it on data."
            )
        return self._chain

    def call(self, inputs: Tensor) -> Tensor:
        if type(inputs) is not Tensor:  # the only one of a list, or of a dict by the Input's name
            (inputs,) = graph.in_order(self._chain[0], inputs)
        x, shape = inputs, inputs._array.shape
        if self._input and shape[1:] != self._input[1:]:
            if self._input[1:] == (1,) and len(shape) == 1:
                x = ops.expand_dims(x, -1)  # samples of one number may come as (m,)
            else:
                self._check_shape(shape)
        if budget.opened:
            budget.work(len(self._stack) * budget.CALL)
        for layer in self._stack:
            x = layer(x)
        return x

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        expected = (None, *self._input[1:])  # type: ignore[index]
        if len(shape) != len(expected):
            problem = f"expected ndim={len(expected)}, found ndim={len(shape)}"
        elif self._entry and any(n not in (None, m) for n, m in zip(expected, shape, strict=True)):
            problem = "the sizes differ"
        else:
            return
        raise ValueError(
            f"Input of model {self.name!r} is incompatible with it: {problem}. Expected shape {expected}, got {shape}"
        )

    def get_config(self) -> dict[str, Any]:
        """The layers' configurations, the Input's first."""
        config = {
            "name": self.name,
            "trainable": self._trainable,
            "dtype": self._dtype.name,
            "layers": serialize([self._entry, *self._stack] if self._entry else self._stack),
        }
        return config | ({"build_input_shape": list(self._input)} if self._input else {})

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Sequential:
        """A new model, with new weights, from what `get_config` returned; custom_objects: see load_model."""
        layers = deserialize(config["layers"], custom_objects, family="keras.layers")
        model = cls(name=config["name"], trainable=config.get("trainable", True))
        if config.get("dtype"):
            model._dtype = as_dtype(deserialize(config["dtype"])).dtype
        for layer in layers:
            model.add(layer)
        if not model._input and config.get("build_input_shape"):
            model.build(config["build_input_shape"])
        return model
