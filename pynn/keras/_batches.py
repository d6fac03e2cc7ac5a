"""Arrays cut into batches, without a copy of the whole."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

import kernels

from .. import random
from ..tensor import Operators, Tensor

Batch = tuple[Tensor, Tensor | None, Tensor | None]


class Batches:
    """Batches (x, y, sample_weight) of arrays with the same number of rows; what is None stays None.

    Batch by batch, floats become float32 and foreign byte orders the machine's. Unshuffled batches are views where
    there is nothing to convert.
    """

    def __init__(
        self, x: Any, y: Any = None, sample_weight: Any = None, *, batch_size: int | None = None, shuffle: bool = False
    ) -> None:
        batch_size = check_count("batch_size", 32 if batch_size is None else batch_size)
        if not isinstance(shuffle, (bool, np.bool_)):
            raise ValueError(f"`shuffle` must be True or False, got {shuffle!r}")
        self.x = as_data(x, "x")
        self.y = None if y is None else as_data(y, "y")
        self.sample_weight = None if sample_weight is None else as_data(sample_weight, "sample_weight")
        named = {"x": self.x, "y": self.y, "sample_weight": self.sample_weight}
        sizes = {name: len(a) for name, a in named.items() if a is not None}
        if len(set(sizes.values())) > 1:
            raise ValueError(
                "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples: "
                + ", ".join(f"'{name}' sizes: {size}" for name, size in sizes.items())
            )
        self.rows = len(self.x)
        if not self.rows:
            raise ValueError("The data is empty: there is no sample to make a batch of")
        self.batch_size, self.shuffle = min(batch_size, self.rows), shuffle

    def __len__(self) -> int:
        return -(-self.rows // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        order = random.generator().permutation(self.rows) if self.shuffle else None
        x = _Rows(self.x, self.batch_size)
        y, weight = (None if a is None else _Rows(a, self.batch_size) for a in (self.y, self.sample_weight))
        for start in range(0, self.rows, self.batch_size):
            stop = min(start + self.batch_size, self.rows)
            rows = slice(start, stop) if order is None else order[start:stop]
            yield x.take(rows), None if y is None else y.take(rows), None if weight is None else weight.take(rows)


class _Rows:
    """An array's rows as Tensors."""

    def __init__(self, array: np.ndarray, size: int) -> None:
        self.array = array
        self.ordered = array.flags.c_contiguous
        dtype = np.dtype(np.float32) if array.dtype.kind == "f" else array.dtype.newbyteorder("=")
        shape = (size, *array.shape[1:])
        self.gathered = _Memory(shape, array.dtype)
        self.cast = None if dtype == array.dtype else _Memory(shape, dtype)

    def take(self, rows: slice | np.ndarray) -> Tensor:
        if isinstance(rows, slice) or not self.ordered:
            batch = self.array[rows]
        else:
            batch = kernels.take_rows(self.array, rows, self.gathered.free(len(rows)))
        if self.cast is None:
            return Tensor(batch)
        cast = self.cast.free(len(batch))
        np.copyto(cast, batch, casting="same_kind")
        return Tensor(cast)


class _Memory:
    """Two arrays in turn, as a loop holds one batch while it asks for the next; fresh memory costs page faults."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.arrays, self.turn = [np.empty(shape, dtype), np.empty(shape, dtype)], 0

    def free(self, rows: int) -> np.ndarray:
        """The first rows of an array that nobody else holds."""
        self.turn ^= 1
        if self.holders() != _ALONE:
            self.arrays[self.turn] = np.empty_like(self.arrays[self.turn])
        return self.arrays[self.turn][:rows]

    def holders(self) -> int:
        """The reference count of the array whose turn it is; every view counts as one."""
        return sys.getrefcount(self.arrays[self.turn])


_ALONE = _Memory((), np.dtype(np.uint8)).holders()


def as_data(value: Any, name: str) -> np.ndarray:
    """The array of x, y or sample_weight, without a copy of NumPy's data; ValueError if it has no rows of numbers."""
    if value is None or hasattr(value, "__next__"):
        raise ValueError(f"There is no data: {name} is {value!r}. Give an array, e.g. np.stack(list(...)) of samples.")
    try:
        array = value._array if isinstance(value, Operators) else np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} is a sequence whose items differ in length: give them one shape") from None
    if array.dtype.kind not in "fiub":
        what = {"U": "text", "S": "text", "O": "objects"}.get(array.dtype.kind, "no real numbers")
        raise ValueError(f"{name} holds {what} (dtype {array.dtype}): give numbers, e.g. {name}.astype(np.float32)")
    if not array.ndim:
        raise ValueError(f"Expected arrays with one row for each sample, but {name} is the single value {array}")
    return array


def check_count(name: str, value: Any, least: int = 1) -> int:
    """The value, if it is an integer of `least` or more; else ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"`{name}` must be an integer of {least} or more, got {value!r}")
    return int(value)
