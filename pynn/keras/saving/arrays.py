"""Arrays in npz, HDF5 or safetensors: first described, then read, so that memory stays in proportion to the file."""

from __future__ import annotations

import functools
import math
import os
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from types import ModuleType
from typing import IO, Any, NamedTuple

import numpy as np

from ...support.extras import install
from ..common.registry import UnknownObject
from .heaps import check_heaps

FilePath = str | os.PathLike[str]
# The arrays of a file of n bytes take at most MOST_PACKED * n + FREE bytes: weights are hardly compressible, and zeros,
# which are, matter only where there are many
MOST_PACKED, FREE = 64, 2**24
DEEPEST = 256  # levels of HDF5's groups: paths of deeper ones take time by the square


class Stored(NamedTuple):
    """An array in a file."""

    shape: tuple[int, ...]
    dtype: np.dtype
    read: Callable[[], np.ndarray]

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)


Arrays = dict[str, Stored]


class File(Arrays):
    """The arrays of an open file by name; groups: the paths of an HDF5 file's groups, "" is the outermost."""

    def __init__(self, archive: Any, most: int, names: Collection[str] | None) -> None:
        self.archive, self.names = archive, names  # a ZipFile, h5py's File, or a file
        self.most = most  # the limit in bytes of all arrays, and of each attribute
        self.groups = {""}

    def attribute(self, group: str, name: str) -> Any:
        """An attribute of a group, bytes decoded as text; None: there is no such group or attribute."""
        if group not in self.groups or name not in (attributes := self.archive[group or "/"].attrs):
            return None
        about = attributes.get_id(name)
        if math.prod(about.shape) * about.dtype.itemsize > self.most:
            raise ValueError(f"the attribute {name} of {group!r} is too large")
        if about.dtype.hasobject and h5py_module().check_string_dtype(about.dtype) is None:
            raise ValueError(f"the attribute {name} of {group!r} is no text")
        value = attributes[name]
        if isinstance(value, np.ndarray) and value.dtype.kind == "S":  # as Keras 2 stores text
            return np.char.decode(value, "utf-8")
        return value.decode("utf-8") if isinstance(value, bytes) else value


@contextmanager
def opened(
    file: FilePath | IO[bytes], kind: str, most: int | None = None, names: Collection[str] | None = None
) -> Iterator[File]:
    """The arrays of a file, which can be read inside this context.

    kind: ".npz", ".h5" or ".safetensors". most: the limit of the arrays' bytes; None: most_bytes of the file. names:
    of an npz, which arrays; None: all. ValueError: not such a file, damaged, arrays outside of it, or too large ones.
    FileNotFoundError, PermissionError, IsADirectoryError: the file itself cannot be read. ImportError: the package is
    not installed.
    """
    with damage(), open(file, "rb") if isinstance(file, (str, os.PathLike)) else nullcontext(file) as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        most = most_bytes(size) if most is None else most
        if kind == ".h5":
            check_heaps(stream, most)
        opens, contents = _KINDS[kind]
        with opens(stream) as archive:
            arrays = File(archive, most, names)
            for name, shape, dtype, read in contents(arrays):
                if shape is None or dtype.kind not in "fiub" or min(shape, default=0) < 0:
                    raise ValueError(f"{name} holds more than numbers: its dtype is {dtype}")
                arrays[name] = Stored(shape, dtype, read)
            size = sum(array.size * array.dtype.itemsize for array in arrays.values())
            if size > arrays.most:
                raise ValueError(f"its arrays take {size:,} bytes, more than {arrays.most:,}")
            yield arrays


def _npz(file: File) -> Iterator[tuple[Any, ...]]:
    for member in file.archive.namelist():
        name = member.removesuffix(".npy")
        if file.names is not None and name not in file.names:
            continue
        with open_member(file.archive, member, file.most) as stream:
            version = np.lib.format.read_magic(stream)
            header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = header(stream)
            length = file.archive.getinfo(member).file_size - stream.tell()
        if not dtype.hasobject and math.prod(shape) * dtype.itemsize != length:
            raise ValueError(f"{member} holds {length} bytes, which is not the length of its shape {shape}")
        read = functools.partial(open_member, file.archive, member, file.most)
        yield name, shape, dtype, lambda read=read: np.lib.format.read_array(read(), allow_pickle=False)


