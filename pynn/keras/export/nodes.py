"""The nodes of an ONNX graph, which grows by computing with its tensors; and what is computed element by element."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import numpy as np

from ...engine import nest
from ...engine.convert import as_array
from ...engine.variable import Variable
from ...ops.functions import SELU_ALPHA, SELU_SCALE
from ...support.extras import install

try:
    import onnx
    from onnx.helper import make_node, np_dtype_to_tensor_dtype
except ImportError as error:
    found = f", found {onnx.__version__}" if "onnx" in globals() else ""
    raise ImportError(f"Model.export needs onnx 1.16.2 or newer{found}: {install('onnx')}") from error

_FLOAT32 = {"Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cosh", "Erf", "Sinh", "Tan"}  # all onnxruntime has
_COMPARISONS = {"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"}
_MOST = np.iinfo(np.int64).max


class Graph:
    """Nodes and constants so far; scope: begins the names of new ones; sizes: of what the layer gives, None: any."""

    def __init__(self) -> None:
        self.scope, self.sizes = "", tuple[int | None, ...]()
        self.nodes: list[Any] = []
        self.constants: dict[Any, tuple[str, np.ndarray]] = {}
        self._names: set[str] = set()

    def name(self, wanted: str) -> str:
        """The name, with a number behind it if it is taken."""
        name = next(n for i in count() if (n := f"{wanted}_{i}" if i else wanted) not in self._names)
        self._names.add(name)
        return name

    def value(self, x: Any, dtype: Any) -> Value:
        """x as a Value: Variables become constants of their names, Python's numbers such of the dtype, lists int64."""
        if isinstance(x, Value):
            return x
        array = as_array(x, np.int64 if isinstance(x, list) else dtype if isinstance(x, (bool, int, float)) else None)
        key = id(x) if isinstance(x, Variable) else (array.dtype, array.shape, array.tobytes())
        if key not in self.constants:
            name = f"{self.scope}/{x.name.removesuffix(':0')}" if isinstance(x, Variable) else f"{self.scope}/constant"
            self.constants[key] = self.name(name), array
        return Value(self, self.constants[key][0], array.dtype, array.shape)


def _operator(kind: str) -> tuple[Callable[[Value, Any], Value], Callable[[Value, Any], Value]]:
    return lambda x, y: x.op(kind, y), lambda y, x: y.graph.value(x, y.dtype).op(kind, y)


class Value:
    """A tensor of the graph. Its shape is right for what layers get, and not between nodes."""

    def __init__(self, graph: Graph, name: str, dtype: Any, shape: Sequence[int | None]) -> None:
        self.graph, self.name, self.dtype, self.shape = graph, name, np.dtype(dtype), shape

    __add__, __radd__ = _operator("Add")
    __sub__, __rsub__ = _operator("Sub")
    __mul__, __rmul__ = _operator("Mul")
    __truediv__, __rtruediv__ = _operator("Div")

    def op(self, kind: str, *others: Any, **attributes: Any) -> Value:
        """A node of this and the others, among which numbers take its dtype."""
        if kind in _FLOAT32 and self.dtype != np.float32:
            return self.to(np.float32).op(kind).to(self.dtype)
        graph, inputs = self.graph, [self.name, *(self.graph.value(x, self.dtype).name for x in others)]
        name = graph.name(f"{graph.scope}/{kind}")
        graph.nodes.append(make_node(kind, inputs, [name], name, **attributes))
        dtype = bool if kind in _COMPARISONS else (others[0] if kind == "Where" else self).dtype
        return Value(graph, name, dtype, self.shape)

    def to(self, dtype: Any) -> Value:
        """Cast, if it is of another dtype."""
        if self.dtype == dtype:
            return self
        x = self.op("Cast", to=np_dtype_to_tensor_dtype(np.dtype(dtype)))
        return Value(self.graph, x.name, dtype, self.shape)


def _node(kind: str) -> Callable[..., Value]:
    return lambda x, *others: x.op(kind, *others)


def _reduction(kind: str) -> Callable[..., Value]:
    def emit(x: Value, axis: Any = None, keepdims: bool = False) -> Value:
        axes = list(range(len(x.shape))) if axis is None else [axis] if isinstance(axis, int) else list(axis)
        inputs, options = ([axes], {}) if kind == "Sum" else ([], {"axes": axes})  # so in this version of ONNX
        return x.op(f"Reduce{kind}", *inputs, keepdims=int(keepdims), **options)

    return emit


def _clip(x: Value, x_min: Any, x_max: Any) -> Value:
    return x.op("Max", x_min).op("Min", x_max)


def _relu(x: Value, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Value:
    y = x.op("Relu") if x.dtype.kind == "f" else x.op("Max", 0)
    if threshold:
        y = x.op("Greater", threshold).op("Where", x, x.graph.value(0, x.dtype))
    y = y if max_value is None else y.op("Min", max_value)
    return y - negative_slope * (threshold - x).op("Relu") if negative_slope else y


def _elu(x: Value, alpha: float = 1.0, scale: float = 1.0) -> Value:
    return x.op("Relu") + alpha * ((x.op("Min", 0) / scale).op("Exp") - 1)


def _softplus(x: Value) -> Value:  # ONNX's own has no float64 in onnxruntime
    return x.op("Relu") + (1 + (0 - x.op("Abs")).op("Exp")).op("Log")


def _silu(x: Value) -> Value:  # older onnxruntimes make of x * sigmoid(x) a node that they lack for float64
    return x / (1 + (0 - x).op("Exp"))


def _gelu(x: Value, approximate: bool = False) -> Value:
    if approximate:
        return 0.5 * x * (1 + (math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)).op("Tanh"))
    return 0.5 * x * (1 + (x * math.sqrt(0.5)).op("Erf"))


