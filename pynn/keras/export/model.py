"""Models as ONNX files: a table of layers, and the walk along a model's calls."""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable
from functools import partial, reduce
from pathlib import Path
from typing import Any

import numpy as np

from ... import ops
from ...engine import nest
from ...engine.tensor import Operators
from ...support.atomic import replacing
from ...support.version import __version__
from .. import activations, layers
from ..common.symbolic import KerasTensor, Node, symbols
from ..layers.merging import _Merge
from ..layers.operation import Operation
from .nodes import ACTIVATIONS, OPERATIONS, Graph, Value, make_node, onnx, operation

OPSET, IR = 13, 7  # ONNX 1.8 of 2020, the first in which Softmax has one axis; what has come since is not needed
MOST = 2**31 - 2**20  # bytes: Protocol Buffers, of which the file is made, end at 2 GiB


def _activated(x: Value, function: Any) -> Value:
    is_partial = isinstance(function, partial) and not function.args
    plain, options = (function.func, function.keywords) if is_partial else (function, {})
    name = getattr(plain, "__name__", "activation")
    ours = [getattr(module, name, None) for module in ((activations,) if options else (activations, ops))]
    if name in ACTIVATIONS and plain in ours:
        return ACTIVATIONS[name](x, **options)
    return _traced(x.graph, layers.Lambda(function, name=f"{x.graph.scope}/{name}"), [x], {})


def _dense(layer: Any, x: Value) -> Value:
    y = x.to(layer._dtype).op("MatMul", layer.kernel)
    return _activated(y if layer.bias is None else y + layer.bias, layer.activation)


def _merge(layer: Any, inputs: list[Value]) -> Value:
    missing = [list(range(1, 1 + max(len(x.shape) for x in inputs) - len(x.shape))) for x in inputs]
    raised = [x.op("Unsqueeze", axes) if axes else x for x, axes in zip(inputs, missing, strict=True)]
    return reduce(OPERATIONS[type(layer)._operation.__name__.capitalize()], raised)


def _norm(x: Value, axes: Any) -> Value:
    return OPERATIONS["Sum"](x * x, axes, True).op("Sqrt")


def _dot(layer: Any, inputs: list[Value]) -> Value:
    matrices, sizes = list[Value](), list[Any]()  # (batch, rest, k) and (batch, k, rest); the sizes of both rests
    for x, axis in zip(inputs, layer._pair([x.shape for x in inputs]), strict=True):
        others = [i for i in range(1, len(x.shape)) if i != axis]
        k, *rest = [-1 if x.shape[i] is None else x.shape[i] for i in (axis, *others)]
        n = -1 if -1 in rest else math.prod(rest)
        x = x / _norm(x, axis).op("Max", 1e-7) if layer.normalize else x
        x = x.op("Transpose", perm=[0, axis, *others] if matrices else [0, *others, axis])
        matrices.append(x.op("Reshape", [0, k, n] if matrices else [0, n, k]))
        sizes += rest
    z = matrices[0].op("MatMul", matrices[1])
    return z if sizes.count(-1) == 2 else z.op("Reshape", [0, *(sizes or [1])])


def _normalized(layer: Any, x: Value, axes: list[int], mean: Any, deviation: Any) -> Value:
    """gamma * (x - mean) / deviation + beta, all but x of the sizes of x's axes, or of x with sizes of 1."""
    ones: Any = [n if i in axes else 1 for i, n in enumerate(x.shape)]
    mean, deviation, gamma, beta = (
        np.reshape(v, ones) if isinstance(v, Operators) and axes != [len(ones) - 1] else v
        for v in (mean, deviation, layer.gamma, layer.beta)
    )
    y = (x - mean) / deviation
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


def _batch_normalization(layer: Any, x: Value) -> Value:
    deviation = ops.sqrt(layer.moving_variance + layer.epsilon)
    return _normalized(layer, x, [layer.axis % len(x.shape)], layer.moving_mean, deviation)


def _layer_normalization(layer: Any, x: Value) -> Value:
    axes = [axis % len(x.shape) for axis in layer.axis]
    centred = x - (mean := x.op("ReduceMean", axes=axes))
    variance = (centred * centred).op("ReduceMean", axes=axes)
    return _normalized(layer, x, axes, mean, (variance + layer.epsilon).op("Sqrt"))


def _normalization(layer: Any, x: Value) -> Value:
    mean, deviation = layer.mean, ops.maximum(ops.sqrt(layer.variance), 1e-7)
    return x * deviation + mean if layer.invert else (x - mean) / deviation


