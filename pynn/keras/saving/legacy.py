"""Keras's older files of whole models: one HDF5 file (.h5), in which the layers' weights stand in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..common.configuration import parsed
from ..layers import Layer
from . import weights
from .arrays import Arrays, opened_with_attributes
from .paths import named_variables

if TYPE_CHECKING:
    from ..models.model import Model

WEIGHTS, STATE = "model_weights", "optimizer_weights"


@contextmanager
def opened(path: Path) -> Iterator[tuple[Any, Arrays, bool]]:
    """The configuration, as .keras files have it, and the arrays, "layer:place among its weights"; False."""
    with opened_with_attributes(path) as (arrays, attributes):
        about = attributes[""]
        if "model_config" not in about or WEIGHTS not in attributes:
            raise ValueError("it does not hold a whole model")
        config = parsed(about["model_config"])
        if "training_config" in about:
            training = parsed(about["training_config"])
            training["optimizer"] = training.pop("optimizer_config", "rmsprop")
            config["compile_config"] = training
        ordered: Arrays = {}
        for group in (*attributes[WEIGHTS]["layer_names"], STATE):
            place = STATE if group == STATE else f"{WEIGHTS}/{group}"
            for i, name in enumerate(attributes.get(place, {}).get("weight_names", ())):
                ordered[f"{group}:{i}"] = arrays[f"{place}/{name}"]
        yield config, ordered, False


def renamed(model: Model, arrays: Arrays) -> Arrays:
    """The arrays under the names of the model's weights: of each layer the trainable ones first, in order."""
    names = {id(v): name for name, v in named_variables(model).items()}
    groups: dict[str, list[str]] = {}
    for name in arrays:
        group = name.rpartition(":")[0]
        if group != STATE:
            groups.setdefault(group, []).append(name)
    layers: list[Layer] = [layer for layer in model.layers if layer.weights]
    if len(layers) != len(groups):
        raise ValueError(f"it holds weights of {len(groups)} layers, the model has {len(layers)} with weights")
    found: Arrays = {}
    for layer, (group, own) in zip(layers, groups.items(), strict=True):
        variables = layer.trainable_weights + layer.non_trainable_weights
        if len(variables) != len(own):
            raise ValueError(f"it holds {len(own)} weights of {group!r}, layer {layer.name!r} has {len(variables)}")
        found |= {names[id(v)]: arrays[name] for v, name in zip(variables, own, strict=True)}
    return found


def assign(model: Model, arrays: Arrays) -> None:
    """The model, and its optimizer if it is compiled, take the arrays."""
    weights.assign(named_variables(model), renamed(model, arrays))
    if model.compiled:
        state = [array for name, array in arrays.items() if name.rpartition(":")[0] == STATE]
        weights.assign_state(model.optimizer, model.trainable_variables, state)
