"""How many numbers a configuration may ask for: about as many as its file holds."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

SAMPLE = 2**24  # numbers of what goes into a layer, comes out, or is in a metric: a file holds none of them
SPARE = 2**20  # numbers: a layer's save_own_variables may store less than its weights


class _Budget(threading.local):
    left = total = math.inf


_budget = _Budget()


@contextmanager
def limited(numbers: int) -> Iterator[None]:
    """Weights that are made inside this context have at most so many numbers together, and SPARE. ValueError: more."""
    before = _budget.left, _budget.total
    _budget.left, _budget.total = numbers + SPARE, numbers
    try:
        yield
    finally:
        _budget.left, _budget.total = before


def spend(numbers: int) -> None:
    """A weight of so many numbers is about to be made."""
    if numbers > _budget.left:
        raise ValueError(f"its configuration asks for more weights than the {_budget.total:,} numbers that it may have")
    _budget.left -= numbers


def allow(shape: Iterable[int]) -> None:
    """An array of this shape, which is no weight, is about to be made. Outside of `limited` its sizes are not read."""
    if _budget.total != math.inf and (size := math.prod(shape)) > max(_budget.total, SAMPLE):
        raise ValueError(f"its configuration asks for an array of {size:,} numbers")
