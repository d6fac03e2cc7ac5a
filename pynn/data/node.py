"""Node: how the elements of a dataset are made, how many they are, and their specification."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice
from operator import call, index
from typing import Any

import numpy as np

import kernels

from ..engine.errors import InvalidArgumentError
from .elements import unstack

AUTOTUNE = INFINITE = -1
UNKNOWN = -2
BLOCK = 256  # rows that `elements` takes in one call

Start = Callable[[], Iterator[Any]]  # each call starts a new pass


class Rows:
    """Elements that are rows of arrays (n, ...), one for each leaf; to reorder them is to reorder numbers of rows.

    numbers: starts a pass over the numbers of the rows; None: all in order
    """

    def __init__(self, structure: Any, arrays: list[np.ndarray], numbers: Start | None = None) -> None:
        self.structure, self.arrays, self.in_order = structure, arrays, numbers is None
        self.numbers: Start = numbers or range(len(arrays[0])).__iter__

    def take(self, numbers: np.ndarray) -> list[np.ndarray]:
        """For each leaf its values (n, ...) in these n >= 1 rows: a view where the rows follow one another."""
        first, last = int(numbers[0]), int(numbers[-1])
        if last - first == len(numbers) - 1 and (numbers[1:] > numbers[:-1]).all():
            return [array[first : last + 1] for array in self.arrays]
        return [kernels.take_rows(array, numbers) for array in self.arrays]

    def batches(self, size: int, drop_remainder: bool = False) -> Iterator[list[np.ndarray]]:
        """`take` of `size` numbers at a time; the last may be fewer, or are dropped."""
        numbers = self.numbers()
        while (n := len(taken := np.fromiter(islice(numbers, size), np.intp))) == size or (n and not drop_remainder):
            yield self.take(taken)

    def elements(self) -> Iterator[Any]:
        """The rows one by one."""
        for arrays in self.batches(BLOCK):
            yield from unstack(self.structure, arrays)


def groups(items: Iterator[Any], size: int, drop_remainder: bool) -> Iterator[list[Any]]:
    """Lists of `size` items; the last may be shorter, or is dropped."""
    while (n := len(group := list(islice(items, size)))) == size or (n and not drop_remainder):
        yield group


@dataclass
class Node:
    """A source of elements, or a transformation of another node's.

    elements: starts a pass over the elements, nests of Tensors
    count: gives the number of elements, INFINITE or UNKNOWN
    spec: gives the nest of TensorSpec that fits every element
    rows: gives the elements as rows of arrays; None: they are none (of a cache: not yet)
    batch_size: of a node that `batch` made
    made: makes an equal node, for pickle, copy and repr; Dataset sets it
    """

    elements: Start
    count: Callable[[], int]
    spec: Callable[[], Any]
    rows: Callable[[], Rows | None] = lambda: None
    batch_size: int | None = None
    made: partial[Node] = field(init=False, repr=False)

    def __reduce__(self) -> Any:
        return call, (self.made,), {"made": self.made}  # which a copy of the copy needs

    def derive(
        self,
        make: Callable[[Start], Iterator[Any]],
        count: Callable[[int], int] = lambda n: n,
        spec: Callable[[Any], Any] = lambda spec: spec,
    ) -> Node:
        """The node of the elements make(self.elements); its count and specification follow from this node's."""
        return Node(lambda: make(self.elements), lambda: count(self.count()), cache(lambda: spec(self.spec())))

    def select(self, choose: Callable[[Start], Iterator[Any]], count: Callable[[int], int]) -> Node:
        """The node of the elements choose(self.elements); of rows it chooses the numbers."""

        def rows() -> Rows | None:
            found = self.rows()
            return found and Rows(found.structure, found.arrays, lambda: choose(found.numbers))

        def elements() -> Iterator[Any]:
            found = rows()
            return found.elements() if found else choose(self.elements)

        return Node(elements, lambda: count(self.count()), self.spec, rows)


def positive(value: int, name: str) -> int:
    number = index(value)
    if number < 1:
        raise InvalidArgumentError(f"{name} must be greater than zero.")
    return number


def worker_count(num_parallel_calls: int | None) -> int:
    """The number of threads that compute; 0: the consumer computes."""
    if num_parallel_calls is None or index(num_parallel_calls) == AUTOTUNE:
        return 0
    number = positive(num_parallel_calls, "num_parallel_calls")
    return number if number > 1 else 0
