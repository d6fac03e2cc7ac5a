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
from ...support.atomic import replacing
from ...support.version import __version__
from .. import layers
from ..common.symbolic import KerasTensor, Node, symbols
from ..layers.merging import _Merge
from ..layers.operation import Operation
from .nodes import ACTIVATIONS, Graph, Value, np_dtype_to_tensor_dtype, onnx, operation

OPSET, IR = 13, 7  # ONNX 1.8 of 2020, the first in which Softmax has one axis; what has come since is not needed
MOST = 2**31 - 2**20  # bytes: Protocol Buffers, of which the file is made, end at 2 GiB
_MERGES = {ops.add: "Add", ops.subtract: "Sub", ops.multiply: "Mul", ops.maximum: "Max", ops.minimum: "Min"}


def _activated(x: Value, function: Any) -> Value:
    function, options = (function.func, function.keywords) if isinstance(function, partial) else (function, {})
    if str(function.__module__).startswith("pynn.") and function.__name__ in ACTIVATIONS:
        return ACTIVATIONS[function.__name__](x.to(x.graph.dtype), **options)
    return _traced(x.graph, partial(function, **options), f"The activation {function!r}", [], [x], {})


def _dense(layer: Any, x: Value) -> Value:
    y = x.to(layer._dtype).op("MatMul", layer.kernel)
    return _activated(y if layer.bias is None else y + layer.bias, layer.activation)


def _of_one_dtype(layer: Any, inputs: list[Value]) -> list[Value]:
    return [x.to(layer._dtype) for x in inputs] if len({x.dtype for x in inputs}) > 1 else inputs


def _merge(layer: Any, inputs: list[Value]) -> Value:
    ndim = max(len(x.shape) for x in inputs)
    axes = [list(range(1, 1 + ndim - len(x.shape))) for x in inputs]
    pairs = zip(_of_one_dtype(layer, inputs), axes, strict=True)
    return reduce(
        lambda x, y: x.op(_MERGES[type(layer)._operation], y),
        [x.op("Unsqueeze", new) if new else x for x, new in pairs],
    )


def _dot(layer: Any, inputs: list[Value]) -> Value:
    letters, made = iter("bcdefghijklmnopqrstuvwxy"), list[tuple[Value, str]]()
    for x, axis in zip(_of_one_dtype(layer, inputs), layer._pair([x.shape for x in inputs]), strict=True):
        x = x.to(np.int32) if x.dtype == np.int8 else x
        x = x / x.op("ReduceL2", axes=[axis]).op("Max", 1e-7) if layer.normalize else x
        others = [i for i in range(1, len(x.shape)) if i != axis]
        # onnxruntime dies of an empty batch where Einsum itself moves axes
        order = [0, axis, *others] if made else [0, *others, axis]
        made.append((x.op("Transpose", perm=order), "".join(next(letters) for _ in others)))
    (x, left), (y, right) = made
    z = x.op("Einsum", y, equation=f"a{left}z,az{right}->a{left}{right}")
    return z if left + right else z.op("Unsqueeze", [1])


def _along(v: Any, x: Value, axes: Any) -> Any:
    """v (sizes of x's axes) with an axis of size 1 for each other axis of x."""
    return v if axes == [len(x.shape) - 1] else np.reshape(v, [n if i in axes else 1 for i, n in enumerate(x.shape)])


def _normalized(layer: Any, x: Value, mean: Any, variance: Any, axes: list[int]) -> Value:
    y = (x - mean) / (variance + layer.epsilon).op("Sqrt")
    y = y if layer.gamma is None else y * _along(layer.gamma, x, axes)
    return y if layer.beta is None else y + _along(layer.beta, x, axes)


def _batch_normalization(layer: Any, x: Value) -> Value:
    x, axes = x.to(layer._dtype), [layer.axis % len(x.shape)]
    mean, variance = (x.graph.value(_along(v, x, axes), None) for v in (layer.moving_mean, layer.moving_variance))
    return _normalized(layer, x, mean, variance, axes)


def _layer_normalization(layer: Any, x: Value) -> Value:
    x, axes = x.to(layer._dtype), [axis % len(x.shape) for axis in layer.axis]
    mean = x.op("ReduceMean", axes=axes)
    return _normalized(layer, x, mean, ((x - mean) * (x - mean)).op("ReduceMean", axes=axes), axes)


def _normalization(layer: Any, x: Value) -> Value:
    x, mean, deviation = x.to(layer._dtype), layer.mean, ops.maximum(ops.sqrt(layer.variance), 1e-7)
    return x * deviation + mean if layer.invert else (x - mean) / deviation


