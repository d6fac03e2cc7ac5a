"""Transformations that choose and reorder elements; of rows of arrays they reorder the numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from operator import index
from typing import Any

import numpy as np

from ..engine.errors import InvalidArgumentError
from ..ops import random
from .node import INFINITE, UNKNOWN, Node, Start


class Generators:
    """Called at the start of a pass, returns its random generator: the same each time, or with `anew` another one.

    A copy goes on where the original is.
    """

    def __init__(self, seed: int | None, anew: bool) -> None:
        # drawn here and not in a pass, which may run in a thread beside others that draw
        self._seed = int(random.generator().integers(2**63)) if seed is None else index(seed) % 2**64
        self._anew, self._passes = anew, 0

    def __call__(self) -> np.random.Generator:
        number = self._passes
        self._passes += self._anew
        return np.random.default_rng((self._seed, number))


def shuffle(source: Node, buffer_size: int, generator: Generators) -> Node:
    size = index(buffer_size)
    if size < 1 and size != UNKNOWN:
        raise InvalidArgumentError("buffer_size must be greater than zero or UNKNOWN_CARDINALITY")
    return source.select(lambda start: _shuffled(start(), None if size == UNKNOWN else size, generator()), lambda n: n)


def _shuffled(items: Iterator[Any], size: int | None, rng: np.random.Generator) -> Iterator[Any]:
    """Items drawn at random from a buffer, which the following items refill."""
    buffer = list(itertools.islice(items, size))
    numbers = (n for _ in itertools.repeat(None) for n in rng.integers(len(buffer), size=1024).tolist())
    for item, n in zip(items, numbers, strict=False):
        yield buffer[n]
        buffer[n] = item
    for n in rng.permutation(len(buffer)).tolist():
        yield buffer[n]


def repeat(source: Node, count: int | None) -> Node:
    times = -1 if count is None else index(count)

    def repeated(start: Start) -> Iterator[Any]:
        for _ in itertools.repeat(None) if times < 0 else range(times):
            items = start()
            try:
                first = next(items)
            except StopIteration:  # else an empty source would repeat forever
                return
            yield first
            del first
            yield from items

    def number(n: int) -> int:
        return 0 if not (n and times) else INFINITE if times < 0 else n if n < 0 else n * times

    return source.select(repeated, number)


def take(source: Node, count: int) -> Node:
    size = index(count)
    return source if size < 0 else _sliced(source, 0, size)


def skip(source: Node, count: int) -> Node:
    size = index(count)
    return source.select(lambda _: iter(()), lambda n: min(n, 0)) if size < 0 else _sliced(source, size, None)


def shard(source: Node, num_shards: int, index: int) -> Node:
    if num_shards < 1:
        raise InvalidArgumentError(f"Number of shards must be greater than zero (currently num_shards = {num_shards}).")
    if not 0 <= index < num_shards:
        raise InvalidArgumentError(f"Index must be between 0 and {num_shards - 1} (currently index = {index}).")
    return _sliced(source, index, None, num_shards)


def _sliced(source: Node, start: int, stop: int | None, step: int = 1) -> Node:
    """The elements start, start + step, ... before stop."""

    def count(n: int) -> int:
        n = stop if n == INFINITE and stop is not None else n
        return n if n < 0 else len(range(n)[start:stop:step])

    return source.select(lambda items: itertools.islice(items(), start, stop, step), count)
