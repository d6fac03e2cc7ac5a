"""Where the layers, weights and optimizers of a model lie in Keras's files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ...variable import Variable
from .._names import snake_case
from ..layers import Layer

if TYPE_CHECKING:
    from .model import Model


def named_layers(model: Model) -> dict[str, Layer]:
    """The model and the layers inside it by where their own variables lie: "layers/dense/vars/"."""
    return {f"{path}vars/": layer for path, layer in _inside(model, "", set())}


def named_variables(model: Model) -> dict[str, Variable]:
    """The weights by their names: "layers/dense/vars/0" is the first Dense layer's kernel."""
    return {f"{start}{i}": v for start, layer in named_layers(model).items() for i, v in enumerate(layer._own())}


def optimizers(model: Model) -> dict[str, Model]:
    """The compiled models, this one and those inside it, by where the variables of their optimizers lie."""
    return {
        f"{path}optimizer/vars/": layer  # type: ignore[misc]
        for path, layer in _inside(model, "", set())
        if hasattr(layer, "compile") and getattr(layer, "compiled", False)
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
                yield from _inside(item, f"{path}{kind}_{count}/" if count else f"{path}{kind}/", seen)


def _attributes(layer: Layer) -> list[tuple[str, Any]]:
    """In Keras's order: by name, private ones last; the layers of a Sequential or graph before all others."""
    ours = next(cls for cls in type(layer).__mro__ if cls.__module__.startswith("pynn."))
    names = vars(layer).keys() | set(dir(type(layer))).difference(dir(ours))
    found = {name: getattr(layer, name, None) for name in names if not name.startswith("__")}
    if hasattr(layer, "layers"):
        found["layers"] = layer.layers
    first = "layers" if getattr(layer, "_is_of_layers", False) else None
    return sorted(found.items(), key=lambda pair: (pair[0] != first, pair[0].startswith("_"), pair[0]))
