"""How many numbers a configuration may ask for: about as many as its file holds."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

SPARE = 2**20  # numbers: a layer's save_own_variables may store less than its weights; metrics are not in the file
SAMPLE = 2**24  # numbers of an array that an operation makes while the shapes are found: a file holds none of them
WORK = 2**27  # numbers of all these arrays together: some seconds
CALL = 2**10  # numbers that are made in the time of an operation's call
PRODUCTS = 2**8  # products that a kernel adds up in the time of one number
BATCH, PASSES = 3, 8  # samples in the largest of those arrays; numbers of them all for each weight that the file holds


class Exceeded(ValueError):
    """A configuration asks for too much."""


class _Budget(threading.local):
    left = work = total = math.inf


_budget = _Budget()
opened: list[None] = []  # one for each `limited`, of all threads: operations ask for an allowance only if there is any


@contextmanager
def limited(numbers: int) -> Iterator[None]:
    """Limits what is made inside this context, in proportion to `numbers`. Exceeded: an operation asks for more."""
    before = vars(_budget).copy()
    _budget.left, _budget.work, _budget.total = numbers + SPARE, PASSES * numbers + WORK, numbers
    opened.append(None)
    try:
        yield
    finally:
        opened.pop()
        vars(_budget).clear()
        vars(_budget).update(before)


def spend(numbers: int) -> None:
    """Subtracts the numbers of a new variable from those that are left. Exceeded: it has more."""
    if numbers > _budget.left:
        raise Exceeded(f"its configuration asks for more weights than the {_budget.total:,} numbers that it may have")
    _budget.left -= numbers


def allow(shape: Iterable[int], depth: int = 1) -> None:
    """Checks the size of an array that an operation will make; depth: the number of products that an element sums."""
    if not opened:
        return
    if (size := math.prod(shape)) > BATCH * _budget.total + SAMPLE:
        raise Exceeded(f"its configuration asks for an array of {size:,} numbers")
    work(size * max(1, depth // PRODUCTS))


def allow_broadcast(arrays: Iterable[Any], depth: int = 1) -> None:
    """As `allow`, of the array that these broadcast to."""
    allow(map(max, itertools.zip_longest(*(getattr(x, "shape", ())[::-1] for x in arrays), fillvalue=1)), depth)


def allow_product(a: np.ndarray, b: np.ndarray) -> None:
    """As `allow`, of the product (..., m, k) @ (..., k, n)."""
    allow_broadcast((a[..., :1], b[..., :1, :]), a.shape[-1])


def work(numbers: int) -> None:
    """Counts an operation's time, as the numbers that could be made in it. Exceeded: the sum is too long."""
    _budget.work -= numbers + CALL
    if _budget.work < 0:
        raise Exceeded("its configuration asks for more work than it may take")
