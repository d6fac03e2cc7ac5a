"""Weights in a file: NumPy's npz, which holds arrays and nothing that runs."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..._atomic import replacing
from ...variable import Variable


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
        with zipfile.ZipFile(path) as archive:
            sizes = [member.file_size for member in archive.infolist()]
        if len(sizes) != len(variables):
            raise ValueError(f"it holds {len(sizes)} arrays, the model has {len(variables)} weights")
        # an array and its header, not more: a small file may unpack to a huge one
        if any(size > v._array.nbytes + 4096 for size, v in zip(sizes, variables, strict=True)):
            raise ValueError("its arrays are larger than the model's weights")
        with np.load(path, allow_pickle=False) as file:
            arrays = [file[f"{i}/{v.name}"] for i, v in enumerate(variables)]
        for v, array in zip(variables, arrays, strict=True):
            if array.shape != v.shape or v.dtype != array.dtype:
                raise ValueError(f"{v.name} is {v.dtype.name} {v.shape}, the file has {array.dtype} {array.shape}")
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except (
        OSError,
        ValueError,
        KeyError,
        EOFError,
        MemoryError,
        NotImplementedError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ValueError(f"{path} is not a weights file for this model: {error}") from None
    for v, array in zip(variables, arrays, strict=True):
        v.assign(array)


def _path(filepath: str | os.PathLike[str]) -> Path:
    path = Path(filepath)
    if path.suffix != ".npz":
        raise ValueError(f"Weights are kept in NumPy's format: the filename must end in .npz, got {path.name!r}")
    return path
