"""Copies of models: the same layers and calls, other weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...engine import nest
from ...support.neutral import neutral
from ..common.configuration import deserialize, serialize
from ..layers import InputLayer, Layer
from ..layers.operation import Operation
from .model import Functional, Model
from .sequential import Sequential


@neutral(call_function=None, recursive=False)
def clone_model(
    model: Model, input_tensors: Any = None, clone_function: Callable[[Layer], Layer] | None = None
) -> Model:
    """A new model of the same layers, calls and names, compiled alike, its weights drawn anew.

    Each layer is made by clone_function(layer), by default of its configuration. A subclass of Model is made as
    `load_model` would; ValueError: with a clone_function. TypeError: input_tensors, which Keras has there.
    """
    if input_tensors is not None:
        raise TypeError("clone_model: input_tensors is not supported; call the copy on them")
    if isinstance(model, (Sequential, Functional)):
        make = clone_function or _cloned
        copy = _sequential(model, make) if isinstance(model, Sequential) else _functional(model, make)
        if config := model.get_compile_config():
            copy.compile_from_config(config)
        return copy
    if clone_function is not None:
        raise ValueError(f"clone_function makes the layers of Sequential models and graphs, not of {type(model)}")
    return deserialize(serialize(model), {type(model).__name__: type(model)})


def _sequential(model: Sequential, make: Callable[[Layer], Layer]) -> Sequential:
    copy = Sequential(name=model.name, trainable=model._trainable)
    copy._dtype = model._dtype
    for layer in ([_cloned(model._entry)] if model._entry else []) + [make(layer) for layer in model.layers]:
        copy.add(layer)
    if model._input and not copy._input:
        copy.build(model._input)
    return copy


def _functional(model: Functional, make: Callable[[Layer], Layer]) -> Functional:
    graph = model._graph
    assert graph is not None
    copies = {
        id(layer): _cloned(layer) if isinstance(layer, (InputLayer, Operation)) else make(layer)
        for layer in graph.layers
    }
    values = {id(x): copies[id(x.node.layer)].output for x in graph.leaves}
    inputs = nest.map_structure(lambda x: values[id(x)], graph.inputs)
    outputs = graph.replayed(values, lambda node, args, kwargs: copies[id(node.layer)](*args, **kwargs))
    return type(model)(inputs, outputs, name=model.name, trainable=model._trainable)


def _cloned(layer: Layer) -> Layer:
    inner = isinstance(layer, (Sequential, Functional))
    return clone_model(layer) if inner else type(layer).from_config(layer.get_config())  # type: ignore[arg-type]
