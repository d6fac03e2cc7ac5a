"""OwnedIterator: a pass over a dataset, element by element."""

from __future__ import annotations

from typing import Any

from ..engine.errors import OutOfRangeError
from .node import Node


class OwnedIterator:
    """The result of iter(dataset): the elements of a pass, by `next` or `get_next`."""

    __slots__ = ("_items", "_node")

    def __init__(self, node: Node) -> None:
        self._node, self._items = node, node.elements()

    def __iter__(self) -> OwnedIterator:
        return self

    def __next__(self) -> Any:
        return next(self._items)

    def get_next(self) -> Any:
        """The next element. tf.errors.OutOfRangeError: there is none."""
        try:
            return next(self._items)
        except StopIteration:
            raise OutOfRangeError("End of sequence") from None

    @property
    def element_spec(self) -> Any:
        """The dataset's element_spec."""
        return self._node.spec()

    def close(self) -> None:
        """Ends the pass and its threads."""
        if hasattr(self._items, "close"):
            self._items.close()
