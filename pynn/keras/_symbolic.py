"""KerasTensor: the shape and dtype of a value to come, from which `Model(inputs, outputs)` learns who calls whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import nest
from ..dtypes import TensorShape, as_dtype

if TYPE_CHECKING:
    from .layers.base import Layer


class Node:
    """One call of a layer on KerasTensors: its arguments, and the KerasTensors that it gave."""

    def __init__(self, layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> None:
        self.layer, self.args, self.kwargs, self.outputs = layer, args, kwargs, outputs
        self.inputs = [x for x in nest.flatten([*args, kwargs]) if isinstance(x, KerasTensor)]
        layer._nodes.append(self)
        for output in nest.flatten(outputs):
            output.node = self


def _call(name: str, *operands: Any) -> Any:
    from .layers.operation import Operation  # late: layers are written with KerasTensors

    return Operation(name)(*operands)


def _operator(name: str) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    """x ∘ y as a layer's call, and its reflection for an x that is no KerasTensor."""
    return lambda x, y: _call(name, x, y), lambda y, x: _call(name, x, y)


class KerasTensor:
    """What a layer gives for an Input or another KerasTensor: shape (None: any size), dtype, name, no values."""

    node: Node
    __hash__ = object.__hash__

    def __init__(self, shape: Any, dtype: Any = "float32", name: str = "keras_tensor") -> None:
        self.shape, self.dtype, self.name = TensorShape(shape), as_dtype(dtype).name, name

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    __add__, __radd__ = _operator("add")
    __sub__, __rsub__ = _operator("subtract")
    __mul__, __rmul__ = _operator("multiply")
    __truediv__, __rtruediv__ = _operator("divide")
    __pow__, __rpow__ = _operator("pow")
    __matmul__, __rmatmul__ = _operator("matmul")
    __getitem__ = _operator("getitem")[0]

    def __neg__(self) -> Any:
        return _call("negative", self)

    def __abs__(self) -> Any:
        return _call("abs", self)

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


def symbols(values: Any, batch: int | None, name: str) -> Any:
    """KerasTensors for the Tensors in a nest; their first size is `batch`."""
    return nest.map_structure(lambda t: KerasTensor((batch, *t.shape[1:]) if t.ndim else (), t.dtype, name), values)
