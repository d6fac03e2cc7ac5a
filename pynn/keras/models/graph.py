"""The calls between a model's inputs and outputs, in order."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ... import ops
from ...engine import budget, nest
from ..common.configuration import deserialize, serialize
from ..common.names import unique
from ..common.symbolic import KerasTensor, Node
from ..layers import Input, InputLayer, Layer
from ..layers._outermost import is_told_training


class Graph:
    """The nodes that lead from `inputs` to `outputs` (KerasTensors, or nests of them). ValueError: no such path."""

    def __init__(self, inputs: Any, outputs: Any) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.leaves: list[KerasTensor] = nest.flatten(inputs)
        for name, value in (("inputs", inputs), ("outputs", outputs)):
            for x in nest.flatten(value):
                if not isinstance(x, KerasTensor):
                    raise ValueError(f"All `{name}` must be KerasTensors, from keras.Input or a layer; got {x!r}")
        given = {id(x) for x in self.leaves}
        met: dict[int, int] = {}  # nodes by id: when a walk from the outputs first came to them
        done: list[Node] = []  # what a node needs stands before it

        def visit(node: Node) -> None:
            if id(node) in met:
                return
            met[id(node)] = len(met)
            if not any(id(x) in given for x in nest.flatten(node.outputs)):
                if isinstance(node.layer, InputLayer):
                    raise ValueError(
                        f"`inputs` not connected to `outputs`: the outputs also depend on {node.layer.name!r}, "
                        f"which is not among the inputs {[x.name for x in self.leaves]}"
                    )
                for x in node.inputs:
                    visit(x.node)
            done.append(node)

        for x in nest.flatten(outputs):
            visit(x.node)
        depths = dict.fromkeys(met, 0)  # the longest way to an output, by which Keras orders the layers
        for node in reversed(done):
            for x in node.inputs:
                if id(x.node) in met:
                    depths[id(x.node)] = max(depths[id(x.node)], depths[id(node)] + 1)
        self.nodes = sorted(done, key=lambda node: (-depths[id(node)], met[id(node)]))

    @property
    def layers(self) -> list[Layer]:
        """The layers called, each once, from the inputs on."""
        return list({id(node.layer): node.layer for node in self.nodes}.values())

    @property
    def output_names(self) -> list[str]:
        """The names of the layers that give the outputs."""
        return unique(x.node.layer.name for x in nest.flatten(self.outputs))

    def run(self, inputs: Any) -> Any:
        """The outputs for Tensors in place of the inputs; the only one of a list is given as itself, as in Keras."""
        if budget.opened:
            budget.work(len(self.nodes) * budget.CALL)
        values: dict[int, Any] = {}
        for symbol, value in zip(self.leaves, in_order(self.inputs, inputs), strict=True):
            values[id(symbol)] = self._fitting(symbol, value)
        for node in self.nodes:
            symbols = nest.flatten(node.outputs)
            if id(symbols[0]) in values:
                continue
            args, kwargs = nest.map_structure(lambda x: values.get(id(x), x), [list(node.args), node.kwargs])
            if is_told_training():  # what the model is told goes before what the layer was told in the graph
                kwargs.pop("training", None)
            for symbol, value in zip(symbols, nest.flatten(node.layer(*args, **kwargs)), strict=True):
                values[id(symbol)] = value
        outputs = nest.map_structure(lambda x: values[id(x)], self.outputs)
        return outputs[0] if isinstance(outputs, (list, tuple)) and len(outputs) == 1 else outputs

    @staticmethod
    def _fitting(symbol: KerasTensor, value: Any) -> Any:
        """The value, its last axis of size 1 taken away or added where that gives it the input's rank, as in Keras."""
        shape, wanted = value.shape, symbol.shape
        if len(shape) == len(wanted) + 1 and shape[-1] == 1:
            return Graph._fitting(symbol, ops.squeeze(value, -1))
        if len(shape) == len(wanted) - 1 and wanted[-1] == 1:
            return Graph._fitting(symbol, ops.expand_dims(value, -1))
        if len(shape) != len(wanted) or any(n not in (None, m) for n, m in zip(wanted[1:], shape[1:], strict=True)):
            raise ValueError(
                f"Input {symbol.name!r} is incompatible with the model: expected shape {tuple(wanted)}, "
                f"found shape={tuple(shape)}"
            )
        return value

    def config(self) -> dict[str, Any]:
        """The layers and their calls, in the form of Keras's files."""
        at: dict[int, int] = {}  # node by id: which of its layer's calls in this graph it is
        counts: dict[int, int] = {}
        for node in self.nodes:
            at[id(node)] = counts[id(node.layer)] = counts.get(id(node.layer), -1) + 1

        def place(x: KerasTensor) -> list[Any]:
            index = [id(y) for y in nest.flatten(x.node.outputs)].index(id(x))
            return [x.node.layer.name, at[id(x.node)], index]

        def argument(x: Any) -> Any:
            if not isinstance(x, KerasTensor):
                return serialize(x)
            config = {"shape": list(x.shape), "dtype": x.dtype, "keras_history": place(x)}
            return {"class_name": "__keras_tensor__", "config": config}

        layers = []
        for layer in self.layers:
            calls = [
                {"args": [_mapped(argument, x) for x in node.args], "kwargs": _mapped(argument, node.kwargs)}
                for node in self.nodes
                if node.layer is layer and node.inputs
            ]
            layers.append(serialize(layer))
            layers[-1] |= {"name": layer.name, "inbound_nodes": calls}
        ends = {"input_layers": _mapped(place, self.inputs), "output_layers": _mapped(place, self.outputs)}
        return {"layers": layers, **ends}


