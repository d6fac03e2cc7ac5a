"""Transformations that choose and reorder elements without looking into them.

They work on iterators of anything: of elements, or of numbers of rows where the source is a table.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..ops import random
from ._elements import Table
from ._node import INFINITE, UNKNOWN, Derived, Node

Start = Callable[[], Iterator[Any]]


class Selection(Derived):
    """What `select` makes of the source's passes."""

    def select(self, start: Start) -> Iterator[Any]:
        """Items of passes, each of which start() begins."""
        raise NotImplementedError

    def elements(self) -> Iterator[Any]:
        table = self.table()
        return self.select(self.source.elements) if table is None else table.elements(self.indices())

    def table(self) -> Table | None:
        return self.source.table()

    def indices(self) -> Iterator[int]:
        return self.select(self.source.indices)


class Shuffle(Selection):
    """Items drawn from a buffer that the source keeps full."""

    def __init__(self, source: Node, buffer_size: int, seed: int | None, reshuffle: bool) -> None:
        super().__init__(source)
        self.buffer_size = None if buffer_size == UNKNOWN else buffer_size
        # drawn here and not in a pass, which may run in a thread beside others that draw
        self.seed = int(random.generator().integers(2**63)) if seed is None else seed % 2**64
        self.passes = itertools.count() if reshuffle else itertools.repeat(0)

    def select(self, start: Start) -> Iterator[Any]:
        rng = np.random.default_rng((self.seed, next(self.passes)))
        return _shuffled(start(), self.buffer_size, rng)


def _shuffled(items: Iterator[Any], size: int | None, rng: np.random.Generator) -> Iterator[Any]:
    buffer = list(itertools.islice(items, size))
    numbers = (n for _ in itertools.repeat(None) for n in rng.integers(len(buffer), size=1024).tolist())
    for item, n in zip(items, numbers, strict=False):
        yield buffer[n]
        buffer[n] = item
    for n in rng.permutation(len(buffer)).tolist():
        yield buffer[n]


class Repeat(Selection):
    """The source's items `times` times, or for ever (None), which ends where the source has none."""

    def __init__(self, source: Node, times: int | None) -> None:
        super().__init__(source)
        self.times = times

    def select(self, start: Start) -> Iterator[Any]:
        for _ in itertools.repeat(None) if self.times is None else range(self.times):
            items = start()
            try:
                first = next(items)
            except StopIteration:
                return
            yield first
            del first
            yield from items

    def count(self) -> int:
        n = self.source.count()
        if n == 0 or self.times == 0:
            return 0
        return INFINITE if self.times is None else n if n < 0 else n * self.times


class Take(Selection):
    """The first items."""

    def __init__(self, source: Node, number: int) -> None:
        super().__init__(source)
        self.number = number

    def select(self, start: Start) -> Iterator[Any]:
        return itertools.islice(start(), self.number)

    def count(self) -> int:
        n = self.source.count()
        return n if n == UNKNOWN else self.number if n == INFINITE else min(n, self.number)


class Skip(Selection):
    """All but the first items; None: no item."""

    def __init__(self, source: Node, number: int | None) -> None:
        super().__init__(source)
        self.number = number

    def select(self, start: Start) -> Iterator[Any]:
        return iter(()) if self.number is None else itertools.islice(start(), self.number, None)

    def count(self) -> int:
        n = self.source.count()
        return n if n < 0 else 0 if self.number is None else max(n - self.number, 0)


class Shard(Selection):
    """Every `number`th item, beginning with item `index`."""

    def __init__(self, source: Node, number: int, index: int) -> None:
        super().__init__(source)
        self.number, self.index = number, index

    def select(self, start: Start) -> Iterator[Any]:
        return itertools.islice(start(), self.index, None, self.number)

    def count(self) -> int:
        n = self.source.count()
        return n if n < 0 else n // self.number + (self.index < n % self.number)
