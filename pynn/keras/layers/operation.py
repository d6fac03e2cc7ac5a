"""Operators between KerasTensors as layers: `x + y`, `x[:, 0]`, ... in the functional API."""

from __future__ import annotations

from typing import Any, Unpack

from ... import ops
from .base import Layer, LayerOptions


class Operation(Layer):
    """Calls one of the operations by its name, e.g. "add"."""

    def __init__(self, operation: str, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.operation = operation

    def call(self, *inputs: Any) -> Any:
        return getattr(ops, self.operation)(*inputs)
