"""Transformations that compute elements from elements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from itertools import chain, count, islice
from typing import Any

import numpy as np

from .. import nest
from ..errors import InvalidArgumentError
from ..spec import TensorSpec
from ..tensor import Tensor
from ._elements import Table, assemble, call, mapped, rows_of, stack
from ._node import INFINITE, UNKNOWN, Derived, Node
from ._spec import batched, merged, row, spec_of, through
from ._threads import parallel, prefetched


class Map(Derived):
    """A function of each element, on `threads` threads (0: the consumer's)."""

    def __init__(self, source: Node, function: Callable[..., Any], threads: int) -> None:
        super().__init__(source)
        self.function, self.threads = function, threads

    def elements(self) -> Iterator[Any]:
        if self.threads:
            return parallel(self._apply, self.source.elements(), self.threads)
        return map(self._apply, self.source.elements())

    def _apply(self, element: Any) -> Any:
        return mapped(self.function, element)

    @cached_property
    def spec(self) -> Any:
        source = self.source.spec
        if all(leaf.shape.rank is not None for leaf in nest.flatten(source)):
            return through(self._apply, source)
        first = next(self.elements())  # of a generator whose shapes were not given
        return nest.map_structure(lambda tensor: TensorSpec(None, tensor.dtype), first)


class Filter(Derived):
    """The elements for which a predicate holds."""

    def __init__(self, source: Node, predicate: Callable[..., Any]) -> None:
        super().__init__(source)
        self.predicate = predicate

    def elements(self) -> Iterator[Any]:
        return filter(self._holds, self.source.elements())

    def _holds(self, element: Any) -> bool:
        value = call(self.predicate, element)
        array = value._array if type(value) is Tensor else np.asarray(value)
        if array.dtype != bool or array.ndim:
            raise ValueError(
                "Invalid `predicate`. `predicate` must return a `tf.bool` scalar tensor, but its return type is "
                f"{array.dtype} of shape {array.shape}."
            )
        return bool(array)

    def count(self) -> int:
        return UNKNOWN


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


class Enumerate(Derived):
    """Pairs of a number, counted from `start`, and an element."""

    def __init__(self, source: Node, start: int) -> None:
        super().__init__(source)
        self.start = start

    def elements(self) -> Iterator[Any]:
        return zip(map(self._tensor, count(self.start)), self.source.elements(), strict=False)

    def _tensor(self, number: int) -> Tensor:
        return Tensor(np.array(number, np.int64))

    @property
    def spec(self) -> Any:
        return TensorSpec((), np.int64), self.source.spec


class Batch(Derived):
    """Several elements as one, along a new first axis."""

    def __init__(self, source: Node, size: int, drop_remainder: bool) -> None:
        super().__init__(source)
        self.size, self.drop_remainder = size, drop_remainder

    def elements(self) -> Iterator[Any]:
        table = self.source.table()
        if table is not None:
            return self._packed(table.structure, table.batches(self.source.indices(), self.size))
        return self._stacked(self.source.elements())

    def _packed(self, structure: Any, batches: Iterator[list[np.ndarray]]) -> Iterator[Any]:
        for arrays in batches:
            if len(arrays[0]) == self.size or not self.drop_remainder:
                yield nest.pack_sequence_as(structure, map(Tensor, arrays))

    def _stacked(self, elements: Iterator[Any]) -> Iterator[Any]:
        while group := list(islice(elements, self.size)):
            yield from self._packed(group[0], iter((stack(group),)))

    def count(self) -> int:
        n = self.source.count()
        return n if n < 0 else n // self.size if self.drop_remainder else -(-n // self.size)

    @property
    def spec(self) -> Any:
        return batched(self.source.spec, self.size if self.drop_remainder else None)


class Unbatch(Derived):
    """The rows of each element as elements."""

    def elements(self) -> Iterator[Any]:
        for element in self.source.elements():
            arrays = [tensor._array for tensor in nest.flatten(element)]
            for number, array in enumerate(arrays):
                if not array.ndim:
                    raise ValueError("Cannot unbatch an input with scalar components.")
                if len(array) != len(arrays[0]):
                    raise InvalidArgumentError(
                        f"Input element must have the same batch size in each component. Component 0 had size "
                        f"{len(arrays[0])} but component {number} had size {len(array)}."
                    )
            yield from assemble(element, [map(Tensor, rows_of(array)) for array in arrays])

    def count(self) -> int:
        n, sizes = (
            self.source.count(),
            {leaf.shape[0] if leaf.shape.rank else None for leaf in nest.flatten(self.source.spec)},
        )
        size = sizes.pop()
        return UNKNOWN if size is None else n if n < 0 else n * size

    @property
    def spec(self) -> Any:
        return row(self.source.spec)


class Prefetch(Derived):
    """The source's elements, read ahead by a thread."""

    def __init__(self, source: Node, ahead: int) -> None:
        super().__init__(source)
        self.ahead = ahead

    def elements(self) -> Iterator[Any]:
        return prefetched(self.source.elements, self.ahead) if self.ahead else self.source.elements()


class Cache(Derived):
    """The source's elements as its first complete pass gave them."""

    def __init__(self, source: Node) -> None:
        super().__init__(source)
        self._table: Table | None = None
        self._list: list[Any] | None = None

    def elements(self) -> Iterator[Any]:
        if self._table is not None:
            return self._table.elements(self.indices())
        return self._filling() if self._list is None else iter(self._list)

    def _filling(self) -> Iterator[Any]:
        seen = []
        for element in self.source.elements():
            seen.append(element)
            yield element
        with suppress(TypeError, ValueError):  # elements of different shapes stay a list
            self._table = Table(seen[0], stack(seen)) if seen else None
        if self._table is None:
            self._list = seen

    def table(self) -> Table | None:
        return self._table

    def indices(self) -> Iterator[int]:
        assert self._table is not None
        return iter(range(self._table.rows))


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