def _getitem(x: Value, key: Any) -> Value:
    keys, axis = list(key) if isinstance(key, (tuple, list)) else [key], 0
    place = keys.index(...) if ... in keys else len(keys)
    keys[place : place + 1] = [slice(None)] * (len(x.shape) - sum(k is not None and k is not ... for k in keys))
    for k in keys:
        if isinstance(k, int):
            x = x.op("Gather", np.array(k), axis=axis)
            continue
        if k is None:
            x = x.op("Unsqueeze", [axis])
        elif k != slice(None):
            start, stop = (0, _MOST) if (step := k.step or 1) > 0 else (_MOST, -_MOST)
            bounds = start if k.start is None else k.start, stop if k.stop is None else k.stop, axis, step
            x = x.op("Slice", *([n] for n in bounds))
        axis += 1
    return x


ACTIVATIONS: dict[str, Callable[..., Value]] = {
    "celu": lambda x, alpha=1.0: _elu(x, alpha, alpha), "elu": _elu, "exponential": _node("Exp"), "gelu": _gelu,
    "hard_sigmoid": lambda x: _clip(x + 3, 0, 6) / 6, "hard_silu": lambda x: x * (_clip(x + 3, 0, 6) / 6),
    "hard_tanh": lambda x: _clip(x, -1, 1), "linear": lambda x: x, "log_sigmoid": lambda x: 0 - _softplus(0 - x),
    "leaky_relu": lambda x, negative_slope=0.2: x.op("Relu") + negative_slope * x.op("Min", 0),
    "log_softmax": lambda x, axis=-1: x.op("LogSoftmax", axis=axis), "mish": lambda x: x * _softplus(x).op("Tanh"),
    "relu": _relu, "relu6": lambda x: _clip(x, 0, 6), "selu": lambda x: SELU_SCALE * _elu(x, SELU_ALPHA),
    "sigmoid": _node("Sigmoid"), "silu": _silu, "softplus": _softplus,
    "softmax": lambda x, axis=-1: x.op("Softmax", axis=axis), "softsign": lambda x: x / (1 + x.op("Abs")),
    "tanh": _node("Tanh"),
}  # fmt: skip
# of operators and keras.ops, by the names of the classes: those that are one node, and others
OPERATIONS: dict[str, Callable[..., Value]] = {title: _node(kind) for title, kind in {
    "Absolute": "Abs", "Add": "Add", "Arccos": "Acos", "Arccosh": "Acosh", "Arcsin": "Asin", "Arcsinh": "Asinh",
    "Arctan": "Atan", "Arctanh": "Atanh", "Ceil": "Ceil", "Cos": "Cos", "Cosh": "Cosh", "Divide": "Div",
    "Equal": "Equal", "Erf": "Erf", "Exp": "Exp", "Floor": "Floor", "Greater": "Greater", "Less": "Less", "Log": "Log",
    "GreaterEqual": "GreaterOrEqual", "LessEqual": "LessOrEqual", "LogicalAnd": "And", "LogicalNot": "Not",
    "LogicalOr": "Or", "LogicalXor": "Xor", "Matmul": "MatMul", "Maximum": "Max", "Minimum": "Min", "Multiply": "Mul",
    "Negative": "Neg", "Power": "Pow", "Reciprocal": "Reciprocal", "Sign": "Sign", "Sin": "Sin", "Sinh": "Sinh",
    "Sqrt": "Sqrt", "Subtract": "Sub", "Tan": "Tan", "TrueDivide": "Div",
}.items()} | {kind: _reduction(kind) for kind in ("Max", "Mean", "Min", "Prod", "Sum")} | {
    "Cast": lambda x, dtype: x, "Clip": _clip, "ExpandDims": lambda x, axis: x.op("Unsqueeze", [axis]),
    "Concatenate": lambda xs, axis=0: xs[0].op("Concat", *xs[1:], axis=axis), "Square": lambda x: x * x,
    "Gelu": lambda x, approximate=True: _gelu(x, approximate),
    "Reshape": lambda x, newshape: x.op("Reshape", list(newshape)), "Rsqrt": lambda x: 1 / x.op("Sqrt"),
    "Transpose": lambda x, axes=None: x.op("Transpose", perm=axes or range(len(x.shape))[::-1]),
}  # fmt: skip


def operation(title: str, graph: Graph, dtype: np.dtype, inputs: Any, options: dict[str, Any]) -> Value:
    """The nodes of the operation with this class; dtype: the result's. ValueError: there are none for it."""
    if title == "GetItem":
        return _getitem(*inputs)
    if title not in OPERATIONS:
        raise ValueError(
            f"{title} {graph.scope!r} has no form in ONNX here: write it of other operations, or export a Model of "
            "what comes before it, and compute the rest outside"
        )
    if title.startswith(("Equal", "Greater", "Less")):  # here it is bool
        dtype = np.result_type(*(x if isinstance(x, (int, float)) else np.dtype(x.dtype) for x in inputs))
    return OPERATIONS[title](*nest.map_structure(lambda x: graph.value(x, dtype).to(dtype), list(inputs)), **options)