def _rescaling(layer: Any, x: Value) -> Value:
    scale, offset = (np.asarray(v, layer._dtype) for v in (layer.scale, layer.offset))
    return x.to(layer._dtype) * scale + offset


def _category_encoding(layer: Any, x: Value, count_weights: Value | None = None) -> Value:
    one_hot = layer.output_mode == "one_hot"
    tokens = x.to(np.int64).op(
        *(("Identity",) if one_hot and len(x.shape) > 1 and x.shape[-1] == 1 else ("Unsqueeze", [-1]))
    )
    ones = tokens.op("Equal", np.arange(layer.num_tokens), dtype=bool).to(layer._dtype)
    if count_weights is not None:
        ones = ones * count_weights.to(layer._dtype).op("Unsqueeze", [-1])
    if layer.output_mode == "count":
        return ones.op("ReduceSum", [-2], keepdims=0)
    return ones if one_hot else ones.op("ReduceMax", axes=[-2], keepdims=0)


def _reshape(layer: Any, x: Value) -> Value:
    known = math.prod(n for n in layer.target_shape if n != -1)
    sizes: Any = x.shape[1:]
    rest = -1 if None in sizes else math.prod(sizes) // (known or 1)
    return x.op("Reshape", [0, *(rest if n == -1 else n for n in layer.target_shape)])


def _flatten(layer: Any, x: Value) -> Value:
    order = [0, *range(2, len(x.shape)), *([1] if len(x.shape) > 1 else [])]
    return (x.op("Transpose", perm=order) if layer.data_format == "channels_first" else x).op("Flatten", axis=1)


# by what computes: a subclass that only builds otherwise is found, one that computes otherwise is not
LAYERS: dict[Callable[..., Any], Callable[..., Value]] = {
    _Merge.call: _merge,
    layers.Activation.call: lambda layer, x: _activated(x, layer.activation),
    layers.Average.call: lambda layer, xs: _merge(layer, [x.to(x.graph.dtype) for x in xs]) / len(xs),
    layers.BatchNormalization.call: _batch_normalization,
    layers.CategoryEncoding.call: _category_encoding,
    layers.Concatenate.call: lambda layer, xs: operation("Concatenate", xs[0].graph, [xs], {"axis": layer.axis}),
    layers.Dense.call: _dense,
    layers.Dot.call: _dot,
    layers.ELU.call: lambda layer, x: ACTIVATIONS["elu"](x, layer.alpha),
    layers.Embedding.call: lambda layer, x: x.graph.value(layer.embeddings, None).op("Gather", x.to(np.int64)),
    layers.Flatten.call: _flatten,
    layers.LayerNormalization.call: _layer_normalization,
    layers.LeakyReLU.call: lambda layer, x: ACTIVATIONS["leaky_relu"](x.to(x.graph.dtype), layer.negative_slope),
    layers.Normalization.call: _normalization,
    layers.PReLU.call: lambda layer, x: x.op("Relu") + x.op("Min", 0) * layer.alpha,
    layers.Permute.call: lambda layer, x: x.op("Transpose", perm=[0, *layer.dims]),
    layers.ReLU.call: lambda layer, x: ACTIVATIONS["relu"](
        x.to(x.graph.dtype), layer.negative_slope, layer.max_value, layer.threshold
    ),
    layers.RepeatVector.call: lambda layer, x: x.op("Unsqueeze", [1]).op("Expand", [1, layer.n, 1]),
    layers.Rescaling.call: _rescaling,
    layers.Reshape.call: _reshape,
    layers.Softmax.call: lambda layer, x: x.to(x.graph.dtype).op("Softmax", axis=layer.axis),
    layers.UnitNormalization.call: lambda layer, x: (
        x.to(layer._dtype) / x.to(layer._dtype).op("ReduceL2", axes=layer.axis).op("Max", 1e-12)
    ),
}


def _traced(graph: Graph, function: Callable[..., Any], name: str, inside: list[Any], args: Any, kwargs: Any) -> Any:
    """The nodes of a function that calls layers on KerasTensors. ValueError: it computes in other ways."""
    values: dict[int, Value] = {}  # of KerasTensors by id

    def symbol(x: Any) -> Any:
        if isinstance(x, Value):
            values[id(made := KerasTensor(x.shape, x.dtype))] = x
        return made if isinstance(x, Value) else x

    before = [(layer, len(layer._nodes)) for layer in inside]
    try:
        args, kwargs = nest.map_structure(symbol, [args, kwargs])
        outputs = function(*args, **kwargs)
    except Exception as error:
        raise ValueError(
            f"{name} has no form in ONNX: it must compute with layers, operators and keras.ops alone. {error}"
        ) from error
    finally:
        for layer, calls in before:
            del layer._nodes[calls:]
    waiting = [x.node for x in nest.flatten(outputs) if id(x) not in values]
    while waiting:  # a loop, because there may be thousands of layers in a row
        if missing := [x.node for x in waiting[-1].inputs if id(x) not in values]:
            waiting += missing
        elif id(nest.flatten((node := waiting.pop()).outputs)[0]) not in values:
            _add(graph, node, values)
    return nest.map_structure(lambda x: values[id(x)], outputs)


