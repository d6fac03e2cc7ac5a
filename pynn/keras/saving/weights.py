"""A model's weights and optimizers as the arrays of a file, and back."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...engine.convert import as_array
from ...engine.variable import Variable
from ...support.outside import outside
from ..layers import Layer
from .arrays import Arrays
from .paths import named_layers, named_optimizers, named_variables


def stored(model: Layer, optimizers: bool = False) -> dict[str, np.ndarray]:
    """The arrays of each layer's `save_own_variables`, and with `optimizers` the variables of those that are built."""
    arrays: dict[str, np.ndarray] = {}
    for start, layer in named_layers(model).items():
        store: dict[str, Any] = {}
        layer.save_own_variables(store)
        for key, value in store.items():
            try:
                arrays[start + key] = as_array(value)
            except (TypeError, ValueError) as error:
                raise TypeError(f"Layer {layer.name!r} stores {value!r} as {key!r}: no array of numbers") from error
    for start, (optimizer, _) in named_optimizers(model).items() if optimizers else ():
        if optimizer.built:
            arrays |= {f"{start}{i}": v.numpy() for i, v in enumerate(optimizer.variables)}
    return arrays


def load_optimizers(model: Layer, arrays: Arrays, is_older: bool = False, must_fit: bool = False) -> None:
    """Assigns the arrays of `stored` to the optimizers. Where they do not fit: a warning, with must_fit a ValueError.

    is_older: the arrays are in the order of version 0.1.
    """
    for start, (optimizer, variables) in named_optimizers(model).items():
        state = [arrays[name] for i in range(len(arrays)) if (name := f"{start}{i}") in arrays]
        if not state:
            continue
        unbuilt = len(optimizer.variables)
        if variables is not None:
            optimizer.build(variables)
        kept = optimizer.older_variables() if is_older else optimizer.variables
        if [tuple(v.shape) for v in kept] == [array.shape for array in state]:
            for v, array in zip(kept, state, strict=True):
                v.assign(array.read().astype(v.dtype.dtype))
        elif len(state) > unbuilt or must_fit:  # else it had made no step yet
            about = f"{optimizer.name!r}, {len(state)} arrays, does not fit its {len(kept)} variables"
            if must_fit:
                raise ValueError(f"the state of the optimizer {about}")
            warnings.warn(f"The file's state of the optimizer {about}: it begins anew", stacklevel=outside())


def load(model: Layer, arrays: Arrays, skip_mismatch: bool = False, titles: Mapping[str, str] | None = None) -> None:
    """Assigns the arrays of `stored`: by `load_own_variables` where a layer overrides it, to other layers by `assign`.

    titles: what messages call an array, None: by its name. ValueError: something does not fit; then no variable is
    changed. With skip_mismatch, as in `assign`.
    """
    own = {start: layer for start, layer in named_layers(model).items() if _overrides_storage(type(layer))}
    with _unchanged_by_errors(own.values()):
        for start, layer in own.items():
            try:
                with _unchanged_by_errors([layer]):
                    names = [name for name in arrays if name.startswith(start)]
                    layer.load_own_variables({name[len(start) :]: arrays[name].read() for name in names})
            except Exception as error:
                about = f"Layer {layer.name!r} does not take what the file has: {type(error).__name__}: {error}"
                if not skip_mismatch:
                    raise ValueError(about) from error
                warnings.warn(f"{about}; it keeps its weights", stacklevel=outside())
        title = (titles or {}).get
        others = {title(n, n): v for n, v in named_variables(model).items() if not n.startswith(tuple(own))}
        apart = (*own, *named_optimizers(model))
        assign(others, {title(n, n): x for n, x in arrays.items() if not n.startswith(apart)}, skip_mismatch)


def _overrides_storage(cls: type[Layer]) -> bool:
    methods = ("save_own_variables", "load_own_variables")
    return any(getattr(cls, name) is not getattr(Layer, name) for name in methods)


@contextmanager
def _unchanged_by_errors(layers: Iterable[Layer]) -> Iterator[None]:
    before = [(v, v._array.copy()) for layer in layers for v in layer.weights]
    try:
        yield
    except Exception:
        for v, value in before:
            v.assign(value)
        raise


def assign(variables: dict[str, Variable], arrays: Arrays, skip_mismatch: bool = False) -> None:
    """Assigns to each variable the array of its name; float32 may stand for float64, and the reverse.

    ValueError: an array is missing, left over, or of another shape or kind of numbers; then no variable is changed.
    With skip_mismatch, the layers of such variables keep their values, and a warning names them.
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
        about = f"These layers keep their weights, those of the file do not fit: {sorted(skipped)}"
        warnings.warn(about, stacklevel=outside())
    read = [(v, weights[name].read()) for name, v in variables.items() if _layer(name) not in skipped]
    for v, values in read:
        v.assign(values.astype(v.dtype.dtype, copy=False))


def is_of_optimizer(name: str) -> bool:
    """Whether an array of this name belongs to an optimizer."""
    return any(part.endswith("optimizer") for part in name.split("/"))


def _layer(name: str) -> str:
    return name.rpartition("/")[0].removesuffix("vars").rstrip("/") or "the model itself"
