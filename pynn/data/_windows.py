"""Windows: short datasets of elements that follow one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from ..engine import nest
from ..engine.tensor import Tensor
from ._elements import Table
from ._node import Derived, Node
from ._sources import Slices
from ._spec import DatasetSpec


class Window(Derived):
    """For each leaf of the elements a dataset of it in elements i, i + stride, ..., `size` of them; i grows by shift.

    `wrap` makes a Dataset of a node.
    """

    def __init__(
        self, source: Node, size: int, shift: int, stride: int, drop_remainder: bool, wrap: Callable[[Node], Any]
    ) -> None:
        super().__init__(source)
        self.size, self.shift, self.stride, self.drop_remainder, self.wrap = size, shift, stride, drop_remainder, wrap
        self.span = (size - 1) * stride + 1

    def elements(self) -> Iterator[Any]:
        table = self.source.table()
        if table is not None:
            return (self._of_rows(table, window) for window in self._windows(self.source.indices()))
        return map(self._of_elements, self._windows(self.source.elements()))

    def _windows(self, items: Iterator[Any]) -> Iterator[list[Any]]:
        seen = list(islice(items, self.span))
        while len(seen) == self.span or (seen and not self.drop_remainder):
            yield seen[:: self.stride]
            between = max(self.shift - len(seen), 0)
            next(islice(items, between, between), None)
            seen = seen[self.shift :]
            seen += islice(items, self.span - len(seen))

    def _of_rows(self, table: Table, rows: list[int]) -> Any:
        arrays = table.take(np.array(rows, np.intp))
        return nest.pack_sequence_as(table.structure, [self.wrap(Slices(Tensor(array))) for array in arrays])

    def _of_elements(self, elements: list[Any]) -> Any:
        columns = zip(*map(nest.flatten, elements), strict=True)
        specs = nest.flatten(self.source.spec)
        datasets = [self.wrap(Listed(column, spec)) for column, spec in zip(columns, specs, strict=True)]
        return nest.pack_sequence_as(elements[0], datasets)

    def count(self) -> int:
        n = self.source.count()
        if n < 0:
            return n
        return max((n - self.span) // self.shift + 1, 0) if self.drop_remainder else -(-n // self.shift)

    @property
    def spec(self) -> Any:
        return nest.map_structure(DatasetSpec, self.source.spec)


class Listed(Node):
    """Elements that have been computed."""

    def __init__(self, items: tuple[Any, ...], spec: Any) -> None:
        self.items, self._spec = items, spec

    def elements(self) -> Iterator[Any]:
        return iter(self.items)

    def count(self) -> int:
        return len(self.items)

    @property
    def spec(self) -> Any:
        return self._spec