def _hdf5(file: File) -> Iterator[tuple[Any, ...]]:
    datasets: dict[str, Any] = {}

    def note(name: str, item: Any) -> None:
        if name.count("/") > DEEPEST:
            raise ValueError(f"its groups are nested deeper than {DEEPEST} levels")
        if hasattr(item, "shape"):
            datasets[name] = item
        else:
            file.groups.add(name)

    file.archive.visititems(note)  # what lies in this file: links are not followed
    for name, dataset in datasets.items():
        if dataset.external or dataset.is_virtual:
            raise ValueError(f"{name} lies in another file")
        if dataset.id.get_create_plist().get_nfilters():  # HDF5 unpacks without limit
            raise ValueError(f"{name} is packed: `h5repack --filter=NONE` unpacks it")
        yield name, dataset.shape, dataset.dtype, functools.partial(dataset.__getitem__, ())


def _safetensors(file: File) -> Iterator[tuple[Any, ...]]:
    for name, about in safetensors_module().deserialize(file.archive.read()):
        if about["dtype"] not in _DTYPES:
            raise ValueError(f"{name} is {about['dtype']}, which NumPy does not have: store it as float32")
        array = np.frombuffer(about["data"], _DTYPES[about["dtype"]]).reshape(about["shape"])
        yield name, array.shape, array.dtype, array.copy


_DTYPES = {"BOOL": "?"} | {f"{kind.upper()}{8 * n}": f"<{kind}{n}" for kind in "fiu" for n in (1, 2, 4, 8)}
_KINDS: dict[str, tuple[Callable[[Any], Any], Callable[[File], Iterator[tuple[Any, ...]]]]] = {
    ".h5": (lambda stream: h5py_module().File(stream, "r"), _hdf5),
    ".npz": (zipfile.ZipFile, _npz),
    ".safetensors": (nullcontext, _safetensors),
}


def open_member(archive: zipfile.ZipFile, name: str, most: int) -> IO[bytes]:
    """A stream of a member. ValueError: larger than `most` bytes, or in a packing that is not unpacked bit by bit."""
    info = archive.getinfo(name)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} is neither stored nor deflated")
    if info.file_size > most:
        raise ValueError(f"{name} unpacks to more than {most:,} bytes")
    return archive.open(info)


def write(file: IO[bytes], arrays: Mapping[str, np.ndarray], kind: str) -> None:
    """Writes the arrays; kind as in `opened`, and of ".h5" the names are paths of groups. ImportError: no package."""
    if kind == ".npz":
        np.savez(file, **arrays)  # type: ignore[arg-type]  # the arrays' names might be savez's newer arguments
        return
    if kind == ".safetensors":  # which writes the memory as it lies there, whatever the strides
        file.write(safetensors_module().numpy.save({name: np.asarray(a, order="C") for name, a in arrays.items()}))
        return
    with h5py_module().File(file, "w") as archive:
        for name, array in arrays.items():
            archive[name] = array


def h5py_module() -> ModuleType:
    """The package. ImportError: it is not installed."""
    try:
        import h5py  # type: ignore[import-untyped]
    except ImportError:
        raise ImportError(
            f"Files in HDF5 need h5py: {install('hdf5')}. Without it, save_weights writes NumPy's .npz."
        ) from None
    return h5py


def safetensors_module() -> ModuleType:
    """The package. ImportError: it is not installed."""
    try:
        import safetensors.numpy
    except ImportError:
        raise ImportError(f"Files of safetensors need its package: {install('safetensors')}") from None
    return safetensors


@contextmanager
def damage(about: str = "") -> Iterator[None]:
    """Errors inside, of whatever kind damaged bytes make readers raise, are ValueErrors that begin with `about`.

    What the system or the program lacks stays what it is: a file, a permission, a package, a class.
    """
    try:
        yield
    except Exception as error:
        # damaged bytes give OSErrors, too, but without a file's name
        if isinstance(error, (ImportError, UnknownObject)) or (isinstance(error, OSError) and error.filename):
            raise
        raise ValueError(f"{about}{str(error) or type(error).__name__}") from None


def most_bytes(size: int) -> int:
    """The bytes that the arrays of a file of this size may take."""
    return MOST_PACKED * size + FREE
