"""A Layer on KerasTensors, and the shapes of its outputs. Methods of Layer."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from ...engine import nest
from ...engine.scope import scope_of
from ...ops import random
from ..common.symbolic import Node, symbols, traced
from .outermost import scope

if TYPE_CHECKING:
    from .base import Layer


def symbolic_call(self: Layer, *args: Any, **kwargs: Any) -> Any:
    """The outputs for KerasTensors, as KerasTensors."""
    with scope_of(self):
        if not self.built:
            self._build_for(nest.map_structure(lambda x: tuple(x.shape if hasattr(x, "shape") else ()), args[0]))
        outputs = traced(self._inferred, self.name, [list(args), kwargs])
    return Node(self, args, kwargs, outputs).outputs


def inferred(self: Layer, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """The outputs for zeros in place of KerasTensors, which leave no trace but that the layer is built."""
    outer, scope.losses = scope.losses, []  # losses of zeros are dropped
    try:
        outputs = self(*args, **{"training": False, **kwargs} if self._takes_training else kwargs)
    finally:
        scope.losses = outer
    if outputs is None:
        raise ValueError(f"`call` of layer {self.name!r} does not return its result")
    for layer in self._tree():
        layer._call_losses, layer._own_losses = [], (None, [])
    return outputs


def compute_output_shape(self: Layer, input_shape: Any) -> Any:
    """The shape of the output; nests of shapes for nests of tensors. None: a size that is not known."""
    state = random.generator().bit_generator.state

    def infer(args: list[Any], kwargs: dict[str, Any]) -> Any:
        layer = self if self.built else copy.deepcopy(self)  # a call makes the weights, for these sizes
        return layer._inferred(args, kwargs)

    outputs = traced(infer, self.name, [[symbols(input_shape, self._dtype)], {}])
    random.generator().bit_generator.state = state
    return nest.map_structure(lambda x: tuple(x.shape), outputs)


def first_node(layer: Layer) -> Node:
    """The first call on KerasTensors. AttributeError: there was none."""
    if not layer._nodes:
        raise AttributeError(f"Layer {layer.name} has no input and output: it was never called on a KerasTensor.")
    return layer._nodes[0]
