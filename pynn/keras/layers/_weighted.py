"""Layers whose arguments describe weights, like gamma_initializer, gamma_regularizer and gamma_constraint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...engine.typing import Shape
from ...engine.variable import Variable
from .. import constraints, initializers, regularizers
from .base import Layer

_GET = {"initializer": initializers.get, "regularizer": regularizers.get, "constraint": constraints.get}


class Weighted(Layer):
    """Base class: `_resolve` stores such arguments, `_add` makes a weight that they describe."""

    def _resolve(self, arguments: Mapping[str, Any]) -> None:
        """Stores the initializers, regularizers and constraints among the arguments; names become objects."""
        for name, value in arguments.items():
            weight, _, kind = name.rpartition("_")
            if kind in _GET and weight != "activity":  # Layer's own
                setattr(self, name, _GET[kind](value))

    def __getattr__(self, name: str) -> Any:  # where there is no such attribute
        if f"{name}_initializer" in vars(self):
            raise AttributeError(f"You must build the layer before accessing `{name}`: call it, or `build(shape)`")
        return super().__getattribute__(name)  # again, for its error: that inside a property may be of another name

    def _add(self, weight: str, shape: Shape, trainable: bool = True) -> Variable:
        about = {kind: getattr(self, f"{weight}_{kind}", None) for kind in _GET}
        return self.add_weight(shape, trainable=trainable, name=weight, **about)
