"""Where the layers, weights and optimizers of a model lie in Keras's files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ...engine.variable import Variable
from ..common.names import snake_case
from ..layers import Layer
from ..optimizers import Optimizer

if TYPE_CHECKING:
    from ..models.model import Model


def named_layers(model: Model) -> dict[str, Layer]:
    """The model and the layers inside it by where their own variables lie: "layers/dense/vars/"."""
    return {f"{path}vars/": layer for path, layer in _inside(model, "", set())}


def named_variables(model: Model) -> dict[str, Variable]:
    """The weights by their names: "layers/dense/vars/0" is the first Dense layer's kernel."""
    return {f"{start}{i}": v for start, layer in named_layers(model).items() for i, v in enumerate(layer._own())}


def named_optimizers(model: Model) -> dict[str, tuple[Optimizer, list[Variable] | None]]:
    """The optimizers by where their variables lie, and for what they are: a model's own for its trainable weights."""
    return {
        f"{start.removesuffix('vars/')}{name}/vars/": (
            value,
            layer.trainable_variables if name == "optimizer" else None,
        )
        for start, layer in named_layers(model).items()
        for name, value in _attributes(layer)
        if isinstance(value, Optimizer)
    }


def _inside(value: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Layer]]:
    """A layer and those inside it, each once: attributes by name; in lists the classes' names, numbered."""
    if id(value) in seen:
        return
    if isinstance(value, Layer):
        seen.add(id(value))
        yield path, value
        for name, part in _attributes(value):
            yield from _inside(part, f"{path}{name}/", seen)
    elif isinstance(value, (list, tuple, dict)):
        counts: dict[str, int] = {}
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, (Layer, list, tuple, dict)):
                kind = snake_case(type(item).__name__) if isinstance(item, Layer) else "container"
                count = counts[kind] = counts.get(kind, -1) + 1
                name = f"{kind}_{count}" if count else kind
                yield from _inside(item, f"{path}{name}/", seen)


def _attributes(layer: Layer) -> list[tuple[str, Any]]:
    """In Keras's order: by name, private ones last; the layers of a Sequential or graph before all others."""
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
