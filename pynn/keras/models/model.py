"""Model: a layer that trains, evaluates, predicts, and is saved as a whole."""

from __future__ import annotations

import inspect
import json
import os
import warnings
from collections.abc import Callable
from typing import Any, Self

from ...engine import nest, replicas
from ...support.neutral import neutral
from ...support.outside import outside
from ..common.configuration import deserialize, serialize
from ..common.registry import custom_object_scope
from ..common.symbolic import KerasTensor, symbols, traced
from ..export import export
from ..layers import Layer
from ..layers.operation import Operation
from ..saving import files, state
from ..training.step import Trainer
from . import graph


class Model(Trainer, Layer):
    """Of a graph, `Model(inputs, outputs)`; or a base class: a subclass makes layers and calls them in `call`.

    inputs, outputs: KerasTensors, from keras.Input and layers called on it, or lists or dicts of them; None: no graph
    """

    _module = "keras"
    _graph: graph.Graph | None = None
    _has_own_build = False  # True in a subclass that defines `build`
    export, _save_state = export, state.save

    @property
    def _is_of_layers(self) -> bool:  # type: ignore[override]
        """Whether the model consists of `layers`; else they are attributes, which a subclass's `call` uses."""
        return self._graph is not None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        of_graph = bool(args) or kwargs.get("inputs") is not None
        return super().__new__(Functional if cls is Model and of_graph else cls, *args, **kwargs)  # type: ignore[return-value]

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        *,
        trainable: bool = True,
        dtype: Any = None,
        name: str | None = None,
    ) -> None:
        if (inputs is None) != (outputs is None):
            raise TypeError("A model of a graph needs both `inputs` and `outputs`")
        super().__init__(name=name, trainable=trainable, dtype=dtype)
        self._ranks = replicas.scoped
        if inputs is not None:
            inputs, outputs = graph.from_inputs(inputs, outputs)
            self._graph = graph.Graph(inputs, outputs)
            # an attribute, so that `_parts` finds them
            self._graph_layers = [layer for layer in self._graph.layers if not isinstance(layer, Operation)]
            self.output_names = self._graph.output_names
            self.built, self._build_shape = True, nest.map_structure(lambda x: tuple(x.shape), inputs)

    def call(self, inputs: Any) -> Any:
        """The outputs: the graph's, or what a subclass computes."""
        if self._graph is None:
            raise NotImplementedError(
                f"Model {type(self).__name__} does not have a `call()` method: write one, or make the model of a "
                "graph: Model(inputs, outputs)"
            )
        return self._graph.run(inputs)

    def _symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """On KerasTensors, a graph's list of one output stays a list, as in Keras."""
        outputs = super()._symbolic_call(*args, **kwargs)
        form = self._graph.outputs if self._graph else None
        if isinstance(form, (list, tuple)) and len(form) == 1:
            self._nodes[-1].outputs = outputs = [outputs] if isinstance(form, list) else (outputs,)
        return outputs

    def build(self, input_shape: Any) -> None:
        """Makes the weights of all layers, by calling the model on zeros of this shape, or nest of shapes."""
        if self._graph is None:
            traced(self._inferred, self.name, [[symbols(input_shape, self._dtype)], {}])

    def _build_for(self, input_shape: Any) -> None:
        self._build_shape = input_shape
        if self._has_own_build:  # else the call that follows builds the layers
            self.build(input_shape)

    @property
    def operations(self) -> list[Layer]:
        """The layers, and among them a graph's operators (`x + y`)."""
        return self.layers if self._graph is None else self._graph.layers

    @property
    def layers(self) -> list[Layer]:
        """The layers of the graph, or among the attributes in the order in which they were set."""
        return self._parts(Layer)[1] if self._graph is None else list(self._graph_layers)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of this name, or at this place. ValueError: there is none."""
        layers = self.layers
        if (name is None) == (index is None):
            raise ValueError("Provide either a layer name or layer index at `get_layer`.")
        if index is not None:
            if index >= len(layers):
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model only has {len(layers)} layers."
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(f"No such layer: {name}. Existing layers are: {[layer.name for layer in layers]}.")

    @property
    def inputs(self) -> list[KerasTensor] | None:
        """The graph's inputs in order; None for a subclass without a graph."""
        return None if self._graph is None else self._graph.leaves

    @property
    def outputs(self) -> list[KerasTensor] | None:
        """The graph's outputs in order; None for a subclass without a graph."""
        return None if self._graph is None else nest.flatten(self._graph.outputs)

    @property
    def input(self) -> Any:
        """The graph's inputs in the structure that the constructor got."""
        return super().input if self._graph is None else self._graph.inputs

    @property
    def output(self) -> Any:
        """The graph's outputs in the structure that the constructor got."""
        return super().output if self._graph is None else self._graph.outputs

    @property
    def input_shape(self) -> Any:
        """The shape of the graph's input, or the list of them."""
        return _shapes(self.inputs or nest.flatten(self.input))

    @property
    def output_shape(self) -> Any:
        """The shape of the graph's output, or the list of them."""
        return _shapes(self.outputs or nest.flatten(self.output))

    @neutral(expand_nested=False, show_trainable=False, layer_range=None)
    def summary(
        self, line_length: int | None = None, positions: Any = None, print_fn: Callable[[str], Any] | None = None
    ) -> None:
        """Prints the layers, their output shapes and numbers of weights; positions: the columns' shares of a line."""
        from .summary import print_summary  # now: see training.loop

        if print_fn or not (self._ranks and self._ranks.rank):  # of several ranks the first alone prints
            print_summary(self, line_length, positions, print_fn)

    @neutral(zipped=True, include_optimizer=True)
    def save(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Writes the model (.keras: configuration, weights, optimizer), all or nothing."""
        files.save_model(self, filepath, overwrite)

    @neutral(max_shard_size=None)
    def save_weights(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Writes the weights (.weights.h5, .npz or .safetensors), all or nothing."""
        self._check_weights()
        files.save_weights(self, filepath, overwrite)

    @neutral(by_name=False)
    def load_weights(self, filepath: str | os.PathLike[str], skip_mismatch: bool = False) -> None:
        """Reads weights of the same model (.weights.h5, .npz, .safetensors, or a whole model's .keras or .h5).

        A file that does not fit changes nothing; with skip_mismatch, its layers that fit are taken, with a warning.
        """
        self._check_weights()
        files.load_weights(self, filepath, skip_mismatch)

    def _restore_state(self, path: str | os.PathLike[str]) -> dict[str, Any]:
        with state.shared(path, self._ranks) as copy:
            return state.restore(self, copy)

    def _check_weights(self) -> None:
        if not (self.built or self.weights):
            raise ValueError(f"Model {self.name!r} has no weights yet: call it on data, or build(input_shape), first.")

    def to_json(self, **options: Any) -> str:
        """The configuration as text, which `keras.models.model_from_json` takes; options: json.dumps's."""
        return json.dumps(serialize(self), **options)

    def get_compile_config(self) -> dict[str, Any] | None:
        """The arguments of `compile` in JSON's types; None, and a warning, where that is not possible."""
        if not self.compiled:
            return None
        try:
            return serialize(vars(self._compile_arguments))
        except TypeError as error:
            warnings.warn(f"The configuration leaves out what `compile` was given: {error}", stacklevel=outside())
            return None

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles with what `get_compile_config` returned; where a subclass overrides `compile`, only warns."""
        if type(self).compile is not Model.compile:
            warnings.warn(
                f"{type(self).__name__} has a compile() of its own, which was not called: call it, or override "
                "compile_from_config and get_compile_config",
                stacklevel=outside(),
            )
            return
        families = {"optimizer": "keras.optimizers", "loss": "keras.losses"}
        self.compile(**{
            name: deserialize(value, family=families.get(name, "keras.metrics")) for name, value in config.items()
        })  # fmt: skip

    def get_config(self) -> dict[str, Any]:
        """The graph's layers and calls, or the arguments of a constructor without `inputs` and `outputs`."""
        if self._graph is None or not {"inputs", "outputs"} <= set(inspect.signature(type(self).__init__).parameters):
            return super().get_config()
        return {"name": self.name, "trainable": self._trainable, **self._graph.config()}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Model:
        """A new model, with new weights, from what `get_config` returned; custom_objects: see load_model."""
        with custom_object_scope(custom_objects or {}):
            if "input_layers" not in config:
                return cls(**{name: deserialize(value) for name, value in config.items()})
            return cls(*graph.from_config(config), name=config["name"], trainable=config.get("trainable", True))


class Functional(Model):
    """What `Model(inputs, outputs)` makes: a model of a graph.

    inputs, outputs: KerasTensors, from keras.Input and layers called on it, or lists or dicts of them
    """

    _module = "keras.src.models.functional"


def _shapes(symbols: list[KerasTensor]) -> Any:
    shapes = [tuple(x.shape) for x in symbols]
    return shapes[0] if len(shapes) == 1 else shapes
