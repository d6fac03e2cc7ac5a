"""The calls between a model's inputs and outputs, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from ... import ops
from ...engine import budget, nest
from ..common.configuration import deserialize, serialize
from ..common.names import unique
from ..common.symbolic import KerasTensor, Node
from ..layers import Input, InputLayer, Layer
from ..layers.outermost import is_told_training


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
            if given.isdisjoint(map(id, nest.flatten(node.outputs))):
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

    def replayed(self, values: dict[int, Any], call: Callable[[Node, list[Any], dict[str, Any]], Any]) -> Any:
        """The outputs, where `call` gives each node's for its arguments; values: given ones, by id."""
        for node in self.nodes:
            symbols = nest.flatten(node.outputs)
            if id(symbols[0]) not in values:
                args, kwargs = nest.map_structure(lambda x: values.get(id(x), x), [list(node.args), node.kwargs])
                values.update(zip(map(id, symbols), nest.flatten(call(node, args, kwargs)), strict=True))
        return nest.map_structure(lambda x: values[id(x)], self.outputs)

    def run(self, inputs: Any) -> Any:
        """The outputs for Tensors in place of the inputs; the only one of a list is given as itself, as in Keras."""
        if budget.opened:
            budget.work(len(self.nodes) * budget.CALL)
        given = zip(self.leaves, in_order(self.inputs, inputs), strict=True)
        outputs = self.replayed({id(symbol): _fitting(symbol, value) for symbol, value in given}, _called)
        return outputs[0] if isinstance(outputs, (list, tuple)) and len(outputs) == 1 else outputs

    def config(self) -> dict[str, Any]:
        """The layers and their calls, in the form of Keras's files."""
        places: dict[int, list[Any]] = {}  # of KerasTensors by id: layer, which of its calls here, which of the outputs
        counts: Counter[int] = Counter()
        for node in self.nodes:
            for i, x in enumerate(nest.flatten(node.outputs)):
                places[id(x)] = [node.layer.name, counts[id(node.layer)], i]
            counts[id(node.layer)] += 1

        def argument(x: Any) -> Any:
            if not isinstance(x, KerasTensor):
                return serialize(x)
            config = {"shape": list(x.shape), "dtype": x.dtype, "keras_history": places[id(x)]}
            return {"class_name": "__keras_tensor__", "config": config}

        layers = {id(layer): serialize(layer) for layer in self.layers}
        for layer in self.layers:
            layers[id(layer)] |= {"name": layer.name, "inbound_nodes": []}
        for node in self.nodes:
            if node.inputs:
                args, kwargs = nest.map_structure(argument, [list(node.args), node.kwargs])
                layers[id(node.layer)]["inbound_nodes"].append({"args": args, "kwargs": kwargs})
        ends = [nest.map_structure(lambda x: places[id(x)], end) for end in (self.inputs, self.outputs)]
        return {"layers": list(layers.values()), "input_layers": ends[0], "output_layers": ends[1]}


def _called(node: Node, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if is_told_training():  # what the model is told goes before what the layer was told in the graph
        kwargs.pop("training", None)
    return node.layer(*args, **kwargs)


def _fitting(symbol: KerasTensor, value: Any) -> Any:
    """The value, its last axis of size 1 taken away or added where that gives it the input's rank, as in Keras."""
    shape, wanted = value.shape, symbol.shape
    if len(shape) == len(wanted) + 1 and shape[-1] == 1:
        value = ops.squeeze(value, -1)
    elif len(shape) == len(wanted) - 1 and wanted[-1] == 1:
        value = ops.expand_dims(value, -1)
    if value.ndim != len(wanted) or any(n not in (None, m) for n, m in zip(wanted[1:], value.shape[1:], strict=True)):
        raise ValueError(
            f"Input {symbol.name!r} is incompatible with the model: expected shape {tuple(wanted)}, "
            f"found shape={tuple(value.shape)}"
        )
    return value


def from_inputs(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """The same calls from new InputLayers, where some of the inputs are what another layer gave, as in Keras."""
    leaves = [x for x in nest.flatten(inputs) if isinstance(x, KerasTensor)]
    if all(isinstance(x.node.layer, InputLayer) for x in leaves):
        return inputs, outputs
    made = {
        id(x): x if isinstance(x.node.layer, InputLayer) else Input(batch_shape=x.shape, dtype=x.dtype) for x in leaves
    }

    def call(node: Node, args: list[Any], kwargs: dict[str, Any]) -> Any:
        symbols = nest.map_structure(lambda x: KerasTensor(x.shape, x.dtype, x.name), node.outputs)
        return Node(node.layer, tuple(args), kwargs, symbols).outputs

    outputs = Graph(inputs, outputs).replayed(made, call)
    return nest.map_structure(lambda x: made[id(x)], inputs), outputs


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
        wanted = symbols if isinstance(symbols, dict) else {x.name: x for x in nest.flatten(symbols)}
        keys = sorted(wanted) if wanted is symbols else list(wanted)
        if missing := [key for key in keys if key not in data]:
            raise ValueError(
                f"Missing data for input {missing[0]!r}. You passed a data dictionary with keys {list(data)}. "
                f"Expected the following keys: {keys}"
            )
        return [x for key in keys for x in _leaves(wanted[key], data[key])]
    if isinstance(symbols, dict):
        if list(symbols) != sorted(symbols):  # by which of the two orders?
            raise ValueError(f"The model's inputs are {list(symbols)}: give the data as a dict with these keys")
        symbols = list(symbols.values())
    if nest.is_nested(symbols) and nest.is_nested(data) and len(symbols) == len(data):
        return [x for pair in zip(symbols, data, strict=True) for x in _leaves(*pair)]
    return nest.flatten(data)


def from_config(config: dict[str, Any]) -> tuple[Any, Any]:
    """Inputs and outputs of a new graph from what `Graph.config` gave."""
    layers: dict[str, Layer] = {}
    made: dict[str, list[Any]] = {}  # by layer, the outputs of each of its calls

    def find(place: Any) -> Any:
        """KerasTensors for [layer, call, output], or a nest of such places."""
        if isinstance(place, dict):
            return {key: find(item) for key, item in place.items()}
        if not isinstance(place[0], str):
            return [find(item) for item in place]
        name, call, index = place
        return nest.flatten(made[name][call])[index]

    def argument(x: Any) -> Any:
        if isinstance(x, (list, tuple)):
            return [argument(item) for item in x]
        if not isinstance(x, dict):
            return x
        if x.get("class_name") == "__keras_tensor__":
            return find(x["config"]["keras_history"])
        if x.get("class_name") == "__tuple__":
            return tuple(argument(x["items"]))
        return deserialize(x) if "class_name" in x else {key: argument(item) for key, item in x.items()}

    pending = []
    for entry in config["layers"]:
        name = entry["name"]
        layers[name], made[name] = deserialize(entry, family="keras.layers"), []
        pending += [(name, call) for call in entry["inbound_nodes"]]
        if not entry["inbound_nodes"]:
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
    return find(config["input_layers"]), find(config["output_layers"])
