"""Models in files: .keras, a zip of the configuration (JSON) and the weights (HDF5 or npz); or their weights alone."""

from __future__ import annotations

import datetime
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...engine.budget import limited
from ...support.atomic import replacing
from ...support.neutral import neutral
from ...support.version import __version__
from ..common.configuration import deserialize, parsed, serialize
from ..common.registry import custom_object_scope
from ..layers import Layer
from . import arrays, legacy, weights
from .arrays import FilePath, damage
from .paths import named_layers, named_optimizers, named_variables, plain_names

METADATA, CONFIG, NPZ, H5 = "metadata.json", "config.json", "model.weights.npz", "model.weights.h5"
KERAS = "3.15.1"  # the version whose files these are like
MOST_CONFIG = 2**24  # bytes; models of thousands of layers stay below
MOST_OF_TEXT = 2**26  # weights, which take 0.8 GB while they are drawn, of a model that is described without them
LEGACY = (".h5", ".hdf5")
WEIGHTS = (".weights.h5", ".npz", ".safetensors")


def path_of(filepath: FilePath, *endings: str, overwrite: bool = True) -> Path:
    """filepath as a Path. ValueError: it ends in none of these, or the file exists and may not be overwritten."""
    path = Path(filepath)
    if not path.name.endswith(endings):
        raise ValueError(f"The filename must end in {' or '.join(endings)}, got {path.name!r}")
    if not overwrite and path.exists():
        raise ValueError(f"{path} exists already: remove it, or pass overwrite=True")
    return path


@neutral(zipped=True, include_optimizer=True)
def save_model(model: Layer, filepath: FilePath, overwrite: bool = True) -> None:
    """Writes configuration, weights and optimizer, all or nothing; Keras reads it if h5py is installed here."""
    path = path_of(filepath, ".keras", overwrite=overwrite)
    _refuse_methods_for_files(model)
    config = json.dumps(serialize(model), indent=1)
    packed, name = io.BytesIO(), H5 if find_spec("h5py") else NPZ
    arrays.write(packed, weights.stored(model, optimizers=True), Path(name).suffix)
    now = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        about = json.dumps({"keras_version": KERAS, "pynn_version": __version__, "date_saved": now})
        for member, content in ((METADATA, about), (CONFIG, config), (name, packed.getvalue())):
            archive.writestr(zipfile.ZipInfo(member), content)  # not by name: that fails where the clock is before 1980


@neutral(safe_mode=True)
def load_model(filepath: FilePath, custom_objects: Mapping[str, Any] | None = None, compile: bool = True) -> Any:
    """The model that `save` wrote, with its optimizer's state; also Keras's own .keras files, and its older .h5.

    custom_objects: names for classes and functions of the user's own, if they are not registered. compile=False:
    without loss and optimizer. ValueError: no such file, or a damaged one. TypeError: unknown classes.
    """
    path = path_of(filepath, ".keras", *LEGACY)
    if not path.exists():
        raise ValueError(f"File not found: filepath={path}. Please ensure the file is an accessible `.keras` zip file.")
    with damage(f"{path} cannot be loaded: "), custom_object_scope(custom_objects), _opened(path) as opened:
        config, file, is_older = opened
        if not compile and isinstance(config, dict):
            config["compile_config"] = None
        with limited(sum(array.size for array in file.values())):
            model = _made(config)
        _refuse_methods_for_files(model)
        weights.load_optimizers(model, _load(model, path, file), is_older)
    return model


def save_weights(model: Layer, filepath: FilePath, overwrite: bool = True) -> None:
    """Writes the weights to filepath (.weights.h5, .npz or .safetensors), all or nothing."""
    path = path_of(filepath, *WEIGHTS, overwrite=overwrite)
    names = plain_names(model, path.suffix)
    stored = {names.get(name, name): array for name, array in weights.stored(model).items()}
    with replacing(path) as file:
        arrays.write(file, stored, path.suffix)


def load_weights(model: Layer, filepath: FilePath, skip_mismatch: bool = False) -> None:
    """Reads the weights of a file. ValueError: something does not fit; then no weight is changed."""
    path = path_of(filepath, *WEIGHTS, ".keras", *LEGACY)
    with damage(f"{path} is not a weights file for this model: "), _opened(path) as (_, file, _):
        _load(model, path, file, skip_mismatch)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The model of a text from `to_json`, its weights drawn anew.

    ValueError: no such text, or one that asks for more than 2**26 weights; `from_config` makes as many as you like.
    TypeError: unknown classes, or arguments that they do not have.
    """
    with custom_object_scope(custom_objects), limited(MOST_OF_TEXT):
        try:
            return _made(parsed(json_string))
        except (TypeError, ValueError):
            raise
        except Exception as error:  # configurations make classes raise almost anything
            raise ValueError(f"The text does not describe a model: {type(error).__name__}: {error}") from None


def _made(config: Any) -> Any:
    model = deserialize(config)
    if not hasattr(model, "compile_from_config"):
        raise ValueError(f"it does not describe a model but {type(model).__name__}")
    return model


def _refuse_methods_for_files(model: Layer) -> None:
    """ValueError: a layer or optimizer has methods for files that Keras calls, but pynn does not."""
    for layer in named_layers(model).values():
        if hasattr(layer, "save_assets") or hasattr(layer, "load_assets"):
            raise ValueError(f"Layer {layer.name!r} has save_assets or load_assets: such files are not supported")
    for optimizer, _ in named_optimizers(model).values():
        if hasattr(optimizer, "save_own_variables") or hasattr(optimizer, "load_own_variables"):
            raise ValueError(f"Optimizer {optimizer.name!r} has save_own_variables: add_variable is what is supported")


def _is_legacy(path: Path) -> bool:
    return path.name.endswith(LEGACY) and not path.name.endswith(".weights.h5")


def _load(model: Layer, path: Path, file: arrays.File, skip_mismatch: bool = False) -> arrays.Arrays:
    """Assigns the weights of an open file to the model; returns all arrays by their names in .keras files."""
    if not _is_legacy(path):
        names = plain_names(model, path.suffix)
        usual = {name: n for n, name in names.items()}
        weights.load(model, {usual.get(n, n): array for n, array in file.items()}, skip_mismatch, names)
        return file
    renamed = legacy.renamed(model, file)
    weights.assign(named_variables(model), renamed, skip_mismatch)
    return renamed


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, arrays.File, bool]]:
    """The configuration, None in a file of weights, the arrays, and whether version 0.1 of ours wrote the file."""
    if path.suffix != ".keras":
        with arrays.opened(path, ".h5" if path.name.endswith(LEGACY) else path.suffix) as file:
            yield legacy.config_of(file) if _is_legacy(path) else None, file, False
        return
    size = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        names, most = archive.namelist(), arrays.most_bytes(size)
        # a configuration is packed at best, weights are not
        if CONFIG not in names or archive.getinfo(CONFIG).file_size > min(MOST_CONFIG, 32 * size + 2**17):
            raise ValueError(f"it has no {CONFIG} of a sensible size")
        config = parsed(arrays.open_member(archive, CONFIG, MOST_CONFIG).read())
        if not (stored := next((name for name in (H5, NPZ) if name in names), "")):
            raise ValueError("it has no weights")
        content = io.BytesIO(arrays.open_member(archive, stored, most).read())
        with arrays.opened(content, Path(stored).suffix, most) as file:
            yield config, file, METADATA not in names
