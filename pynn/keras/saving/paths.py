"""The names of a model's layers, weights and optimizers in Keras's files."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from ...engine.variable import Variable
from ..common.names import snake_case, unique
from ..layers import Layer
from ..optimizers import Optimizer


def named_layers(model: Layer) -> dict[str, Layer]:
    """The model and the layers inside it, by what the names of their own variables begin with: "layers/dense/vars/"."""
    return {f"{path}vars/": x for path, x in _inside(model, "", set()) if isinstance(x, Layer)}


def named_variables(model: Layer) -> dict[str, Variable]:
    """The weights by their names: "layers/dense/vars/0" is the first Dense layer's kernel."""
    layers = named_layers(model).items()
    return {f"{path}{i}": v for path, layer in layers for i, v in enumerate(layer._own_weights())}


def plain_names(model: Layer, kind: str) -> dict[str, str]:
    """The names in .safetensors by those of `named_variables`: "dense/kernel" for "layers/dense/vars/0"; else none.

    Layers that were not given a name are counted by class within the model, as in Keras's files, so that the names do
    not change with what else a program made.
    """
    places, names = {"": ""}, dict[str, str]()
    for start, layer in named_layers(model).items() if kind == ".safetensors" else ():
        path = start.removesuffix("vars/")
        outer = max((p for p in places if path.startswith(p)), key=len)
        if (own := path[len(outer) :]).startswith("layers/"):
            automatic = re.fullmatch(rf"{snake_case(type(layer).__name__)}(_\d+)?", layer.name)
            own = own.removeprefix("layers/") if automatic else f"{layer.name}/"
        places[path] = places[outer] + own
        names |= {f"{start}{i}": places[path] + v.name.removesuffix(":0") for i, v in enumerate(layer._own_weights())}
    plain = unique(names.values())
    return dict(zip(names, plain, strict=True)) if len(set(plain)) == len(plain) else {}


def named_optimizers(model: Layer) -> dict[str, tuple[Optimizer, list[Variable] | None]]:
    """Each optimizer, by what its variables' names begin with, and the weights that it trains; None: of no model."""
    found = dict(_inside(model, "", set()))
    owners = {f"{path}optimizer/": x for path, x in found.items() if isinstance(x, Layer)}
    return {
        f"{path}vars/": (x, owners[path].trainable_variables if path in owners else None)
        for path, x in found.items()
        if isinstance(x, Optimizer)
    }


def _inside(value: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Layer | Optimizer]]:
    """Paths and objects, without duplicates. An attribute's path ends in its name, a list's item's in its class's."""
    if id(value) in seen:
        return
    if isinstance(value, (Layer, Optimizer)):
        seen.add(id(value))
        yield path, value
        for name, part in _attributes(value) if isinstance(value, Layer) else ():
            yield from _inside(part, f"{path}{name}/", seen)
    elif isinstance(value, (list, tuple, set, dict)):
        counts: dict[str, int] = {}
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, (Layer, Optimizer, list, tuple, set, dict)):
                kind = snake_case(type(item).__name__) if isinstance(item, (Layer, Optimizer)) else "container"
                count = counts[kind] = counts.get(kind, -1) + 1
                yield from _inside(item, f"{path}{kind}_{count}/" if count else f"{path}{kind}/", seen)


def _attributes(layer: Layer) -> list[tuple[str, Any]]:
    """Names and values in Keras's order: the layers of a Sequential or graph, then by name, private ones last."""
    ours = next(cls for cls in type(layer).__mro__ if cls.__module__.startswith("pynn."))
    own = () if type(layer) is ours else set(dir(type(layer))).difference(dir(ours))  # `dir` takes its time
    names = vars(layer).keys() | own
    found = {}
    for name in names:
        if not name.startswith("__"):
            with contextlib.suppress(Exception):  # a property may fail; then there is nothing to save, as in Keras
                found[name] = getattr(layer, name)
    if hasattr(layer, "layers"):
        found["layers"] = layer.layers
    first = "layers" if layer._is_of_layers else None
    return sorted(found.items(), key=lambda pair: (pair[0] != first, pair[0].startswith("_"), pair[0]))
