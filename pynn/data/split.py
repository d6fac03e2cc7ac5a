"""Keras's `split_dataset`: one dataset, or arrays, in two parts."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from ..engine import nest
from ..support.neutral import neutral
from ._batches import Batch
from ._elements import stack
from .dataset import Dataset

Size = int | float | None


@neutral(preferred_backend="tensorflow")
def split_dataset(
    dataset: Any, left_size: Size = None, right_size: Size = None, shuffle: bool = False, seed: int | None = None
) -> tuple[Dataset, Dataset]:
    """The first elements and the last ones, as two datasets.

    dataset: a Dataset, an array, or a list or tuple of arrays of one length. Sizes: int numbers of elements (of a
    dataset that `batch` made: of rows, which are batched again), or float fractions; of one size the other follows.
    shuffle: beforehand, in the order of Python's random.shuffle after random.seed(seed). ValueError: a part would be
    empty, or the sizes are more than all. TypeError: another kind of data or size.
    """
    node = dataset._node if isinstance(dataset, Dataset) else None
    if node is not None:
        elements = list(dataset.unbatch() if type(node) is Batch else dataset)
        if not elements:
            raise ValueError("Received an empty dataset.")
        structure, arrays = elements[0], stack(elements)
    else:
        structure, arrays = _arrays(dataset)
    total = len(arrays[0])
    left, right = _sizes(total, left_size, right_size)
    order = list(range(total))
    if shuffle:
        random.Random(random.randint(0, 10**6) if seed is None else seed).shuffle(order)
    parts = []
    for rows in (order[:left], order[total - right :]):
        part = Dataset.from_tensor_slices(nest.pack_sequence_as(structure, [array[rows] for array in arrays]))
        parts.append((part.batch(node.size) if type(node) is Batch else part).prefetch(-1))
    return parts[0], parts[1]


def _arrays(data: Any) -> tuple[Any, list[np.ndarray]]:
    """Arrays, and the form of an element of them."""
    if isinstance(data, np.ndarray):
        arrays = [data]
    elif not isinstance(data, (tuple, list)):
        raise TypeError(f"Unsupported dataset type: {type(data)}")
    else:
        arrays = list(data)
        for number, array in enumerate(arrays):
            if not isinstance(array, np.ndarray):
                raise ValueError(f"Expected numpy.ndarray objects, Received: {type(array)} at index {number}.")
            if len(array) != len(arrays[0]):
                raise ValueError(
                    f"Received arrays with different lengths: at index {number} {array.shape}, at index 0 "
                    f"{arrays[0].shape}."
                )
    if not arrays or not len(arrays[0]):
        raise ValueError("Received an empty dataset.")
    return (data if isinstance(data, np.ndarray) else tuple(arrays)), arrays


def _sizes(total: int, left: Size, right: Size) -> tuple[int, int]:
    if left is None and right is None:
        raise ValueError(
            "At least one of the `left_size` or `right_size` must be specified. "
            "Received: left_size=None and right_size=None"
        )
    numbers: list[int | None] = []
    for name, size in (("left_size", left), ("right_size", right)):
        if isinstance(size, bool) or not isinstance(size, (int, float, type(None))):
            raise TypeError(f"Invalid `{name}` Type. Expected: int or float or None, Received: {type(size)}.")
        if size is not None and not 0 < size < (1 if isinstance(size, float) else total):
            raise ValueError(
                f"`{name}` should be either a positive integer smaller than {total}, or a float within the range "
                f"`[0, 1]`. Received: {size}"
            )
        numbers.append(round(size * total) if isinstance(size, float) else size)
    first, last = numbers
    first = total - last if first is None and last is not None else first
    last = total - first if last is None and first is not None else last
    assert first is not None and last is not None
    more = isinstance(left, float) and isinstance(right, float) and left + right > 1
    if more or first + last > total:
        raise ValueError(f"The sum of `left_size` and `right_size`, {left} and {right}, is more than all {total}.")
    if not first or not last:
        raise ValueError(f"With `dataset` of length={total}, one part would be empty: {first} and {last} elements.")
    return first, last