def from_inputs(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """The same calls from new InputLayers, where some of the inputs are what another layer gave, as in Keras."""
    leaves = [x for x in nest.flatten(inputs) if isinstance(x, KerasTensor)]
    given = {id(x): x for x in leaves if isinstance(x.node.layer, InputLayer)}
    if all(id(x) in given for x in leaves):
        return inputs, outputs
    made = {id(x): Input(batch_shape=x.shape, dtype=x.dtype) for x in leaves} | given

    def mapped(structure: Any) -> Any:
        return nest.map_structure(lambda x: made.get(id(x), x), structure)

    for node in Graph(inputs, outputs).nodes:
        if not any(id(x) in made for x in nest.flatten(node.outputs)):
            outs = nest.map_structure(lambda x: KerasTensor(x.shape, x.dtype, x.name), node.outputs)
            args, kwargs = mapped([list(node.args), node.kwargs])
            Node(node.layer, tuple(args), kwargs, outs)
            made |= {id(old): new for old, new in zip(nest.flatten(node.outputs), nest.flatten(outs), strict=True)}
    return mapped(inputs), mapped(outputs)


def in_order(symbols: Any, data: Any) -> list[Any]:
    """The data in the order of the symbols: by key, by the inputs' names where only the data is a dict, or by place.

    ValueError: the data has no such key, or not as many. Keys that the model does not have are left out.
    """
    given, wanted = _leaves(symbols, data), nest.flatten(symbols)
    if len(given) != len(wanted):
        names = [x.name for x in wanted]
        raise ValueError(f"The model has {len(wanted)} inputs, {names}, but was called on {len(given)}")
    return given


def _leaves(symbols: Any, data: Any) -> list[Any]:
    if isinstance(data, dict):
        by_key = isinstance(symbols, dict)
        wanted = (
            {key: symbols[key] for key in sorted(symbols)} if by_key else {x.name: x for x in nest.flatten(symbols)}
        )
        missing = [key for key in wanted if key not in data]
        if missing:
            raise ValueError(
                f"Missing data for input {missing[0]!r}. You passed a data dictionary with keys {list(data)}. "
                f"Expected the following keys: {list(wanted)}"
            )
        return [x for key, symbol in wanted.items() for x in _leaves(symbol, data[key])]
    if isinstance(symbols, dict) and list(symbols) != sorted(symbols):  # by which of the two orders?
        raise ValueError(f"The model's inputs are {list(symbols)}: give the data as a dict with these keys")
    if nest.is_nested(symbols) and nest.is_nested(data) and len(symbols) == len(data):
        parts = [symbols[key] for key in sorted(symbols)] if isinstance(symbols, dict) else symbols
        return [x for pair in zip(parts, data, strict=True) for x in _leaves(*pair)]
    return nest.flatten(data)


def from_config(config: dict[str, Any], make: Callable[[Any], Layer] | None = None) -> tuple[Any, Any]:
    """Inputs and outputs of a new graph from what `Graph.config` gave; `make` gives the layer of an entry."""
    make = make or functools.partial(deserialize, family="keras.layers")
    layers: dict[str, Layer] = {}
    made: dict[str, list[Any]] = {}  # by layer, the outputs of each of its calls

    def find(place: list[Any]) -> Any:
        name, call, index = place
        return nest.flatten(made[name][call])[index]

    def argument(x: Any) -> Any:
        if isinstance(x, dict) and x.get("class_name") == "__keras_tensor__":
            return find(x["config"]["keras_history"])
        if isinstance(x, list):
            return [argument(item) for item in x]
        if isinstance(x, dict) and x.get("class_name") == "__tuple__":
            return tuple(argument(item) for item in x["items"])
        if isinstance(x, dict) and "class_name" not in x:
            return {key: argument(item) for key, item in x.items()}
        return deserialize(x)

    pending = []
    for entry in config["layers"]:
        name = entry["name"]
        layers[name], made[name] = make(entry), []
        if entry["inbound_nodes"]:
            pending += [(name, call) for call in entry["inbound_nodes"]]
        else:
            made[name].append(layers[name].output)
    while pending:  # a shared layer's second call may wait for a layer that stands behind it
        left = []
        for name, call in pending:
            try:
                args, kwargs = argument(call["args"]), argument(call["kwargs"])
            except (KeyError, IndexError):
                budget.work(4 * budget.CALL)
                left.append((name, call))
                continue
            made[name].append(layers[name](*args, **kwargs))
        if len(left) == len(pending):
            raise ValueError(f"The calls of the layers {sorted({name for name, _ in left})} have no beginning")
        pending = left
    return _mapped_places(find, config["input_layers"]), _mapped_places(find, config["output_layers"])


def _mapped(function: Callable[[Any], Any], value: Any) -> Any:
    """The nest with the function's value for each leaf, as JSON has it: tuples are lists."""
    if isinstance(value, dict):
        return {key: _mapped(function, item) for key, item in value.items()}
    return [_mapped(function, item) for item in value] if isinstance(value, (list, tuple)) else function(value)


def _mapped_places(find: Callable[[list[Any]], Any], places: Any) -> Any:
    """KerasTensors for places [layer, call, output], or nests of them."""
    if isinstance(places, dict):
        return {key: _mapped_places(find, item) for key, item in places.items()}
    return find(places) if isinstance(places[0], str) else [_mapped_places(find, item) for item in places]
