"""Whole models in files: .keras, a zip of the configuration (JSON) and the weights (HDF5 or npz)."""

from __future__ import annotations

import datetime
import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.budget import limited
from ...support.atomic import replacing
from ...support.neutral import neutral
from ...support.version import __version__
from ..common.configuration import deserialize, parsed, serialize
from ..common.registry import UnknownObject, custom_object_scope
from . import legacy, weights
from .arrays import Arrays, check_packing, has_h5py, most_bytes, opened, write_h5, write_npz
from .paths import named_layers, named_optimizers, named_variables

if TYPE_CHECKING:
    from ..models.model import Model

METADATA, CONFIG, NPZ, H5 = "metadata.json", "config.json", "model.weights.npz", "model.weights.h5"
KERAS = "3.15.1"  # the version whose files these are like
MOST_CONFIG = 2**24  # bytes; models of thousands of layers stay below
MOST_OF_TEXT = 2**26  # weights, which take 0.8 GB while they are drawn, of a model that is described without them
LEGACY = (".h5", ".hdf5")


@neutral(zipped=True, include_optimizer=True)
def save_model(model: Model, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Writes configuration, weights and optimizer, all or nothing; Keras reads it if h5py is installed here."""
    path = weights.ending_in(filepath, ".keras")
    weights.check_free(path, overwrite)
    _refuse_own_ways(model)
    config = json.dumps(serialize(model), indent=1)
    arrays = weights.stored(model) | weights.of_optimizers(model)
    packed, hdf5 = io.BytesIO(), has_h5py()
    (write_h5 if hdf5 else write_npz)(packed, arrays)
    now = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(METADATA, json.dumps({"keras_version": KERAS, "pynn_version": __version__, "date_saved": now}))
        archive.writestr(CONFIG, config)
        archive.writestr(H5 if hdf5 else NPZ, packed.getvalue())


@neutral(safe_mode=True)
def load_model(
    filepath: str | os.PathLike[str], custom_objects: Mapping[str, Any] | None = None, compile: bool = True
) -> Model:
    """The model that `save` wrote, with its optimizer's state; also Keras's own .keras files, and its older .h5.

    custom_objects: names for classes and functions of the user's own, if they are not registered. compile=False:
    without loss and optimizer. ValueError: no such file, or a damaged one. TypeError: unknown classes.
    """
    path = weights.ending_in(filepath, ".keras", *LEGACY)
    if not path.exists():
        raise ValueError(f"File not found: filepath={path}. Please ensure the file is an accessible `.keras` zip file.")
    try:
        opened_file = legacy.opened(path) if path.suffix in LEGACY else _opened(path)
        with custom_object_scope(custom_objects), opened_file as (config, arrays, is_older):
            if not compile and isinstance(config, dict):
                config["compile_config"] = None
            with limited(sum(array.size for array in arrays.values())):
                model = _made(config)
            _refuse_own_ways(model)
            if path.suffix in LEGACY:
                legacy.assign(model, arrays)
            else:
                weights.load(model, arrays)
                weights.load_optimizers(model, arrays, is_older)
    except Exception as error:  # damaged bytes and wrong configurations make zipfile and constructors raise anything
        if isinstance(error, UnknownObject) or _is_of_the_system(error):
            raise
        raise ValueError(f"{path} cannot be loaded: {str(error) or type(error).__name__}") from None
    return model


def _refuse_own_ways(model: Model) -> None:
    """ValueError: Keras calls more methods of layers and optimizers than are called here."""
    for layer in named_layers(model).values():
        if hasattr(layer, "save_assets") or hasattr(layer, "load_assets"):
            raise ValueError(f"Layer {layer.name!r} has save_assets or load_assets: such files are not supported")
    for optimizer, _ in named_optimizers(model).values():
        if hasattr(optimizer, "save_own_variables") or hasattr(optimizer, "load_own_variables"):
            raise ValueError(f"Optimizer {optimizer.name!r} has save_own_variables: add_variable is what is supported")


def _is_of_the_system(error: Exception) -> bool:
    """No such file, no permission, no h5py: damaged bytes give OSErrors, too, but without a file's name."""
    return isinstance(error, ImportError) or (isinstance(error, OSError) and error.filename is not None)


def _most_config(size: int) -> int:
    """The bytes that the configuration in a file of this size may have: it is packed at best, and weights are not."""
    return min(MOST_CONFIG, 32 * size + 2**17)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Arrays, bool]]:
    """The configuration and the arrays of a .keras file, and whether an older version of ours wrote it."""
    with zipfile.ZipFile(path) as archive:
        names, most = archive.namelist(), most_bytes(path.stat().st_size)
        if CONFIG not in names or archive.getinfo(CONFIG).file_size > _most_config(path.stat().st_size):
            raise ValueError(f"it has no {CONFIG} of a sensible size")
        check_packing(archive.getinfo(CONFIG))
        stored = next((name for name in (H5, NPZ) if name in names), None)
        if stored is None:
            raise ValueError("it has no weights")
        check_packing(archive.getinfo(stored))
        if archive.getinfo(stored).file_size > most:
            raise ValueError(f"{stored} unpacks to more than {most:,} bytes")
        config = parsed(archive.read(CONFIG))
        with opened(io.BytesIO(archive.read(stored)), Path(stored).suffix, most) as arrays:
            yield config, arrays, METADATA not in names


def load_weights(model: Model, filepath: str | os.PathLike[str], skip_mismatch: bool = False) -> None:
    """Reads the weights of a file; if anything does not fit, ValueError, and no value is changed."""
    path = weights.ending_in(filepath, ".weights.h5", ".npz", ".keras", *LEGACY)
    try:
        if path.suffix == ".keras":
            with _opened(path) as (_, arrays, _):
                weights.load(model, arrays, skip_mismatch)
        elif path.name.endswith(".weights.h5") or path.suffix == ".npz":
            with opened(path, path.suffix) as arrays:
                weights.load(model, arrays, skip_mismatch)
        else:
            with legacy.opened(path) as (_, arrays, _):
                weights.assign(named_variables(model), legacy.renamed(model, arrays), skip_mismatch)
    except Exception as error:
        if _is_of_the_system(error):
            raise
        about = str(error) or type(error).__name__
        raise ValueError(f"{path} is not a weights file for this model: {about}") from None


def _made(config: Any) -> Model:
    """The model of a configuration, built."""
    from ..models.model import Model

    model = deserialize(config)
    if not isinstance(model, Model):
        raise ValueError(f"it does not describe a model but {type(model).__name__}")
    return model


def to_json(model: Model, options: dict[str, Any]) -> str:
    """The configuration as text."""
    return json.dumps(serialize(model), **options)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """The model of a text from `to_json`, its weights drawn anew.

    ValueError: no such text, or one that asks for more than 2**26 weights; `from_config` makes as many as you like.
    """
    with custom_object_scope(custom_objects), limited(MOST_OF_TEXT):
        try:
            return _made(parsed(json_string))
        except RecursionError:  # where the program's own calls are many already
            raise ValueError("The text is nested too deeply to describe a model") from None
        except (LookupError, AttributeError) as error:
            raise ValueError(f"The text does not describe a model: {type(error).__name__}: {error}") from None
