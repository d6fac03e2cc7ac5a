"""IDX, the format of MNIST: magic 00 00 type rank, big-endian sizes, then the elements; plain or gzipped."""

from __future__ import annotations

import gzip
import io
import math
import os
import struct
from collections.abc import Sequence
from typing import IO, Protocol

import numpy as np

from ..saving.arrays import damage

IDX_NAMES = tuple(f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))
MAX_BYTES = 1 << 30  # of one decoded array; EMNIST, the largest relative of MNIST, has 0.55e9
_UBYTE = 0x08
# A packed file of pictures unpacks to 2 to 20 times its size, a bomb to 1000; as much as MNIST's is always free.
_MOST_PACKED, _FREE = 100, 64 << 20


class Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_up_to(stream: Stream, size: int) -> bytearray:
    """At most `size` bytes of `stream`; memory grows with what arrives, not with what a header claims."""
    data = bytearray()
    while len(data) < size and (chunk := stream.read(min(size - len(data), 1 << 20))):
        data += chunk
    return data


def decode_idx(data: IO[bytes], name: str) -> np.ndarray:
    """The uint8 array in the seekable stream `data`; `name` stands in the errors.

    ValueError: not IDX, not of unsigned bytes, a rank outside of 1 to 3, empty, more than MAX_BYTES or than its
    size warrants, cut short, longer than its header says, damaged gzip.
    """
    zipped = data.read(2) == b"\x1f\x8b"
    limit = min(MAX_BYTES, _MOST_PACKED * data.seek(0, os.SEEK_END) + _FREE) if zipped else MAX_BYTES
    data.seek(0)
    with damage(f"{name}: "):
        stream: Stream = gzip.GzipFile(fileobj=data) if zipped else data
        magic = bytes(read_up_to(stream, 4))
        if len(magic) < 4 or magic[:2] != b"\0\0":
            raise ValueError(f"not an IDX file (it starts with {magic.hex(' ') or 'nothing'})")
        kind, rank = magic[2:]
        if kind != _UBYTE or not 1 <= rank <= 3:
            about = "only unsigned bytes (0x08) with 1 to 3 dimensions are read"
            raise ValueError(f"IDX type 0x{kind:02x} with {rank} dimensions; {about}")
        header = read_up_to(stream, 4 * rank)
        if len(header) < 4 * rank:
            raise ValueError("truncated inside its header")
        shape = struct.unpack(f">{rank}I", header)
        size = math.prod(shape)
        if not 0 < size <= limit:
            raise ValueError(f"its header claims the shape {shape}; 1 to {limit} bytes are read")
        body = read_up_to(stream, size + 1)
        if len(body) != size:
            found = f"only {len(body)} follow (truncated?)" if len(body) < size else "more follow"
            raise ValueError(f"its header claims the shape {shape}, {size} bytes, but {found}")
        return np.frombuffer(body, np.uint8).reshape(shape)


def decode_idx_files(files: Sequence[bytes]) -> tuple[np.ndarray, ...]:
    """(x_train, y_train, x_test, y_test) from the contents of the files IDX_NAMES."""
    return tuple(decode_idx(io.BytesIO(data), name) for data, name in zip(files, IDX_NAMES, strict=True))


def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """The uint8 array in the IDX file `path`, gzipped or not; errors as in decode_idx, and OSError."""
    with open(path, "rb") as file:
        return decode_idx(file, os.fspath(path))
