"""How many numbers a configuration may ask for: no more than its file holds, or than fit into memory."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

SAMPLE = 2**24  # numbers of what goes into a layer, comes out, or is in a metric: a file holds none of them


class _Budget(threading.local):
    left = total = math.inf
    source = ""


_budget = _Budget()


@contextmanager
def limited(numbers: int, source: str) -> Iterator[None]:
    """Weights that are made inside this context have so many numbers together, at most. ValueError: more.

    source: whose numbers they are, like "in the file".
    """
    before = _budget.left, _budget.total, _budget.source
    _budget.left, _budget.total, _budget.source = numbers, numbers, source
    try:
        yield
    finally:
        _budget.left, _budget.total, _budget.source = before


def spend(numbers: int) -> None:
    """A weight of so many numbers is about to be made."""
    if numbers > _budget.left:
        raise ValueError(f"its configuration asks for more weights than the {_budget.total:,} numbers {_budget.source}")
    _budget.left -= numbers


def allow(shape: Iterable[int]) -> None:
    """An array of this shape, which is no weight, is about to be made. A generator does nothing outside `limited`."""
    if _budget.total != math.inf and (size := math.prod(shape)) > max(_budget.total, SAMPLE):
        raise ValueError(f"its configuration asks for an array of {size:,} numbers")
