"""Operators between KerasTensors as layers: `x + y`, `x[:, 0]`, ... in the functional API."""

from __future__ import annotations

from typing import Any, Unpack

from ... import ops
from .base import Layer, LayerOptions

__all__ = ["Operation"]
OPERATIONS = ("abs", "add", "divide", "getitem", "matmul", "multiply", "negative", "pow", "subtract")
_KERAS = {"Absolute": "abs", "GetItem": "getitem", "Power": "pow", "TrueDivide": "divide"}


class Operation(Layer):
    """Calls one of the OPERATIONS by its name, e.g. "add"."""

    def __init__(self, operation: str, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        if operation not in OPERATIONS:
            raise ValueError(f"There is no operation {operation!r} on KerasTensors; there are {', '.join(OPERATIONS)}")
        self.operation = operation

    def call(self, *inputs: Any) -> Any:
        return getattr(ops, self.operation)(*inputs)


def of_keras(class_name: str, config: dict[str, Any]) -> Operation:
    """The operation that stands in Keras's own files under its class."""
    return Operation(_KERAS.get(class_name, class_name.lower()), name=config.get("name"))
