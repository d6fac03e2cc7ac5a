"""Members of archives, read by exact name, size-limited, into memory: nothing is unpacked to a path."""

from __future__ import annotations

import io
import math
import os
import tarfile
import warnings
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from typing import IO

import numpy as np

from ._idx import MAX_BYTES, Stream, most_bytes, read_up_to

KEYS = ("x_train", "y_train", "x_test", "y_test")


class _Bounded(io.RawIOBase):
    """A stream that stops a decompression bomb: more than `limit` bytes are an error."""

    def __init__(self, stream: Stream, limit: int) -> None:
        self._stream, self._left = stream, limit

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(self._left + 1 if size < 0 else min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise ValueError("unpacks to more bytes than it may")
        return data


def zip_members(file: IO[bytes], names: Collection[str]) -> dict[str, bytearray]:
    """{name: content} of the members `names`: each of at most MAX_BYTES, together of most_bytes(file).

    ValueError: damaged, encrypted, packed otherwise than NumPy does, too large, one is missing.
    """
    limit = most_bytes(file)
    with _damage("zip"), zipfile.ZipFile(file) as archive:
        members = {info.filename: info for info in archive.infolist() if info.filename in names}
        if (size := sum(info.file_size for info in members.values())) > limit:
            raise ValueError(f"it unpacks to {size} bytes, more than {limit}")
        for name, info in members.items():
            if info.file_size > MAX_BYTES:  # no more than this is read
                raise ValueError(f"{name} unpacks to {info.file_size} bytes, more than {MAX_BYTES}")
            # the others' decoders unpack a chunk as a whole, however large
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{name} is packed neither as savez nor as savez_compressed does")
        found = {name: read_up_to(archive.open(info), info.file_size) for name, info in members.items()}
    return _complete(found, names)


def tar_members(stream: Stream, names: Collection[str], limit: int = MAX_BYTES) -> dict[str, bytearray]:
    """{name: content} of the files `names` in a tar stream of at most `limit` bytes, or ValueError."""
    found = {}
    with _damage("tar"), tarfile.open(mode="r|", fileobj=_Bounded(stream, limit)) as archive:
        for member in archive:
            if member.name in names and (content := archive.extractfile(member)) is not None:
                found[member.name] = read_up_to(content, limit)
    return _complete(found, names)


@contextmanager
def _damage(kind: str) -> Iterator[None]:
    """Whatever the readers of archives raise is a ValueError: their list is long, and grows."""
    try:
        yield
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"damaged {kind} archive ({str(error) or type(error).__name__})") from None


def _complete(found: dict[str, bytearray], names: Collection[str]) -> dict[str, bytearray]:
    if missing := sorted(set(names) - set(found)):
        raise ValueError(f"holds no {', '.join(missing)}")
    return found


def decode_npy(data: bytearray) -> np.ndarray:
    """The integer array in the .npy file `data`, writable and sharing its memory.

    ValueError: damaged, objects or other elements than integers, a shape that the bytes do not fill.
    """
    stream = io.BytesIO(data[: 1 << 14])  # longer headers NumPy itself refuses
    form = np.lib.format
    try:
        version = form.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"npy version {version}")
        header = form.read_array_header_1_0 if version == (1, 0) else form.read_array_header_2_0
        shape, fortran, dtype = header(stream)
    except Exception as error:  # it is parsed as Python
        raise ValueError(f"damaged npy header ({str(error).partition(chr(10))[0]})") from None
    start, size = stream.tell(), math.prod(shape) * dtype.itemsize
    if dtype.kind not in "ui":
        raise ValueError(f"dtype {dtype}; integers are read (for images: x.astype(np.uint8))")
    if any(n < 0 for n in shape) or size != len(data) - start:
        raise ValueError(f"its header claims {shape} {dtype}, but {len(data) - start} bytes follow")
    return np.frombuffer(data, dtype, offset=start).reshape(shape, order="F" if fortran else "C")


def read_npz(file: str | os.PathLike[str] | IO[bytes], name: str) -> tuple[np.ndarray, ...]:
    """(x_train, y_train, x_test, y_test) from an npz without pickle; `name` stands in the ValueErrors."""
    try:
        with open(file, "rb") if isinstance(file, (str, os.PathLike)) else nullcontext(file) as stream:
            members = zip_members(stream, [f"{key}.npy" for key in KEYS])
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    arrays = []
    for key in KEYS:
        try:
            arrays.append(decode_npy(members.pop(f"{key}.npy")))
        except ValueError as error:
            raise ValueError(f"{name}: {key}: {error}") from None
    return tuple(arrays)


def decode_csv(data: bytearray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """(images (n, 28, 28), labels (n,)) uint8 from a header line and n lines: the label, then 784 pixels."""
    try:
        with warnings.catch_warnings(action="error", category=DeprecationWarning):  # NumPy 2.0 reads 300 as 44
            table = np.loadtxt(io.BytesIO(data), dtype=np.uint8, delimiter=",", skiprows=1, ndmin=2)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if table.shape[1] != 785:
        raise ValueError(f"{name}: {table.shape[1]} columns, not a label and 784 pixels")
    return table[:, 1:].reshape(-1, 28, 28), table[:, 0].copy()