def _add(graph: Graph, node: Node, values: dict[int, Value]) -> None:
    """Adds the nodes of a layer's call, and to `values` what it gives."""
    layer, results = node.layer, nest.flatten(node.outputs)
    args, kwargs = nest.map_structure(lambda x: _cast(layer, values.get(id(x), x)), [list(node.args), node.kwargs])
    kwargs = {name: x for name, x in kwargs.items() if name not in ("training", "mask")}
    outer, graph.scope, graph.dtype = graph.scope, layer.name, np.dtype(results[0].dtype)
    if isinstance(layer, Operation):
        outputs = operation(type(layer).__name__, graph, args, layer.options | kwargs)
    elif type(layer).call in LAYERS:
        outputs = LAYERS[type(layer).call](layer, *args, **kwargs)
    else:
        outputs = _called(graph, layer, args, kwargs)
    graph.scope = outer
    for x, y in zip(results, nest.flatten(outputs), strict=True):
        values[id(x)] = Value(graph, y.to(x.dtype).name, x.dtype, x.shape)


def _cast(layer: Any, x: Any) -> Any:
    return x.to(layer._dtype) if isinstance(x, Value) and x.dtype.kind == "f" else x


def _called(graph: Graph, layer: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """The nodes of a layer that calls others: of a model, a Lambda, a user's own."""
    stack = getattr(layer, "_stack", None)  # of a Sequential
    function = layer.call if stack is None else lambda x: reduce(lambda x, each: each(x), stack, x)
    kwargs = kwargs | ({"training": False} if layer._takes_training else {})
    return _traced(graph, function, f"{type(layer).__name__} {layer.name!r}", layer._tree(), args, kwargs)


def _inputs(model: Any) -> Any:
    if not model.built or model._build_shape is None:
        raise ValueError(f"Model {model.name!r} does not know its inputs yet: call it on data, or build(shape), first.")
    made = model.input if model._is_of_layers else symbols(model._build_shape, model._dtype)
    if not model._is_of_layers:
        for i, x in enumerate(nest.flatten(made)):
            x.name = sorted(made)[i] if isinstance(made, dict) else next(iter(inspect.signature(model.call).parameters))
    return nest.map_structure(lambda x: KerasTensor((None, *x.shape[1:]), x.dtype, x.name), made)


def export(model: Any, filepath: str | os.PathLike[str]) -> None:
    """Writes the model as a file, all or nothing: see Model.export."""
    graph = Graph()
    inputs = nest.map_structure(lambda x: Value(graph, graph.name(x.name), x.dtype, x.shape), _inputs(model))
    made = _called(graph, model, [nest.map_structure(partial(_cast, model), inputs)], {})
    results = nest.flatten(made)
    names = getattr(model, "output_names", None) or (sorted(made) if isinstance(made, dict) else None)
    names = names or [model.layers[-1].name if model._is_of_layers else "output"] * len(results)
    outputs = [Value(graph, graph.name(n), x.dtype, x.shape) for n, x in zip(names, results, strict=True)]
    for x, y in zip(results, outputs, strict=True):
        graph.nodes.append(onnx.helper.make_node("Identity", [x.name], [y.name]))
    if sum(array.nbytes for _, array in graph.constants.values()) > MOST:
        raise ValueError(f"Model {model.name!r} has more than the 2 GiB of weights that an ONNX file can hold")
    given, results = ([_about(x) for x in nest.flatten(end)] for end in (inputs, outputs))
    constants = [onnx.numpy_helper.from_array(array, name) for name, array in graph.constants.values()]
    made = onnx.helper.make_model(
        onnx.helper.make_graph(graph.nodes, model.name, given, results, constants),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=IR,
        producer_name="pynn", producer_version=__version__,
    )  # fmt: skip
    onnx.checker.check_model(made, full_check=True)
    with replacing(Path(filepath)) as file:
        file.write(made.SerializeToString())


def _about(x: Value) -> Any:
    sizes = [(f"{x.name}_{axis}" if axis else "batch") if n is None else n for axis, n in enumerate(x.shape)]
    return onnx.helper.make_tensor_value_info(x.name, np_dtype_to_tensor_dtype(x.dtype), sizes)