def _category_encoding(layer: Any, x: Value, count_weights: Any = None) -> Value:
    x, one_hot = x.to(np.int64), layer.output_mode == "one_hot"
    column = x if one_hot and x.shape[1:] and x.shape[-1] == 1 else x.op("Unsqueeze", [-1])
    ones = column.op("Equal", np.arange(layer.num_tokens)).to(layer._dtype)
    if one_hot:
        return ones
    # a product, since the sums of older onnxruntimes have wrong shapes where the batch is empty
    weights = x.op("Equal", x) if count_weights is None else x.graph.value(count_weights, layer._dtype)
    counts = weights.to(layer._dtype).op("Unsqueeze", [-2]).op("MatMul", ones).op("Squeeze", [-2])
    return counts if layer.output_mode == "count" else counts.op("Min", 1)


# by what computes: a subclass that only builds otherwise is found, one that computes otherwise is not
LAYERS: dict[Callable[..., Any], Callable[..., Value]] = {
    _Merge.call: _merge,
    layers.Activation.call: lambda layer, x: _activated(x, layer.activation),
    layers.Average.call: lambda layer, xs: _merge(layer, xs) / len(xs),
    layers.BatchNormalization.call: _batch_normalization,
    layers.CategoryEncoding.call: _category_encoding,
    layers.Concatenate.call: lambda layer, xs: OPERATIONS["Concatenate"](xs, layer.axis),
    layers.Dense.call: _dense,
    layers.Dot.call: _dot,
    layers.ELU.call: lambda layer, x: ACTIVATIONS["elu"](x, layer.alpha),
    layers.Embedding.call: lambda layer, x: x.graph.value(layer.embeddings, None).op("Gather", x.to(np.int64)),
    layers.Flatten.call: lambda layer, x: (
        x.op("Transpose", perm=[0, *range(2, len(x.shape)), 1])
        if layer.data_format == "channels_first" and len(x.shape) > 2
        else x
    ).op("Flatten", axis=1),
    layers.LayerNormalization.call: _layer_normalization,
    layers.LeakyReLU.call: lambda layer, x: ACTIVATIONS["leaky_relu"](x, layer.negative_slope),
    layers.Normalization.call: _normalization,
    layers.PReLU.call: lambda layer, x: x.op("Relu") + x.op("Min", 0) * layer.alpha,
    layers.Permute.call: lambda layer, x: x.op("Transpose", perm=[0, *layer.dims]),
    layers.ReLU.call: lambda layer, x: ACTIVATIONS["relu"](x, layer.negative_slope, layer.max_value, layer.threshold),
    layers.RepeatVector.call: lambda layer, x: x.op("Unsqueeze", [1]).op("Expand", [1, layer.n, 1]),
    layers.Rescaling.call: lambda layer, x: x * np.asarray(layer.scale, x.dtype) + np.asarray(layer.offset, x.dtype),
    layers.Reshape.call: lambda layer, x: x.op("Reshape", [0, *(-1 if n is None else n for n in x.graph.sizes[1:])]),
    layers.Softmax.call: lambda layer, x: ACTIVATIONS["softmax"](x, layer.axis),
    layers.UnitNormalization.call: lambda layer, x: x / _norm(x, layer.axis).op("Max", 1e-12),
}


def _traced(graph: Graph, layer: Any, args: Any, kwargs: Any) -> Any:
    """The nodes of a layer that calls others, found by a call on KerasTensors: of a model, a Lambda, a user's own.

    ValueError: it computes in other ways.
    """
    values: dict[int, Value] = {}  # of KerasTensors by id
    stack = getattr(layer, "_stack", None)  # of a Sequential
    function = layer.call if stack is None else partial(reduce, lambda x, each: each(x), stack)
    training = {"training": False} if layer._takes_training else {}

    def symbol(x: Any) -> Any:
        if isinstance(x, Value):
            values[id(made := KerasTensor(x.shape, x.dtype))] = x
        return made if isinstance(x, Value) else x

    before = [(each, len(each._nodes)) for each in layer._tree()]
    try:
        args, kwargs = nest.map_structure(symbol, [args, kwargs])
        outputs = function(*args, **kwargs, **training)
        waiting = [x.node for x in nest.flatten(outputs) if id(x) not in values]
    except Exception as error:
        raise ValueError(
            f"{type(layer).__name__} {layer.name!r} has no form in ONNX: it must compute with layers, operators and "
            f"keras.ops alone. {error}"
        ) from error
    finally:
        for each, calls in before:
            del each._nodes[calls:]
    while waiting:  # a loop, because there may be thousands of layers in a row
        if missing := [x.node for x in waiting[-1].inputs if id(x) not in values]:
            waiting += missing
        elif id(nest.flatten((node := waiting.pop()).outputs)[0]) not in values:
            _add(graph, node, values)
    return nest.map_structure(lambda x: values[id(x)], outputs)


