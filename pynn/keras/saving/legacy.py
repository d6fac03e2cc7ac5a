"""Keras's older files of whole models: one HDF5 file (.h5), in which the layers' weights stand in order."""

from __future__ import annotations

from typing import Any

from ..common.configuration import parsed
from .arrays import Arrays, File, Stored
from .paths import named_variables

WEIGHTS, STATE = "model_weights", "optimizer_weights"


def config_of(file: File) -> Any:
    """The configuration, as .keras files have it."""
    if (text := file.attribute("", "model_config")) is None or WEIGHTS not in file.groups:
        raise ValueError("it does not hold a whole model")
    config = parsed(text)
    if training := file.attribute("", "training_config"):
        training = parsed(training)
        config["compile_config"] = training | {"optimizer": training.pop("optimizer_config", "rmsprop")}
    return config


def renamed(model: Any, file: File) -> Arrays:
    """The arrays by their names in newer files. A layer's are in the order of its weights, trainable ones first."""
    groups = {name: _group(file, f"{WEIGHTS}/{name}") for name in dict.fromkeys(file.attribute(WEIGHTS, "layer_names"))}
    groups = {name: arrays for name, arrays in groups.items() if arrays}
    layers = [layer for layer in model.layers if layer.weights]
    if len(layers) != len(groups):
        raise ValueError(f"it holds weights of {len(groups)} layers, the model has {len(layers)} with weights")
    names = {id(v): name for name, v in named_variables(model).items()}
    found = {f"optimizer/vars/{i}": array for i, array in enumerate(_group(file, STATE))}
    for layer, (name, arrays) in zip(layers, groups.items(), strict=True):
        variables = layer.trainable_weights + layer.non_trainable_weights
        if len(variables) != len(arrays):
            raise ValueError(f"it holds {len(arrays)} weights of {name!r}, layer {layer.name!r} has {len(variables)}")
        found |= {names[id(v)]: array for v, array in zip(variables, arrays, strict=True)}
    return found


def _group(file: File, path: str) -> list[Stored]:
    names = file.attribute(path, "weight_names")
    return [] if names is None else [file[f"{path}/{name}"] for name in names]
