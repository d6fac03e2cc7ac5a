"""Arrays cut into batches, without a copy of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import random
from ..convert import as_array
from ..tensor import Tensor

Batch = tuple[Tensor, Tensor | None, Tensor | None]


class Batches:
    """Batches (x, y, sample_weight) of arrays with the same number of rows; what is None stays None.

    Floats become float32. Unshuffled batches are views where no cast is needed; shuffled ones are gathered into
    one buffer, which the next batch overwrites.
    """

    def __init__(
        self, x: Any, y: Any = None, sample_weight: Any = None, *, batch_size: int | None = None, shuffle: bool = False
    ) -> None:
        batch_size = 32 if batch_size is None else batch_size
        if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise ValueError(f"`batch_size` must be an integer of 1 or more, got {batch_size!r}")
        if x is None:
            raise ValueError("There is no data: the first argument, x, is missing.")
        self.x = as_array(x)
        self.y, self.sample_weight = (None if a is None else as_array(a) for a in (y, sample_weight))
        named = {"x": self.x, "y": self.y, "sample_weight": self.sample_weight}
        sizes = {name: a.shape[:1] for name, a in named.items() if a is not None}
        if () in sizes.values():
            raise ValueError(f"Expected arrays with one row for each sample, but one of {', '.join(sizes)} has none")
        if len(set(sizes.values())) > 1:
            raise ValueError(
                "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples: "
                + ", ".join(f"'{name}' sizes: {size}" for name, (size,) in sizes.items())
            )
        (self.rows,) = next(iter(sizes.values()))
        if not self.rows:
            raise ValueError("The data is empty: there is no sample to make a batch of")
        self.batch_size, self.shuffle = min(int(batch_size), self.rows), shuffle

    def __len__(self) -> int:
        return -(-self.rows // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        order = random.generator().permutation(self.rows) if self.shuffle else None
        x = _Buffer(self.x, self.batch_size)
        y, weight = (None if a is None else _Buffer(a, self.batch_size) for a in (self.y, self.sample_weight))
        for start in range(0, self.rows, self.batch_size):
            stop = min(start + self.batch_size, self.rows)
            rows = slice(start, stop) if order is None else order[start:stop]
            yield x.take(rows), None if y is None else y.take(rows), None if weight is None else weight.take(rows)


class _Buffer:
    """Memory for one batch of an array's rows, and for their cast to float32 where one is needed."""

    def __init__(self, array: np.ndarray, size: int) -> None:
        self.array = array
        shape = (size, *array.shape[1:])
        self.gathered = np.empty(shape, array.dtype)
        self.cast = np.empty(shape, np.float32) if array.dtype in (np.float64, np.float16) else None

    def take(self, rows: slice | np.ndarray) -> Tensor:
        if isinstance(rows, slice):
            batch = self.array[rows]
        else:
            # mode="clip": with "raise", the default, NumPy goes through one more buffer
            batch = np.take(self.array, rows, 0, out=self.gathered[: len(rows)], mode="clip")
        if self.cast is None:
            return Tensor(batch)
        cast = self.cast[: len(batch)]
        np.copyto(cast, batch, casting="same_kind")
        return Tensor(cast)
