"""What an HDF5 file's bytes say of its heaps, which HDF5 would believe: it has no limits of its own.

Source: HDF5 File Format Specification, on superblocks, local, global and fractal heaps, and attribute messages.
"""

from __future__ import annotations

import io
import itertools
import math
import mmap
import re
import struct
from collections.abc import Iterator
from typing import IO

import numpy as np

Bytes = mmap.mmap | memoryview
TEXTS = b"layer_names", b"weight_names", b"model_config", b"training_config"  # attributes that are read
# a heap of names or attributes: version, 2 bytes, the length of what says how it is packed
_PACKED_NAMES = re.compile(rb"FRHP\0..(?:[^\0]|\0[^\0])", re.DOTALL)
_FREE = re.compile(rb"HEAP(?=\0.{11}(.{16}))", re.DOTALL)  # where its list of free blocks begins, and its address
_TEXT_HEAP = re.compile(rb"GCOL(?=\x01.{3}(.{8}))", re.DOTALL)  # its size
_TEXT = np.dtype([("length", "<u4"), ("heap", "<u8"), ("number", "<u4")])


def check_heaps(file: IO[bytes], most: int) -> None:
    """ValueError: a heap is packed, a list in one has no end, or texts claim more than `most` bytes."""
    data = file.getbuffer() if isinstance(file, io.BytesIO) else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    sizes = 13 if data[8] < 2 else 9  # of addresses and lengths: from here on 8 bytes
    if data[:8] != b"\x89HDF\r\n\x1a\n" or bytes(data[sizes : sizes + 2]) != b"\x08\x08":
        raise ValueError("not an HDF5 file, or one with addresses or lengths of other than 8 bytes")
    if _PACKED_NAMES.search(data):
        raise ValueError("the names of its groups, or attributes, are packed")
    most_entries = len(data) // 16  # each has 16 bytes or more
    if sum(1 for _ in itertools.islice(_entries(data), most_entries + 1)) > most_entries:
        raise ValueError("a list in its heaps has no end")
    if (total := sum(_lengths(data))) > most:
        raise ValueError(f"its texts take {total:,} bytes, more than {most:,}")


def _entries(data: Bytes) -> Iterator[None]:
    """Goes through the lists in heaps, of free blocks and of texts, as HDF5 does."""
    for found in _FREE.finditer(data):
        free, heap = struct.unpack("<QQ", found[1])
        while heap + free + 8 <= len(data) and free != 1:  # 1: the end
            (free,) = struct.unpack_from("<Q", data, heap + free)
            yield
    for found in _TEXT_HEAP.finditer(data):
        start, (size,) = found.end() + 12, struct.unpack("<Q", found[1])
        end = min(found.start() + size, len(data))
        while start + 16 <= end:
            number, length = struct.unpack_from("<H6xQ", data, start)
            start += (16 + -(-length // 8) * 8) % 2**64 if number else length  # 0: what is free
            yield


def _lengths(data: Bytes) -> Iterator[int]:
    """What the attributes of these names say of their texts' lengths, wherever one may stand.

    It has a version, flags, the sizes of name, type and shape, in version 3 a byte more; then these three, in version 1
    filled up to 8 bytes each, and the values.
    """
    for found in (found for name in TEXTS for found in re.finditer(name + b"\0", data)):
        for version, sizes, unit in (1, 6, 8), (2, 6, 1), (3, 7, 1):
            if data[found.start() - sizes - 2] != version:
                continue
            if version > 1 and data[found.start() - sizes - 1]:
                raise ValueError(f"the type of its {found[0][:-1].decode()} stands elsewhere")
            name, kind, shape = (-(-n // unit) * unit for n in struct.unpack_from("<3H", data, found.start() - sizes))
            start = found.start() + name
            if data[start] % 16 == 9:  # of any length
                start += kind
                sides = struct.unpack_from(f"<{data[start + 1]}Q", data, start + (8 if data[start] == 1 else 4))
                yield int(np.frombuffer(data, _TEXT, math.prod(sides), start + shape)["length"].sum(dtype=np.uint64))