def _add(graph: Graph, node: Node, values: dict[int, Value]) -> None:
    """Adds the nodes of a layer's call, and to `values` what it gives."""
    layer, results, call = node.layer, nest.flatten(node.outputs), type(node.layer).call
    args, kwargs = nest.map_structure(lambda x: _cast(layer, values.get(id(x), x)), [list(node.args), node.kwargs])
    kwargs = {name: x for name, x in kwargs.items() if name not in ("training", "mask")}
    outer, graph.scope = graph.scope, layer.name
    graph.sizes, dtype = results[0].shape, np.dtype(results[0].dtype)
    if isinstance(layer, Operation):
        outputs = operation(type(layer).__name__, graph, dtype, args, layer.options | kwargs)
    elif call in LAYERS:
        floats = dtype.kind == "f" and not isinstance(layer, (layers.CategoryEncoding, layers.Embedding))
        given = nest.map_structure(lambda x: graph.value(x, dtype), args[0])
        outputs = LAYERS[call](layer, nest.map_structure(lambda x: x.to(dtype) if floats else x, given), **kwargs)
    else:
        outputs = _traced(graph, layer, args, kwargs)
    graph.scope = outer
    for x, y in zip(results, nest.flatten(outputs), strict=True):
        values[id(x)] = Value(graph, y.to(x.dtype).name, x.dtype, x.shape)


def _cast(layer: Any, x: Any) -> Any:
    return x.to(layer._dtype) if isinstance(x, Value) and x.dtype.kind == "f" else x


def _inputs(model: Any) -> Any:
    if not model.built or model._build_shape is None:
        raise ValueError(f"Model {model.name!r} does not know its inputs yet: call it on data, or build(shape), first.")
    if model._is_of_layers:
        return model.input
    made, argument = symbols(model._build_shape, model._dtype), next(iter(inspect.signature(model.call).parameters))
    for x, name in zip(nest.flatten(made), _names(made, argument), strict=True):
        x.name = name
    return made


def _names(structure: Any, other: str) -> list[str]:
    """The keys of a dict of leaves, in their order; the other name for each leaf of other nests."""
    leaves = nest.flatten(structure)
    return sorted(structure) if isinstance(structure, dict) and len(structure) == len(leaves) else [other] * len(leaves)


def write(model: Any, filepath: str | os.PathLike[str]) -> None:
    """Writes the model as a file, all or nothing: see `export`."""
    graph = Graph()

    def given(x: KerasTensor) -> Value:
        return Value(graph, graph.name(x.name), x.dtype, (None, *x.shape[1:]))

    def about(x: Value) -> Any:
        sizes = [(f"{x.name}_{axis}" if axis else "batch") if n is None else n for axis, n in enumerate(x.shape)]
        return onnx.helper.make_tensor_value_info(x.name, onnx.helper.np_dtype_to_tensor_dtype(x.dtype), sizes)

    inputs = nest.map_structure(given, _inputs(model))
    made = _traced(graph, model, [nest.map_structure(partial(_cast, model), inputs)], {})
    last_name = model.layers[-1].name if model._is_of_layers else "output"
    results, names = nest.flatten(made), getattr(model, "output_names", None) or _names(made, last_name)
    outputs = [Value(graph, graph.name(n), x.dtype, x.shape) for n, x in zip(names, results, strict=True)]
    graph.nodes += [make_node("Identity", [x.name], [y.name]) for x, y in zip(results, outputs, strict=True)]
    if sum(array.nbytes for _, array in graph.constants.values()) > MOST:
        raise ValueError(f"Model {model.name!r} has more than the 2 GiB of weights that an ONNX file can hold")
    constants = [onnx.numpy_helper.from_array(array, name) for name, array in graph.constants.values()]
    first, last = ([about(x) for x in nest.flatten(end)] for end in (inputs, outputs))
    proto = onnx.helper.make_model(
        onnx.helper.make_graph(graph.nodes, model.name, first, last, constants), producer_name="pynn",
        producer_version=__version__, opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=IR,
    )  # fmt: skip
    onnx.checker.check_model(proto, full_check=True)
    with replacing(Path(filepath)) as file:
        file.write(proto.SerializeToString())
