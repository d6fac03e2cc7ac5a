"""A model's weights by the paths that they have in Keras's files, and what a file's arrays do to them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._atomic import replacing
from ...convert import as_array
from ...variable import Variable
from .._names import snake_case
from ..layers import Layer
from .arrays import Arrays, Stored, opened, write_h5, write_npz

if TYPE_CHECKING:
    from .model import Model


def named_variables(model: Model) -> dict[str, Variable]:
    """The weights by their paths in Keras's files: "layers/dense/vars/0" is the first Dense layer's kernel."""
    found: dict[int, tuple[str, Variable]] = {}
    for path, layer in _walk(model, "", set()):
        for i, variable in enumerate(v for v in layer._own() if id(v) not in found):
            found[id(variable)] = f"{path}vars/{i}", variable
    return dict(found.values())


def optimizers(model: Model) -> dict[str, Model]:
    """The compiled models, this one and those inside it, by the paths of their optimizers."""
    compiled = (
        (path, x) for path, x in _walk(model, "", set()) if hasattr(x, "compile") and getattr(x, "compiled", False)
    )
    return {f"{path}optimizer/vars/": x for path, x in compiled}  # type: ignore[misc]


def _walk(layer: Layer, path: str, seen: set[int]) -> Iterator[tuple[str, Layer]]:
    """A layer and those inside it: attributes by name, and in lists the classes' names, numbered."""
    if id(layer) in seen:
        return
    seen.add(id(layer))
    yield path, layer
    attributes = {name: value for name, value in vars(layer).items() if not name.startswith("_")}
    if hasattr(layer, "layers"):
        attributes["layers"] = layer.layers
    for name in sorted(attributes):
        value = attributes[name]
        if isinstance(value, Layer):
            yield from _walk(value, f"{path}{name}/", seen)
        elif isinstance(value, (list, tuple, dict)):
            counts: dict[str, int] = {}
            for item in value.values() if isinstance(value, dict) else value:
                if isinstance(item, Layer) and id(item) not in seen:
                    base = snake_case(type(item).__name__)
                    count = counts[base] = counts.get(base, -1) + 1
                    yield from _walk(item, f"{path}{name}/{base}_{count}/" if count else f"{path}{name}/{base}/", seen)


def stored(model: Model) -> dict[str, np.ndarray]:
    """What a file holds of the model: its weights, and what layers with a `save_own_variables` of their own give."""
    arrays = {name: v._array for name, v in named_variables(model).items()}
    for start, layer in _with_own_ways(model).items():
        store: dict[str, Any] = {}
        layer.save_own_variables(store)
        arrays = _outside(arrays, start) | {start + key: as_array(value) for key, value in store.items()}
    return arrays


def load(model: Model, arrays: Arrays, skip_mismatch: bool = False) -> None:
    """The model takes what `stored` gave, as `assign` does. ValueError: then no variable is changed."""
    variables, own = named_variables(model), _with_own_ways(model)
    before = [(v, v._array.copy()) for v in variables.values()] if own else []
    try:
        for start, layer in own.items():
            variables, rest = _outside(variables, start), _outside(arrays, start)
            layer.load_own_variables({name[len(start) :]: arrays[name].read() for name in arrays.keys() - rest.keys()})
            arrays = rest
        assign(variables, arrays, skip_mismatch)
    except Exception:
        for v, value in before:
            v.assign(value)
        raise


def _with_own_ways(model: Model) -> dict[str, Layer]:
    """The layers that write or read their variables by methods of their own, by the beginning of the names."""
    ways = ("save_own_variables", "load_own_variables")
    return {
        f"{path}vars/": layer
        for path, layer in _walk(model, "", set())
        if any(getattr(type(layer), way) is not getattr(Layer, way) for way in ways)
    }


def _outside(named: dict[str, Any], start: str) -> dict[str, Any]:
    return {name: value for name, value in named.items() if not name.startswith(start)}


def save_weights(model: Model, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Writes the values to filepath (.npz or .weights.h5), all or nothing."""
    path = ending_in(filepath, ".weights.h5", ".npz")
    check_free(path, overwrite)
    arrays = stored(model)
    write = write_npz if path.suffix == ".npz" else write_h5
    with replacing(path) as file:
        write(file, arrays)


def assign(variables: dict[str, Variable], arrays: Arrays, skip_mismatch: bool = False) -> None:
    """The variables take the arrays, float32 and float64 for each other.

    ValueError if one is missing, left over, or of another shape or kind of numbers: then no variable is changed. With
    skip_mismatch, the layers of such variables keep their values, and a warning names them.
    """
    weights = {name: array for name, array in arrays.items() if name in variables or "optimizer" not in name.split("/")}
    wrong = dict.fromkeys(variables.keys() - weights.keys(), "is not in the file")
    wrong |= dict.fromkeys(weights.keys() - variables.keys(), "is none of the model's weights")
    for name in variables.keys() & weights.keys():
        v, array = variables[name], weights[name]
        if array.shape != v.shape or array.dtype.kind != v.dtype.dtype.kind:
            wrong[name] = f"is {v.dtype.name} {tuple(v.shape)}, the file has {array.dtype} {array.shape}"
    if wrong and not skip_mismatch:
        name = min(wrong)
        raise ValueError(
            f"{name} {wrong[name]}; it holds {sorted(weights)}, the model's weights are {sorted(variables)}"
        )
    skipped = {_layer(name) for name in wrong}
    if skipped:
        warnings.warn(f"These layers keep their weights, those of the file do not fit: {sorted(skipped)}", stacklevel=3)
    read = [(v, weights[name].read()) for name, v in variables.items() if _layer(name) not in skipped]
    for v, values in read:
        v.assign(values.astype(v.dtype.dtype, copy=False))


def _layer(name: str) -> str:
    return name.rpartition("vars/")[0].rstrip("/") or "the model itself"


def assign_state(model: Model, state: list[Stored], is_older: bool = False) -> None:
    """The optimizer takes its state, in the order of its variables; a warning if it does not fit.

    is_older: in the order of version 0.1.
    """
    optimizer, unbuilt = model.optimizer, len(model.optimizer.variables)
    if not state:
        return
    optimizer.build(model.trainable_variables)
    kept = optimizer.older_variables() if is_older else optimizer.variables
    if [tuple(v.shape) for v in kept] == [array.shape for array in state]:
        for v, array in zip(kept, state, strict=True):
            v.assign(array.read().astype(v.dtype.dtype))
    elif len(state) > unbuilt:  # else it had made no step yet
        warnings.warn(
            f"The file's state of the optimizer {optimizer.name!r}, {len(state)} arrays, does not fit its {len(kept)} "
            "variables: it begins anew",
            stacklevel=3,
        )


def read_arrays(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """All arrays of an npz file; errors as of `opened`."""
    with opened(path, ".npz") as arrays:
        return {name: array.read() for name, array in arrays.items()}


def ending_in(filepath: Any, *endings: str) -> Path:
    """The path, if it ends in one of these; else ValueError."""
    path = Path(filepath)
    if not path.name.endswith(endings):
        raise ValueError(f"The filename must end in {' or '.join(endings)}, got {path.name!r}")
    return path


def check_free(path: Path, overwrite: bool) -> None:
    """ValueError if the file is there and may not be overwritten."""
    if not overwrite and path.exists():
        raise ValueError(f"{path} exists already: remove it, or pass overwrite=True")
