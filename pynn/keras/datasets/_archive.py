"""Data sets in archives: members of exact names and limited sizes are read into memory, none is unpacked to a path."""

from __future__ import annotations

import io
import tarfile
import warnings
from collections.abc import Collection, Sequence
from typing import IO

import numpy as np

from ..saving.arrays import FilePath, damage, opened
from .idx import Stream, read_up_to

KEYS = ("x_train", "y_train", "x_test", "y_test")
TAR_BYTES = 128 << 20  # of an unpacked tar; MNIST has 55e6


def read_npz(file: FilePath | IO[bytes], name: str) -> tuple[np.ndarray, ...]:
    """(x_train, y_train, x_test, y_test), integers, from an npz without pickle; `name` stands in the ValueErrors."""
    with damage(f"{name}: "), opened(file, ".npz", names=KEYS) as arrays:
        _check_complete(KEYS, arrays.keys())
        for key in KEYS:
            if arrays[key].dtype.kind not in "ui":
                about = "integers are read (for images: x.astype(np.uint8))"
                raise ValueError(f"{key}: dtype {arrays[key].dtype}; {about}")
        return tuple(arrays[key].read() for key in KEYS)


def tar_members(stream: Stream, names: Sequence[str]) -> list[bytes]:
    """The contents of the files `names` in a tar stream of at most TAR_BYTES, or ValueError."""
    with damage("damaged tar archive: "):
        data = read_up_to(stream, TAR_BYTES + 1)
        if len(data) > TAR_BYTES:
            raise ValueError(f"it unpacks to more than {TAR_BYTES} bytes")
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            members = {member.name: member for member in archive if member.name in names and member.isfile()}
            _check_complete(names, members.keys())
            return [archive.extractfile(members[name]).read() for name in names]  # type: ignore[union-attr]


def _check_complete(names: Sequence[str], found: Collection[str]) -> None:
    if missing := sorted(set(names).difference(found)):
        raise ValueError(f"holds no {', '.join(missing)}")


def decode_csv(file: IO[bytes], name: str) -> tuple[np.ndarray, np.ndarray]:
    """(images (n, 28, 28), labels (n,)) uint8 from a header line and n lines: the label, then 784 pixels."""
    with damage(f"{name}: "), warnings.catch_warnings(action="error", category=DeprecationWarning):
        table = np.loadtxt(file, dtype=np.uint8, delimiter=",", skiprows=1, ndmin=2)  # NumPy 2.0 warns that 300 is 44
        if table.shape[1] != 785:
            raise ValueError(f"{table.shape[1]} columns, not a label and 784 pixels")
    return table[:, 1:].reshape(-1, 28, 28), table[:, 0].copy()
