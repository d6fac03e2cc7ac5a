"""Keras's `split_dataset`: one dataset, or arrays, in two parts."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from ..engine import nest
from ..support.neutral import neutral
from .dataset import Dataset
from .elements import stack

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
    batch_size = None
    if isinstance(dataset, Dataset):
        batch_size = dataset._node.batch_size
        elements = list(dataset.unbatch() if batch_size else dataset)
        structure, arrays = (elements[0], stack(elements)) if elements else ((), [])
    else:
        arrays = _arrays(dataset)
        structure = arrays[0] if isinstance(dataset, np.ndarray) else tuple(arrays)
    if not arrays or not len(arrays[0]):
        raise ValueError("Received an empty dataset.")
    total = len(arrays[0])
    left, right = _sizes(total, left_size, right_size)
    order = list(range(total))
    if shuffle:
        random.Random(random.randint(0, 10**6) if seed is None else seed).shuffle(order)
    parts = []
    for rows in (order[:left], order[total - right :]):
        part = Dataset.from_tensor_slices(nest.pack_sequence_as(structure, [array[rows] for array in arrays]))
        parts.append((part.batch(batch_size) if batch_size else part).prefetch(-1))
    return parts[0], parts[1]


def _arrays(data: Any) -> list[np.ndarray]:
    if isinstance(data, np.ndarray):
        return [data]
    if not isinstance(data, (tuple, list)):
        raise TypeError(f"Unsupported dataset type: {type(data)}")
    for number, array in enumerate(data):
        if not isinstance(array, np.ndarray):
            raise ValueError(f"Expected numpy.ndarray objects, Received: {type(array)} at index {number}.")
        if len(array) != len(data[0]):
            raise ValueError(
                f"Received arrays with different lengths: at index {number} {array.shape}, at index 0 {data[0].shape}."
            )
    return list(data)


def _sizes(total: int, left: Size, right: Size) -> tuple[int, int]:
    if left is None and right is None:
        raise ValueError(
            "At least one of the `left_size` or `right_size` must be specified. "
            "Received: left_size=None and right_size=None"
        )
    numbers: list[int] = []
    for name, size in (("left_size", left), ("right_size", right)):
        if isinstance(size, bool) or not isinstance(size, (int, float, type(None))):
            raise TypeError(f"Invalid `{name}` Type. Expected: int or float or None, Received: {type(size)}.")
        if size is not None and not 0 < size < (1 if isinstance(size, float) else total):
            raise ValueError(
                f"`{name}` should be either a positive integer smaller than {total}, or a float within the range "
                f"`[0, 1]`. Received: {size}"
            )
        numbers.append(-1 if size is None else round(size * total) if isinstance(size, float) else size)
    first, last = (total - other if n < 0 else n for n, other in zip(numbers, reversed(numbers), strict=True))
    more = isinstance(left, float) and isinstance(right, float) and left + right > 1
    if more or first + last > total:
        raise ValueError(f"The sum of `left_size` and `right_size`, {left} and {right}, is more than all {total}.")
    if not first or not last:
        raise ValueError(f"With `dataset` of length={total}, one part would be empty: {first} and {last} elements.")
    return first, last
