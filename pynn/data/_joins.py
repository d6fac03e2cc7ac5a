"""Transformations that make one dataset of several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import chain, islice
from typing import Any

from kernels._cpus import cpu_count

from ..engine import nest
from ._node import INFINITE, UNKNOWN, Derived, Node
from ._spec import merged, spec_of


class FlatMap(Derived):
    """The elements of the datasets that a function makes of each element, one dataset after the other."""

    def __init__(self, source: Node, function: Callable[[Any], Node]) -> None:
        super().__init__(source)
        self.function = function

    def elements(self) -> Iterator[Any]:
        return chain.from_iterable(self.function(element).elements() for element in self.source.elements())

    def count(self) -> int:
        return UNKNOWN

    @cached_property
    def spec(self) -> Any:
        return self.function(next(self.source.elements())).spec


class Interleave(FlatMap):
    """The elements of `cycle` of these datasets at a time, `block` elements of each in turn.

    Where one ends, the next dataset takes its place when its turn comes again: TensorFlow's order.
    """

    def __init__(self, source: Node, function: Callable[[Any], Node], cycle: int | None, block: int) -> None:
        super().__init__(source, function)
        self.cycle = cycle or cpu_count()
        self.block = block

    def elements(self) -> Iterator[Any]:
        source = self.source.elements()
        places: list[Iterator[Any] | None] = [None] * self.cycle
        ended, open_, place = False, 0, 0
        while open_ or not ended:
            if places[place] is None and not ended:
                element = next(source, _END)
                ended = element is _END
                if not ended:
                    places[place] = self.function(element).elements()
                    open_ += 1
            items = places[place]
            if items is not None:
                taken = 0
                for item in islice(items, self.block):
                    taken += 1
                    yield item
                if taken < self.block:
                    places[place] = None
                    open_ -= 1
            place = (place + 1) % self.cycle


_END = object()


class Zip(Node):
    """A nest of the elements of several nodes, until the first of them ends."""

    def __init__(self, structure: Any) -> None:
        self.structure = structure

    def elements(self) -> Iterator[Any]:
        parts = [node.elements() for node in nest.flatten(self.structure)]
        if type(self.structure) is tuple and len(parts) == len(self.structure):
            return zip(*parts)  # noqa: B905  they may differ in length
        return (_placed(self.structure, iter(items)) for items in zip(*parts))  # noqa: B905

    def count(self) -> int:
        counts = [node.count() for node in nest.flatten(self.structure)]
        finite = [n for n in counts if n != INFINITE]
        return min(finite, default=INFINITE)

    @property
    def spec(self) -> Any:
        return _placed(self.structure, iter([node.spec for node in nest.flatten(self.structure)]))


def _placed(structure: Any, elements: Iterator[Any]) -> Any:
    """As nest.pack_sequence_as, which counts leaves; these are nests."""
    return nest.map_structure(lambda _: next(elements), structure)


class Concatenate(Node):
    """One node's elements, then another's."""

    def __init__(self, first: Node, second: Node) -> None:
        self.first, self.second = first, second

    def elements(self) -> Iterator[Any]:
        last = None
        for element in self.first.elements():
            last = element
            yield element
        for element in self.second.elements():
            if last is not None:
                _assert_alike(last, element)
                last = None
            yield element

    def count(self) -> int:
        m, n = self.first.count(), self.second.count()
        return INFINITE if INFINITE in (m, n) else UNKNOWN if UNKNOWN in (m, n) else m + n

    @property
    def spec(self) -> Any:
        return merged(self.first.spec, self.second.spec)


def _assert_alike(first: Any, second: Any) -> None:
    """TypeError where elements differ in structure or dtype."""
    try:
        nest.assert_same_structure(first, second)
        alike = all(a.dtype == b.dtype for a, b in zip(nest.flatten(first), nest.flatten(second), strict=True))
    except (TypeError, ValueError):
        alike = False
    if not alike:
        raise TypeError(f"Incompatible dataset elements: {spec_of(first)} and {spec_of(second)}")
