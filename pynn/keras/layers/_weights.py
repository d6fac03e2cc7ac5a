"""The weights of a Layer, which it finds among its attributes: listed, counted, set and stored. Methods of Layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.convert import as_array
from ...engine.tensor import Tensor
from ...engine.variable import Variable

if TYPE_CHECKING:
    from .base import Layer

_PLAIN = frozenset({str, bool, int, float, type(None), Tensor})  # most attributes, which hold no variable and no layer
_SKIPPED = frozenset({"_arguments", "_nodes", "_call_losses", "_own_losses"})  # they hold what others hold, too


def parts(self: Layer, kind: type) -> tuple[list[Variable], list[Any]]:
    """The variables and the objects of type `kind` among the attributes, without duplicates.

    Lists, tuples, sets and dicts are looked into, too.
    """
    variables: dict[int, Variable] = {}
    objects: dict[int, Any] = {}
    _find([value for name, value in vars(self).items() if name not in _SKIPPED], kind, variables, objects)
    return list(variables.values()), list(objects.values())


def _find(values: Iterable[Any], kind: type, variables: dict[int, Variable], objects: dict[int, Any]) -> None:
    for value in values:
        cls = type(value)
        if cls in _PLAIN:
            continue
        if issubclass(cls, Variable):  # faster than isinstance, which asks twice where the answer is no
            variables[id(value)] = value
        elif issubclass(cls, (list, tuple, set)):
            _find(value, kind, variables, objects)
        elif issubclass(cls, dict):
            _find(value.values(), kind, variables, objects)
        elif issubclass(cls, kind):
            objects[id(value)] = value


def tree(layer: Layer, kind: type[Layer]) -> list[Layer]:
    """The layer and all layers (`kind`) inside it, without duplicates, outer ones first."""
    found: dict[int, Layer] = {}

    def walk(at: Layer) -> None:
        if id(at) not in found:
            found[id(at)] = at
            for inner in at._parts(kind)[1]:
                walk(inner)

    walk(layer)
    return list(found.values())


def of_layer(
    layer: Layer,
    kind: type[Layer],
    trainable: bool | None = None,
    outer: tuple[Layer, ...] = (),
    seen: set[tuple[int, bool | None]] | None = None,
) -> list[Variable]:
    """The variables of the layer and, after them, of the layers (`kind`) inside; all, or the (non-)trainable ones."""
    if not layer.trainable:
        if trainable:
            return []
        trainable = None  # nothing in a frozen layer is trained, whatever the layers inside say
    variables, layers = layer._parts(kind)
    own = sorted(variables, key=_made_frozen)
    if trainable is not None:
        own = [v for v in own if v.trainable == trainable]
    outer, seen = (*outer, layer), set() if seen is None else seen
    for inner in layers:
        # it may know the layer that holds it; and where all know each other, there are many ways to it
        if (id(inner), trainable) not in seen and not any(inner is known for known in outer):
            seen.add((id(inner), trainable))
            own += of_layer(inner, kind, trainable, outer, seen)
    return list({id(v): v for v in own}.values())


def own_weights(self: Layer) -> list[Variable]:
    """The variables of the layer without those of the layers inside, trainable ones first."""
    return sorted(self._parts(Variable)[0], key=_made_frozen)


def _made_frozen(variable: Variable) -> bool:
    return not variable._made_trainable  # `trainable` may change; the order in files must not


def save_own_variables(self: Layer, store: dict[str, Any]) -> None:
    """Puts its own variables, without those of the layers inside, into the dict that goes into a file.

    A subclass may store other names and arrays; its `load_own_variables` gets the same dict.
    """
    store |= {str(i): v._array for i, v in enumerate(own_weights(self))}


def load_own_variables(self: Layer, store: Mapping[str, Any]) -> None:
    """Assigns the values that `save_own_variables` stored. ValueError: another number of them."""
    own = own_weights(self)
    if len(store) != len(own):
        raise ValueError(f"Layer {self.name!r} has {len(own)} variables of its own, the file has {sorted(store)}")
    for i, v in enumerate(own):
        v.assign(np.asarray(store[str(i)], v.dtype.dtype))


def count_params(self: Layer) -> int:
    """The number of weights."""
    if not self.built:
        raise ValueError(f"Layer {self.name!r} isn't built: call it on data or `build(input_shape)` first.")
    return sum(v._array.size for v in self.weights)


def get_weights(self: Layer) -> list[np.ndarray]:
    """Copies of the weights."""
    return [v._array.copy() for v in self.weights]


def set_weights(self: Layer, weights: Any) -> None:
    """Assigns weights in the order of `get_weights`; if one does not fit, none is changed."""
    variables = self.weights
    if len(weights) != len(variables):
        raise ValueError(
            f"You called `set_weights(weights)` on layer {self.name!r} with a weight list of length "
            f"{len(weights)}, but the layer was expecting {len(variables)} weights."
        )
    arrays = [as_array(w) for w in weights]
    for v, array in zip(variables, arrays, strict=True):
        if v.shape != array.shape:
            raise ValueError(
                f"Layer {self.name} weight shape {v.shape} is not compatible with provided weight shape {array.shape}."
            )
    for v, array in zip(variables, arrays, strict=True):
        v.assign(array)
