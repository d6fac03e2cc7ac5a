"""Weights in a file: NumPy's npz, which holds arrays and nothing that runs."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..._atomic import replacing
from ...variable import Variable

HEADER = 4096  # bytes before an array in its file, at most


def save_weights(variables: Sequence[Variable], filepath: str | os.PathLike[str]) -> None:
    """Writes the values to filepath (.npz), all or nothing."""
    path = _path(filepath)
    arrays = {f"{i}/{v.name}": v._array for i, v in enumerate(variables)}
    with replacing(path) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # the arrays' names might be savez's newer arguments


def load_weights(variables: Sequence[Variable], filepath: str | os.PathLike[str]) -> None:
    """Reads what save_weights wrote; if anything does not fit, ValueError, and no value is changed."""
    path = _path(filepath)
    try:
        saved = read_arrays(path, sum(v._array.nbytes + HEADER for v in variables))
        if list(saved) != (names := [f"{i}/{v.name}" for i, v in enumerate(variables)]):
            raise ValueError(f"it holds {list(saved)}, the model's weights are {names}")
        for v, array in zip(variables, saved.values(), strict=True):
            if array.shape != v.shape or v.dtype != array.dtype:
                raise ValueError(f"{v.name} is {v.dtype.name} {v.shape}, the file has {array.dtype} {array.shape}")
    except ValueError as error:
        raise ValueError(f"{path} is not a weights file for this model: {error}") from None
    for v, array in zip(variables, saved.values(), strict=True):
        v.assign(array)


def read_arrays(path: str | os.PathLike[str], most_bytes: int) -> dict[str, np.ndarray]:
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


def _path(filepath: str | os.PathLike[str]) -> Path:
    path = Path(filepath)
    if path.suffix != ".npz":
        raise ValueError(f"Weights are kept in NumPy's format: the filename must end in .npz, got {path.name!r}")
    return path
