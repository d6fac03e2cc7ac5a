"""Transformations between one dataset and several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain, islice
from operator import index
from typing import Any

import numpy as np

from kernels.cpus import cpu_count

from ..engine import nest
from ..engine.errors import InvalidArgumentError
from ..engine.tensor import Tensor
from .elements import next_state
from .node import AUTOTUNE, INFINITE, UNKNOWN, Node, Rows, Start, positive, worker_count
from .sources import from_tensor_slices, listed
from .specs import DatasetSpec, merged, spec_of

Function = Callable[[Any], Node]  # of an element


def flat_map(source: Node, function: Function) -> Node:
    return _several(source, function, lambda: chain.from_iterable(function(e).elements() for e in source.elements()))


def _several(source: Node, function: Function, elements: Start) -> Node:
    """A node of the elements of the function's datasets; its specification is that of the first dataset."""
    return Node(elements, lambda: UNKNOWN, cache(lambda: function(next(source.elements())).spec()))


def interleave(
    source: Node,
    function: Function,
    cycle_length: int | None,
    block_length: int | None,
    num_parallel_calls: int | None,
) -> Node:
    """At the turn of a dataset that has ended, the next one takes its place: TensorFlow's order."""
    cycle = AUTOTUNE if cycle_length is None else index(cycle_length)
    places = cpu_count() if cycle == AUTOTUNE else positive(cycle, "cycle_length")
    block = positive(1 if block_length is None else block_length, "block_length")
    if worker_count(num_parallel_calls) > cycle > 0:
        raise InvalidArgumentError("num_parallel_calls must be at most cycle_length, or AUTOTUNE.")

    def elements() -> Iterator[Any]:
        datasets = (function(element).elements() for element in source.elements())
        open_: list[Iterator[Any] | None] = [None] * places
        ended, place = False, 0
        while not ended or any(open_):
            items = open_[place]
            if items is None and not ended:
                items = open_[place] = next(datasets, None)
                ended = items is None
            if items is not None:
                taken = 0
                for item in islice(items, block):
                    taken += 1
                    yield item
                if taken < block:
                    open_[place] = None
            place = (place + 1) % places

    return _several(source, function, elements)


def zip_(structure: Any) -> Node:
    """A nest of the elements of several nodes, until the first of them ends."""
    nodes = nest.flatten(structure)

    def elements() -> Iterator[Any]:
        passes = zip(*[node.elements() for node in nodes])  # noqa: B905  they may differ in length
        flat = type(structure) is tuple and len(nodes) == len(structure)
        return passes if flat else (nest.pack_sequence_as(structure, items) for items in passes)

    def rows() -> Rows | None:
        found = [each for node in nodes if (each := node.rows()) and each.in_order]
        if len(found) < len(nodes):
            return None
        n = min(len(each.arrays[0]) for each in found)
        structures = nest.pack_sequence_as(structure, [each.structure for each in found])
        return Rows(structures, [array[:n] for each in found for array in each.arrays])

    def count() -> int:
        counts = [node.count() for node in nodes]
        return min((n for n in counts if n != INFINITE), default=INFINITE)

    return Node(elements, count, lambda: nest.pack_sequence_as(structure, [node.spec() for node in nodes]), rows)


def concatenate(first: Node, second: Node) -> Node:
    def elements() -> Iterator[Any]:
        last = None
        for last in first.elements():
            yield last
        for element in second.elements():
            if last is not None:
                _assert_alike(last, element)
                last = None
            yield element

    def count() -> int:
        m, n = first.count(), second.count()
        return INFINITE if INFINITE in (m, n) else UNKNOWN if UNKNOWN in (m, n) else m + n

    return Node(elements, count, lambda: merged(first.spec(), second.spec()))


def _assert_alike(first: Any, second: Any) -> None:
    """TypeError where elements differ in structure or dtype."""
    try:
        next_state(first, second)
    except (TypeError, ValueError):
        raise TypeError(f"Incompatible dataset elements: {spec_of(first)} and {spec_of(second)}") from None


def window(
    source: Node, size: int, shift: int | None, stride: int, drop_remainder: bool, dataset: Callable[..., Any]
) -> Node:
    """For each leaf of the elements a dataset; dataset: the class."""
    length, step = positive(size, "Window size"), positive(stride, "Window stride")
    hop = length if shift is None else positive(shift, "Window shift")
    reach = (length - 1) * step + 1

    def windows(items: Iterator[Any]) -> Iterator[list[Any]]:
        seen = list(islice(items, reach))
        while len(seen) == reach or (seen and not drop_remainder):
            yield seen[::step]
            between = max(hop - len(seen), 0)
            next(islice(items, between, between), None)
            seen = seen[hop:]
            seen += islice(items, reach - len(seen))

    def make(start: Start) -> Iterator[Any]:
        if rows := source.rows():
            for numbers in windows(rows.numbers()):
                leaves = [dataset(from_tensor_slices, Tensor(array)) for array in rows.take(np.array(numbers, np.intp))]
                yield nest.pack_sequence_as(rows.structure, leaves)
        else:
            specs = nest.flatten(source.spec())
            for group in windows(start()):
                columns = zip(*map(nest.flatten, group), strict=True)
                leaves = [dataset(listed, column, spec) for column, spec in zip(columns, specs, strict=True)]
                yield nest.pack_sequence_as(group[0], leaves)

    def count(n: int) -> int:
        return n if n < 0 else max((n - reach) // hop + 1, 0) if drop_remainder else -(-n // hop)

    return source.derive(make, count, lambda element: nest.map_structure(DatasetSpec, element))
