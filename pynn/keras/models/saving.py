"""Whole models in files: .keras, a zip of the configuration (JSON) and the weights (npz)."""

from __future__ import annotations

import io
import json
import os
import warnings
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._atomic import replacing
from .._config import UnknownObject, custom_object_scope, deserialize, serialize
from . import weights

if TYPE_CHECKING:
    from .model import Model

CONFIG, NPZ, H5 = "config.json", "model.weights.npz", "model.weights.h5"
MOST_CONFIG = 2**24  # bytes; models of thousands of layers stay below


def save_model(model: Model, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Writes configuration, weights and optimizer, all or nothing. Keras itself reads the configuration alone."""
    path = weights.ending_in(filepath, ".keras")
    weights.check_free(path, overwrite)
    config = serialize(model)
    if model._build_shape is not None:
        config["build_config"] = {"input_shape": serialize(model._build_shape)}
    arrays = {name: v._array for name, v in weights.named_variables(model).items()}
    if model.compiled:
        try:
            config["compile_config"] = serialize(dict(model._compile_arguments))
        except TypeError as error:
            warnings.warn(f"The file leaves out what `compile` was given: {error}", stacklevel=3)
        if model.optimizer.built:
            arrays |= {f"optimizer/vars/{i}": v for i, v in enumerate(map(np.asarray, model.optimizer.variables))}
    text = json.dumps(config, indent=1)
    packed = io.BytesIO()
    weights.write_npz(packed, arrays)
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(CONFIG, text)
        archive.writestr(NPZ, packed.getvalue())


def load_model(
    filepath: str | os.PathLike[str], custom_objects: Mapping[str, Any] | None = None, compile: bool = True
) -> Model:
    """The model that `save` wrote, with its optimizer's state; of Keras's own files, configuration and weights.

    custom_objects: names for classes and functions of the user's own, if they are not registered. compile=False:
    without loss and optimizer. ValueError: no such file, or a damaged one. TypeError: unknown classes.
    """
    path = weights.ending_in(filepath, ".keras")
    if not path.exists():
        raise ValueError(f"File not found: filepath={path}. Please ensure the file is an accessible `.keras` zip file.")
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if CONFIG not in names or archive.getinfo(CONFIG).file_size > MOST_CONFIG:
                raise ValueError(f"it has no {CONFIG} of a sensible size")
            config = json.loads(archive.read(CONFIG))
            with custom_object_scope(custom_objects or {}):
                model = _made(config)
                if compile and config.get("compile_config"):
                    model.compile(**{k: deserialize(v) for k, v in config["compile_config"].items() if k in _ARGUMENTS})
            _load(model, archive, names)
    except (OSError, UnknownObject):
        raise
    except Exception as error:  # damaged bytes and wrong configurations make zipfile and constructors raise anything
        raise ValueError(f"{path} cannot be loaded: {error}") from None
    return model


_ARGUMENTS = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")


def _made(config: Any) -> Model:
    """The model of a configuration, built."""
    from .model import Model

    model = deserialize(config)
    if not isinstance(model, Model):
        raise ValueError(f"it does not describe a model but {type(model).__name__}")
    shape = (config.get("build_config") or {}).get("input_shape")
    if not model.built and shape is not None:
        model.build(tuple(shape) if isinstance(shape, list) else shape)
        model.built = True
    return model


def _load(model: Model, archive: zipfile.ZipFile, names: list[str]) -> None:
    variables = weights.named_variables(model)
    if NPZ in names:
        most = 4 * sum(v._array.nbytes + weights.HEADER for v in variables.values()) + MOST_CONFIG
        if archive.getinfo(NPZ).file_size > most:
            raise ValueError("its weights are larger than the model's")
        arrays = weights.read_arrays(io.BytesIO(archive.read(NPZ)), most)
    elif H5 in names:
        arrays = weights.read_h5(io.BytesIO(archive.read(H5)))
    else:
        raise ValueError("it has no weights")
    weights.assign(variables, arrays)
    state = {name: array for name, array in arrays.items() if name.startswith("optimizer/vars/")}
    if model.compiled and state:
        ordered = [state[f"optimizer/vars/{i}"] for i in range(len(state))]
        model.optimizer.build(model.trainable_variables)
        kept = model.optimizer.variables
        if [v.shape for v in kept] != [a.shape for a in ordered]:
            raise ValueError("the optimizer's state does not fit the model")
        for v, array in zip(kept, ordered, strict=True):
            v.assign(array.astype(v.dtype.dtype))


def to_json(model: Model, options: dict[str, Any]) -> str:
    """The configuration as text."""
    return json.dumps(serialize(model), **options)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """The model of a text from `to_json`, its weights drawn anew."""
    with custom_object_scope(custom_objects or {}):
        return _made(json.loads(json_string))


def clone_model(model: Model) -> Model:
    """A new model of the same configuration, its weights drawn anew."""
    return type(model).from_config(model.get_config())
