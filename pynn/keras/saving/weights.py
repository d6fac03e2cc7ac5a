"""A model's weights in files, and what a file's arrays do to them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.convert import as_array
from ...engine.variable import Variable
from ...support.atomic import replacing
from ...support.outside import outside
from ..layers import Layer
from ..optimizers import Optimizer
from .arrays import Arrays, Stored, opened, write_h5, write_npz
from .paths import named_layers, named_optimizers, named_variables

if TYPE_CHECKING:
    from ..models.model import Model


def stored(model: Model) -> dict[str, np.ndarray]:
    """What a file holds of the model: what each layer's `save_own_variables` gives."""
    arrays: dict[str, np.ndarray] = {}
    for start, layer in named_layers(model).items():
        store: dict[str, Any] = {}
        layer.save_own_variables(store)
        for key, value in store.items():
            try:
                arrays[start + key] = as_array(value)
            except (TypeError, ValueError) as error:
                raise TypeError(f"Layer {layer.name!r} stores {value!r} as {key!r}: no array of numbers") from error
    return arrays


def of_optimizers(model: Model) -> dict[str, np.ndarray]:
    """What a file holds of the optimizers that have made a step or were built."""
    return {
        f"{start}{i}": v.numpy()
        for start, (optimizer, _) in named_optimizers(model).items()
        if optimizer.built
        for i, v in enumerate(optimizer.variables)
    }


def load_optimizers(model: Model, arrays: Arrays, is_older: bool = False, must_fit: bool = False) -> None:
    """The optimizers take what `of_optimizers` gave, as `assign_state` does it."""
    for start, (optimizer, variables) in named_optimizers(model).items():
        names = [f"{start}{i}" for i in range(len(arrays)) if f"{start}{i}" in arrays]
        assign_state(optimizer, variables, [arrays[name] for name in names], is_older, must_fit)


def load(model: Model, arrays: Arrays, skip_mismatch: bool = False) -> None:
    """The model takes what `stored` gave: layers with a `load_own_variables` of their own by it, others by `assign`.

    ValueError: something does not fit; then no variable is changed. With skip_mismatch, as in `assign`.
    """
    variables = named_variables(model)
    own = {start: layer for start, layer in named_layers(model).items() if _has_own_ways(type(layer))}
    before = {start: [(v, v._array.copy()) for v in layer.weights] for start, layer in own.items()}
    try:
        for start, layer in own.items():
            try:
                names = [name for name in arrays if name.startswith(start)]
                layer.load_own_variables({name[len(start) :]: arrays[name].read() for name in names})
            except Exception as error:
                about = f"Layer {layer.name!r} does not take what the file has: {type(error).__name__}: {error}"
                if not skip_mismatch:
                    raise ValueError(about) from error
                _restore(before[start])
                warnings.warn(f"{about}; it keeps its weights", stacklevel=outside())
        apart = (*own, *named_optimizers(model))
        rest = {name: array for name, array in arrays.items() if not name.startswith(apart)}
        assign({name: variables[name] for name in variables if not name.startswith(tuple(own))}, rest, skip_mismatch)
    except Exception:
        for values in before.values():
            _restore(values)
        raise


def _has_own_ways(cls: type[Layer]) -> bool:
    ways = ("save_own_variables", "load_own_variables")
    return any(getattr(cls, way) is not getattr(Layer, way) for way in ways)


def _restore(values: Iterable[tuple[Variable, np.ndarray]]) -> None:
    for variable, value in values:
        variable.assign(value)


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
    weights = {name: array for name, array in arrays.items() if name in variables or not is_of_optimizer(name)}
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
        warnings.warn(
            f"These layers keep their weights, those of the file do not fit: {sorted(skipped)}", stacklevel=outside()
        )
    read = [(v, weights[name].read()) for name, v in variables.items() if _layer(name) not in skipped]
    for v, values in read:
        v.assign(values.astype(v.dtype.dtype, copy=False))


def is_of_optimizer(name: str) -> bool:
    """Whether an array of this name is none of a model's weights."""
    return any(part.endswith("optimizer") for part in name.split("/"))


def _layer(name: str) -> str:
    return name.rpartition("vars/")[0].rstrip("/") or "the model itself"


def assign_state(
    optimizer: Optimizer,
    variables: list[Variable] | None,
    state: list[Stored],
    is_older: bool = False,
    must_fit: bool = False,
) -> None:
    """The optimizer takes its state, in the order of its variables; if it does not fit, a warning or a ValueError.

    variables: what it is built for, if it is not yet; None: not known. is_older: in the order of version 0.1.
    """
    unbuilt = len(optimizer.variables)
    if not state:
        return
    if variables is not None:
        optimizer.build(variables)
    kept = optimizer.older_variables() if is_older else optimizer.variables
    if [tuple(v.shape) for v in kept] == [array.shape for array in state]:
        for v, array in zip(kept, state, strict=True):
            v.assign(array.read().astype(v.dtype.dtype))
    elif len(state) > unbuilt or must_fit:  # else it had made no step yet
        about = (
            f"state of the optimizer {optimizer.name!r}, {len(state)} arrays, does not fit its {len(kept)} variables"
        )
        if must_fit:
            raise ValueError(f"the {about}")
        warnings.warn(f"The file's {about}: it begins anew", stacklevel=outside())


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
