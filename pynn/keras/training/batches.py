"""Arrays cut into batches, without a copy of the whole."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

import kernels
from kernels.dlpack import as_ndarray

from ...engine import nest, replicas
from ...engine.convert import no_numbers
from ...engine.generator import generator
from ...engine.tensor import Operators, Tensor
from .. import config

NAMES = ("x", "y", "sample_weight")


class Batches:
    """Batches of arrays (or of nests of them) with the same number of rows: x, (x, y) or (x, y, sample_weight).

    Batch by batch, floats become floatx (float32) and foreign byte orders the machine's. Unshuffled batches are views
    where there is nothing to convert. Where several ranks are at work, each has its rows of every batch.
    """

    def __init__(
        self, x: Any, y: Any = None, sample_weight: Any = None, *, batch_size: int | None = None, shuffle: bool = False
    ) -> None:
        batch_size = check_count("batch_size", 32 if batch_size is None else batch_size)
        if not isinstance(shuffle, (bool, np.bool_)):
            raise ValueError(f"`shuffle` must be True or False, got {shuffle!r}")
        parts = data_parts(x, y, sample_weight)
        self.rows = rows_of(parts)
        self.batch_size, self.shuffle = min(batch_size, self.rows), shuffle
        self._parts: Any = tuple(parts) if len(parts) > 1 or nest.is_nested(parts[0]) else parts[0]

    def __len__(self) -> int:
        return -(-self.rows // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        ranks = replicas.active
        order = generator().permutation(self.rows) if self.shuffle else None
        floatx = np.dtype(config.floatx())
        columns: list[tuple[Any, Any, bool]] = []  # of each array: what its batches become, and whether rows are copied
        for a in nest.flatten(self._parts):
            dtype = None if a is None else floatx if a.dtype.kind == "f" else a.dtype.newbyteorder("=")
            columns.append((a, dtype, order is not None and a is not None and a.flags.c_contiguous))
        flat = type(self._parts) is tuple and not any(map(nest.is_nested, self._parts))
        for start in range(0, self.rows, self.batch_size):
            stop = min(start + self.batch_size, self.rows)
            if ranks:
                start, stop = ranks.own(start, stop)
            rows: Any = slice(start, stop) if order is None else order[start:stop]
            batch: list[Tensor | None] = []
            part: Any = None
            for a, dtype, copied in columns:
                if a is not None:
                    part = kernels.take_rows(a, rows) if copied else a[rows]
                    part = Tensor(part if part.dtype == dtype else part.astype(dtype, casting="same_kind"))
                batch.append(None if a is None else part)
            yield tuple(batch) if flat else nest.pack_sequence_as(self._parts, batch)
            del batch, part  # so that the next batch lies in the same memory, which the caches still hold


def data_parts(x: Any, y: Any = None, sample_weight: Any = None) -> list[Any]:
    """The arrays of x, y and sample_weight, as many as there are; y and sample_weight may be None."""
    parts = [as_nest(x, "x")]
    if y is not None or sample_weight is not None:
        parts.append(as_nest(y, "y"))
    if sample_weight is not None:
        parts.append(as_nest(sample_weight, "sample_weight"))
    return parts


def rows_of(parts: list[Any]) -> int:
    """The number of rows that all arrays have. ValueError: they differ, or there are none."""
    named = [(name, nest.flatten(part)) for name, part in zip(NAMES, parts, strict=False)]
    sizes = [(name, len(array)) for name, arrays in named for array in arrays if array is not None]
    if len({size for _, size in sizes}) > 1:
        raise ValueError(
            "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples: "
            + ", ".join(f"'{name}' sizes: {size}" for name, size in sizes)
        )
    if not sizes or not sizes[0][1]:
        raise ValueError("The data is empty: there is no sample to make a batch of")
    return sizes[0][1]


def split(parts: list[Any], share: float) -> tuple[list[Any], list[Any]]:
    """The first samples and the last `share` of them."""
    if not 0 < share < 1:
        raise ValueError(f"`validation_split` must be between 0 and 1, got {share}")
    rows = rows_of(parts)
    at = math.floor(rows * (1.0 - share))
    if at in (0, rows):
        raise ValueError(f"{rows} samples are too few for a `validation_split` of {share}")
    return _cut(parts, slice(at)), _cut(parts, slice(at, None))


def _cut(parts: list[Any], rows: slice) -> list[Any]:
    return [nest.map_structure(lambda a: a if a is None else a[rows], part) for part in parts]


def as_nest(value: Any, name: str) -> Any:
    """The arrays of a value, or of a list, tuple or dict of arrays or Tensors (one for each input or output).

    None among them: that output has no targets or weights.
    """
    if isinstance(value, dict) or (
        isinstance(value, (list, tuple)) and any(getattr(item, "shape", ()) for item in nest.flatten(value))
    ):
        return nest.map_structure(lambda item: item if item is None and name != "x" else as_data(item, name), value)
    return as_data(value, name)


def as_data(value: Any, name: str) -> np.ndarray:
    """The array of x, y or sample_weight, without a copy of NumPy's data; ValueError if it has no rows of numbers."""
    if value is None or hasattr(value, "__next__"):
        raise ValueError(f"There is no data: {name} is {value!r}. Give an array, e.g. np.stack(list(...)) of samples.")
    try:
        array = value._array if isinstance(value, Operators) else as_ndarray(value, name)
    except ValueError:
        raise ValueError(f"{name} is a sequence whose items differ in length: give them one shape") from None
    if array.dtype.kind not in "fiub":
        raise ValueError(no_numbers(array, name))
    if not array.ndim:
        raise ValueError(f"Expected arrays with one row for each sample, but {name} is the single value {array}")
    return array


def check_count(name: str, value: Any, least: int = 1) -> int:
    """The value, if it is an integer of `least` or more; else ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"`{name}` must be an integer of {least} or more, got {value!r}")
    return int(value)
