"""Weights in files: NumPy's npz, which holds arrays and nothing that runs, or HDF5 laid out as Keras does."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import IO, TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ..._atomic import replacing
from ...variable import Variable
from .._names import snake_case
from ..layers import Layer

if TYPE_CHECKING:
    from .model import Model

HEADER = 4096  # bytes before an array in its file, at most
Arrays = dict[str, np.ndarray]


def named_variables(model: Model) -> dict[str, Variable]:
    """The weights by their paths in Keras's files: "layers/dense/vars/0" is the first Dense layer's kernel."""
    found: dict[int, tuple[str, Variable]] = {}
    seen: set[int] = set()
    for path, layer in _walk(model, "", seen):
        own = sorted(layer.parts(Layer)[0], key=lambda v: not v.trainable)
        for i, variable in enumerate(v for v in own if id(v) not in found):
            found[id(variable)] = f"{path}vars/{i}", variable
    return dict(found.values())


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


def save_weights(model: Model, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Writes the values to filepath (.npz or .weights.h5), all or nothing."""
    path = ending_in(filepath, ".weights.h5", ".npz")
    check_free(path, overwrite)
    arrays = {name: v._array for name, v in named_variables(model).items()}
    write = write_npz if path.suffix == ".npz" else write_h5
    with replacing(path) as file:
        write(file, arrays)


def load_weights(model: Model, filepath: str | os.PathLike[str]) -> None:
    """Reads what save_weights wrote, or Keras; if anything does not fit, ValueError, and no value is changed."""
    path = ending_in(filepath, ".weights.h5", ".npz")
    variables = named_variables(model)
    most = sum(v._array.nbytes + HEADER for v in variables.values())
    try:
        if path.name.endswith(".weights.h5"):
            with open(path, "rb") as file:
                arrays = read_h5(file)
        else:
            arrays = read_arrays(path, most)
        assign(variables, arrays)
    except ValueError as error:
        raise ValueError(f"{path} is not a weights file for this model: {error}") from None


def assign(variables: dict[str, Variable], arrays: Arrays) -> None:
    """The variables take the arrays; ValueError if one is missing, left over or of another shape, before any is."""
    weights = {name: array for name, array in arrays.items() if not name.startswith("optimizer/")}
    if sorted(weights) != sorted(variables):
        raise ValueError(f"it holds {sorted(weights)}, the model's weights are {sorted(variables)}")
    for name, v in variables.items():
        if weights[name].shape != v.shape or v.dtype != weights[name].dtype:
            have = f"{weights[name].dtype} {weights[name].shape}"
            raise ValueError(f"{name} is {v.dtype.name} {tuple(v.shape)}, the file has {have}")
    for name, v in variables.items():
        v.assign(weights[name])


def write_npz(file: IO[bytes], arrays: Arrays) -> None:
    """The arrays by name, as NumPy does."""
    np.savez(file, **arrays)  # type: ignore[arg-type]  # the arrays' names might be savez's newer arguments


def write_h5(file: IO[bytes], arrays: Arrays) -> None:
    """The arrays by path, in groups as Keras does. ImportError: h5py is not installed."""
    with _h5py().File(file, "w") as archive:
        for name, array in arrays.items():
            archive[name] = array


def read_h5(file: BinaryIO) -> Arrays:
    """All arrays of an HDF5 file by their paths. ValueError: not such a file, or damaged."""
    h5py = _h5py()
    arrays: Arrays = {}
    try:
        with h5py.File(file, "r") as archive:
            archive.visititems(
                lambda name, item: arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
    except (OSError, RuntimeError, KeyError) as error:
        raise ValueError(str(error)) from None
    return arrays


def _h5py() -> ModuleType:
    try:
        import h5py  # type: ignore[import-untyped]
    except ImportError:
        raise ImportError(
            "Files in HDF5 need h5py: pip install 'pynn[hdf5]'. Without it, save_weights writes NumPy's .npz."
        ) from None
    return h5py


def read_arrays(path: str | os.PathLike[str] | BinaryIO, most_bytes: int) -> Arrays:
    """All arrays of an npz file. ValueError: not such a file, damaged, or unpacked larger than most_bytes.

    FileNotFoundError, PermissionError, IsADirectoryError: the file itself cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > most_bytes:  # a small file may unpack to a huge one
            raise ValueError(f"it unpacks to {size} bytes, more than {most_bytes}")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        if not all(isinstance(array, np.ndarray) for array in arrays.values()):
            raise ValueError("it holds more than arrays")
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except Exception as error:  # damaged bytes make zipfile and NumPy raise almost anything, MemoryError included
        raise ValueError(str(error) or type(error).__name__) from None
    return arrays


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
