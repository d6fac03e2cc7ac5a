"""Node: what a dataset is made of. A node describes; every call of `elements` starts a pass of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._elements import Table

INFINITE, UNKNOWN = -1, -2


class Node:
    """A source of elements, or a transformation of the elements of another node.

    Where every element is a row of known arrays, `table` holds these and `indices` gives a pass as numbers of rows:
    what only reorders elements then works on numbers, and a batch takes its rows at once.
    """

    def elements(self) -> Iterator[Any]:
        """A pass: nests of Tensors."""
        raise NotImplementedError

    def table(self) -> Table | None:
        """The arrays whose rows the elements are, if there are such arrays (of a cache: by now)."""
        return None

    def indices(self) -> Iterator[int]:
        """A pass as numbers of the table's rows."""
        raise NotImplementedError

    def count(self) -> int:
        """The number of elements; INFINITE or UNKNOWN."""
        raise NotImplementedError

    @property
    def spec(self) -> Any:
        """A nest of TensorSpec that fits every element."""
        raise NotImplementedError


class Derived(Node):
    """A node whose elements have the number and form of its source's, unless it says otherwise."""

    def __init__(self, source: Node) -> None:
        self.source = source

    def count(self) -> int:
        return self.source.count()

    @property
    def spec(self) -> Any:
        return self.source.spec
