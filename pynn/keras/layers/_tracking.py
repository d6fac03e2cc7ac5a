"""Tracked: finds variables and layers among its attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np

from ...engine.convert import as_array
from ...engine.tensor import Tensor
from ...engine.variable import Variable
from ..common.configuration import Configured
from ..variables import Variable as KerasVariable

_PLAIN = frozenset({str, bool, int, float, type(None), Tensor})  # most attributes, which hold no variable and no layer
_SKIPPED = frozenset({"_arguments", "_nodes", "_call", "_added"})  # what they hold is in other attributes, too


class Tracked(Configured):
    """Base of layers and models. It looks into lists, tuples and dicts, too."""

    name: str
    built = False
    _trainable = True

    def parts(self, kind: type) -> tuple[list[Variable], list[Any]]:
        """The variables and the objects of type `kind` among the attributes, without duplicates."""
        variables: dict[int, Variable] = {}
        objects: dict[int, Any] = {}
        _find([value for name, value in vars(self).items() if name not in _SKIPPED], kind, variables, objects)
        return list(variables.values()), list(objects.values())

    def _tree(self) -> list[Self]:
        """This and all layers inside it, without duplicates, outer ones first."""
        seen: dict[int, Any] = {}

        def walk(at: Any) -> None:
            if id(at) not in seen:
                seen[id(at)] = at
                for inner in at.parts(Tracked)[1]:
                    walk(inner)

        walk(self)
        return list(seen.values())

    def _collect(self, trainable: bool | None) -> list[Variable]:
        """Own variables and, after them, those of the layers inside; all or (non-)trainable ones."""
        if not self._trainable:
            if trainable:
                return []
            trainable = None  # nothing in a frozen layer is trained, whatever the layers inside say
        variables, layers = self.parts(Tracked)
        own = sorted(variables, key=_is_frozen)
        if trainable is not None:
            own = [v for v in own if v.trainable == trainable]
        for inner in layers:
            own += inner._collect(trainable)
        return list({id(v): v for v in own}.values())

    @property
    def weights(self) -> list[Variable]:
        """The variables of the layer, trainable ones first, and after them those of the layers inside."""
        return self._collect(None)

    variables = weights

    @property
    def trainable_weights(self) -> list[Variable]:
        """What training changes: none if the layer is not trainable."""
        return self._collect(True)

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The other weights."""
        return self._collect(False)

    non_trainable_variables = non_trainable_weights

    @property
    def trainable(self) -> bool:
        """Whether training changes the layer; setting it sets it for the layers inside as well."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for layer in self.parts(Tracked)[1]:
            layer.trainable = value

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Puts its own variables, without those of the layers inside, into the dict that goes into a file.

        A subclass may store other names and arrays; its `load_own_variables` gets the same dict.
        """
        store |= {str(i): v._array for i, v in enumerate(self._own())}

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Assigns the values that `save_own_variables` stored. ValueError: another number of them."""
        own = self._own()
        if len(store) != len(own):
            raise ValueError(f"Layer {self.name!r} has {len(own)} variables of its own, the file has {sorted(store)}")
        for i, v in enumerate(own):
            v.assign(np.asarray(store[str(i)], v.dtype.dtype))

    def _own(self) -> list[Variable]:
        return sorted(self.parts(Tracked)[0], key=_is_frozen)

    def count_params(self) -> int:
        """The number of weights."""
        if not self.built:
            raise ValueError(f"Layer {self.name!r} isn't built: call it on data or `build(input_shape)` first.")
        return sum(v._array.size for v in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """Copies of the weights."""
        return [v._array.copy() for v in self.weights]

    def set_weights(self, weights: Any) -> None:
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
                    f"Layer {self.name} weight shape {v.shape} is not compatible with provided weight "
                    f"shape {array.shape}."
                )
        for v, array in zip(variables, arrays, strict=True):
            v.assign(array)


def _is_frozen(variable: Variable) -> bool:
    return not variable.trainable


def _find(values: Iterable[Any], kind: type, variables: dict[int, Variable], objects: dict[int, Any]) -> None:
    for value in values:
        cls = type(value)
        if cls in _PLAIN:
            continue
        if cls is KerasVariable or cls is Variable:
            variables[id(value)] = value
        elif cls is list or cls is tuple:
            _find(value, kind, variables, objects)
        elif cls is dict:
            _find(value.values(), kind, variables, objects)
        elif isinstance(value, kind):
            objects[id(value)] = value
