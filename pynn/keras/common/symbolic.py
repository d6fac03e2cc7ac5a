"""KerasTensor: shape and dtype of a layer's output before there is data; Node: the call of a layer that gave it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine import budget, nest
from ...engine.dtypes import as_dtype
from ...engine.shapes import TensorShape
from ...engine.tape import unrecorded
from ...engine.tensor import Tensor
from ...engine.typing import DTypeLike, Shape
from ...support.neutral import neutral
from .registry import OURS

if TYPE_CHECKING:
    from ..layers.base import Layer


class Node:
    """One call of a layer on KerasTensors: its arguments, and the KerasTensors that it returned."""

    def __init__(self, layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> None:
        self.layer, self.args, self.kwargs, self.outputs = layer, args, kwargs, outputs
        self.inputs = [x for x in nest.flatten([*args, kwargs]) if isinstance(x, KerasTensor)]
        layer._nodes.append(self)
        for output in nest.flatten(outputs):
            output.node = self


def _call(name: str, *operands: Any) -> Any:
    """A call of the layer that keras.layers registers for the operation."""
    return OURS["keras.src.ops.numpy", name]()(*operands)


def _operator(name: str) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    """x ∘ y as a layer's call, and its reflection for an x that is no KerasTensor."""
    return lambda x, y: _call(name, x, y), lambda y, x: _call(name, x, y)


class KerasTensor:
    """The result of a layer called on an Input or another KerasTensor: shape, dtype and name without values.

    shape: sizes, of the batch first; None for any
    dtype: type of the values
    name: need not be unique
    """

    node: Node
    __hash__ = object.__hash__

    @neutral(sparse=False, ragged=False, record_history=True)
    def __init__(self, shape: Shape, dtype: DTypeLike = "float32", name: str = "keras_tensor") -> None:
        self.shape, self.dtype, self.name = TensorShape(shape), as_dtype(dtype).name, name

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    __add__, __radd__ = _operator("Add")
    __sub__, __rsub__ = _operator("Subtract")
    __mul__, __rmul__ = _operator("Multiply")
    __truediv__, __rtruediv__ = _operator("TrueDivide")
    __floordiv__, __rfloordiv__ = _operator("FloorDivide")
    __mod__, __rmod__ = _operator("Mod")
    __pow__, __rpow__ = _operator("Power")
    __matmul__, __rmatmul__ = _operator("Matmul")
    __and__, __rand__ = _operator("LogicalAnd")
    __or__, __ror__ = _operator("LogicalOr")
    __xor__, __rxor__ = _operator("LogicalXor")
    __lt__, __gt__ = _operator("Less")[0], _operator("Greater")[0]
    __le__, __ge__ = _operator("LessEqual")[0], _operator("GreaterEqual")[0]
    __getitem__ = _operator("GetItem")[0]

    def __neg__(self) -> Any:
        return _call("Negative", self)

    def __invert__(self) -> Any:
        return _call("LogicalNot", self)

    def __abs__(self) -> Any:
        return _call("Absolute", self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise ValueError(
            "A KerasTensor holds no values yet: it stands for a model's input or a layer's output. "
            "Call layers on it (keras.layers.Lambda around a function of your own), or compute in a Layer's `call`."
        )

    def __iter__(self) -> Any:
        raise NotImplementedError("Iterating over a symbolic KerasTensor is not supported.")

    def __bool__(self) -> bool:
        raise TypeError("A symbolic KerasTensor cannot be used as a boolean.")

    def __repr__(self) -> str:
        return f"<KerasTensor shape={tuple(self.shape)}, dtype={self.dtype}, name={self.name}>"


def is_symbolic(*values: Any) -> bool:
    """Whether a KerasTensor is among the values or in their nests."""
    return any(isinstance(x, KerasTensor) or (nest.is_nested(x) and is_symbolic(*nest.flatten(x))) for x in values)


def traced(function: Callable[..., Any], name: str, arguments: list[Any]) -> Any:
    """KerasTensors for function(*arguments): their shapes come from calls on zeros in place of the KerasTensors.

    Sizes that change with unknown sizes of the arguments are unknown.
    """
    inputs = [x for x in nest.flatten(arguments) if isinstance(x, KerasTensor)]

    def call(batch: int, size: int, known: Mapping[tuple[int, int], int]) -> Any:
        budget.work(8 * budget.CALL)

        def zeros(x: Any) -> Any:
            if not isinstance(x, KerasTensor):
                return x
            shape = [
                known.get((x.ndim, axis), size if axis else batch) if n is None else n for axis, n in enumerate(x.shape)
            ]
            budget.allow(shape)
            return Tensor(np.zeros(shape, x.dtype))

        with unrecorded():
            return function(*nest.map_structure(zeros, arguments))

    def merged(x: Any, y: Any) -> KerasTensor:
        return KerasTensor([m if m == n else None for m, n in zip(x.shape, y.shape, strict=True)], x.dtype, name)

    def tried(few: int, more: int, known: Mapping[tuple[int, int], int] = MappingProxyType({})) -> Any:
        return nest.map_structure(merged, call(2, few, known), call(3, more, known))

    batches, others = (any(None in x.shape[axes] for x in inputs) for axes in (slice(None, 1), slice(1, None)))
    if not batches and not others:
        return nest.map_structure(lambda x: merged(x, x), call(1, 1, {}))
    try:
        return tried(2, 3)
    except budget.Exceeded:
        raise
    except Exception:
        # an unknown size may have to be that of another argument, a multiple of something, or go with any: often 1 does
        known = {(x.ndim, axis): n for x in inputs for axis, n in enumerate(x.shape) if n is not None}
        unknown = {(x.ndim, axis) for x in inputs for axis, n in enumerate(x.shape) if n is None}
        for place in sorted(unknown & known.keys()):
            with contextlib.suppress(Exception):
                return tried(2, 3, {place: known[place]})
        if not others:
            raise
        with contextlib.suppress(Exception):
            return tried(60, 120)
        outputs = tried(1, 1)
        for x in nest.flatten(outputs):
            x.shape = TensorShape([x.shape[0], *(None if n == 1 else n for n in x.shape[1:])] if x.ndim else ())
        return outputs


def symbols(shape: Any, dtype: DTypeLike) -> Any:
    """KerasTensors of a shape, or of a nest of them."""
    if isinstance(shape, dict):
        return {key: symbols(item, dtype) for key, item in shape.items()}
    if shape and nest.is_nested(shape[0]):
        return [symbols(item, dtype) for item in shape]
    return KerasTensor(tuple(shape), dtype)


def as_shapes(shape: Any) -> Any:
    """A shape of JSON, a list, as a tuple; also in nests."""
    if isinstance(shape, dict):
        return {key: as_shapes(item) for key, item in shape.items()}
    return [as_shapes(item) for item in shape] if any(map(nest.is_nested, shape)) else tuple(shape)
