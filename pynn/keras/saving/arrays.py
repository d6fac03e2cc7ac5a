"""Arrays in files, npz or HDF5: first described, then read, so that memory stays in proportion to the file."""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import IO, Any, BinaryIO, NamedTuple

import numpy as np

from ...support.extras import install
from ..common.registry import UnknownObject

# A file of weights is hardly compressible; one of zeros is, and so small that it does not matter
MOST_PACKED, FREE = 64, 2**24  # bytes of arrays for each byte of the file, and beside them


class Stored(NamedTuple):
    """An array of a file: what it says of itself, and how to read it."""

    shape: tuple[int, ...]
    dtype: np.dtype
    read: Callable[[], np.ndarray]

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)


Arrays = dict[str, Stored]
Attributes = dict[str, dict[str, Any]]  # of HDF5's groups, by path
DEEPEST = 256  # levels of HDF5's groups: paths of deeper ones take time by the square
CONFIGURATIONS, NAMES = ("model_config", "training_config"), ("layer_names", "weight_names")  # attributes


@contextmanager
def opened(file: str | os.PathLike[str] | BinaryIO, kind: str, most: int | None = None) -> Iterator[Arrays]:
    """The arrays of a file by name; kind: ".npz" or ".h5". most: the bytes that they may take, by default by its size.

    ValueError: not such a file, damaged, arrays outside of it, or too large ones. FileNotFoundError, PermissionError,
    IsADirectoryError: the file itself cannot be read. ImportError: h5py is not installed.
    """
    with opened_with_attributes(file, kind, most) as (arrays, _):
        yield arrays


@contextmanager
def opened_with_attributes(
    file: str | os.PathLike[str] | BinaryIO, kind: str = ".h5", most: int | None = None
) -> Iterator[tuple[Arrays, Attributes]]:
    """As `opened`, and what HDF5's groups say of themselves."""
    try:
        with open(file, "rb") if isinstance(file, (str, os.PathLike)) else file as stream:
            h5py = h5py_module() if kind == ".h5" else None
            if most is None:
                most = most_bytes(stream.seek(0, os.SEEK_END))
                stream.seek(0)
            with _hdf5(h5py, stream, most) if h5py else _npz(stream) as (arrays, attributes):
                size = sum(array.size * array.dtype.itemsize for array in arrays.values())
                if size > most:
                    raise ValueError(f"its arrays take {size:,} bytes, more than {most:,}")
                yield arrays, attributes
    except (FileNotFoundError, PermissionError, IsADirectoryError, ImportError, UnknownObject):
        raise
    except Exception as error:  # damaged bytes make zipfile, NumPy and h5py raise almost anything
        raise ValueError(str(error) or type(error).__name__) from None


def most_bytes(size: int) -> int:
    """What the arrays of a file of this size may take."""
    return MOST_PACKED * size + FREE


@contextmanager
def _npz(stream: BinaryIO) -> Iterator[tuple[Arrays, Attributes]]:
    with zipfile.ZipFile(stream) as archive:
        yield {info.filename.removesuffix(".npy"): _member(archive, info) for info in archive.infolist()}, {}


def check_packing(info: zipfile.ZipInfo) -> None:
    """ValueError: a member that would be unpacked a chunk as a whole, however large it is."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{info.filename} is neither stored nor deflated")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Stored:
    check_packing(info)
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = header(member)
    if dtype.kind not in "fiub" or min(shape, default=0) < 0:
        raise ValueError(f"{info.filename} holds more than numbers")
    if math.prod(shape) * dtype.itemsize >= info.file_size:  # its header takes some bytes, too
        raise ValueError(f"{info.filename} is too short for its shape {shape}")

    def read() -> np.ndarray:
        with archive.open(info) as member:
            return np.lib.format.read_array(member, allow_pickle=False)

    return Stored(shape, dtype, read)


@contextmanager
def _hdf5(h5py: ModuleType, stream: BinaryIO, most: int) -> Iterator[tuple[Arrays, Attributes]]:
    with h5py.File(stream, "r") as archive:
        arrays: Arrays = {}
        attributes: Attributes = {"": _attributes(archive, CONFIGURATIONS, most)}

        def note(name: str, item: Any) -> None:  # called for what lies in this file: links are not followed
            if name.count("/") > DEEPEST:
                raise ValueError(f"its groups are nested deeper than {DEEPEST} levels")
            if isinstance(item, h5py.Dataset):
                arrays[name] = _dataset(name, item)
            elif isinstance(item, h5py.Group):
                attributes[name] = _attributes(item, NAMES, most)

        archive.visititems(note)
        yield arrays, attributes


def _attributes(group: Any, names: Iterable[str], most: int) -> dict[str, Any]:
    found = [name for name in names if name in group.attrs]
    for about in map(group.attrs.get_id, found):
        if math.prod(about.shape) * about.dtype.itemsize > most:
            raise ValueError(f"an attribute of {group.name} is too large")
    return {name: _text(group.attrs[name]) for name in found}


def _text(value: Any) -> Any:
    """The value; text that is stored as bytes of fixed length, as Keras 2 does, decoded."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "S":
        return np.char.decode(value, "utf-8")
    return value.decode("utf-8") if isinstance(value, bytes) else value


def _dataset(name: str, dataset: Any) -> Stored:
    if dataset.external or dataset.is_virtual:
        raise ValueError(f"{name} lies in another file")
    if dataset.shape is None or dataset.dtype.kind not in "fiub":
        raise ValueError(f"{name} holds more than numbers")
    return Stored(dataset.shape, dataset.dtype, lambda: dataset[()])


def write_npz(file: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    """The arrays by name, as NumPy does."""
    np.savez(file, **arrays)  # type: ignore[arg-type]  # the arrays' names might be savez's newer arguments


def write_h5(file: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    """The arrays by path, in groups as Keras does. ImportError: h5py is not installed."""
    with h5py_module().File(file, "w") as archive:
        for name, array in arrays.items():
            archive[name] = array


def has_h5py() -> bool:
    """Whether HDF5 can be written."""
    try:
        h5py_module()
    except ImportError:
        return False
    return True


def h5py_module() -> ModuleType:
    try:
        import h5py  # type: ignore[import-untyped]
    except ImportError:
        raise ImportError(
            f"Files in HDF5 need h5py: {install('hdf5')}. Without it, save_weights writes NumPy's .npz."
        ) from None
    return h5py
