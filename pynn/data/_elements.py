"""Elements of a dataset: nests (tuples and dicts inside each other) of Tensors, and how many become one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

import kernels

from ..engine import nest
from ..engine.convert import convert_to_tensor
from ..engine.errors import InvalidArgumentError
from ..engine.tape import active, unrecorded
from ..engine.tensor import Tensor
from . import dataset

BLOCK = 256  # rows that are taken at once where elements are wanted one by one


def as_element(value: Any) -> Any:
    """The nest with a Tensor for every leaf that is no Dataset. A list is a leaf: it becomes one Tensor."""
    if type(value) is Tensor or is_flat(value) or isinstance(value, dataset.Dataset):
        return value
    if isinstance(value, dict):
        return {key: as_element(item) for key, item in value.items()}
    if isinstance(value, tuple):
        items = [as_element(item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if value is None:
        raise InvalidArgumentError(
            "An element of a dataset cannot be, or contain, None (does the function return its result?)"
        )
    return convert_to_tensor(value)


def is_flat(value: Any) -> bool:
    """Whether value is a plain tuple of Tensors: the common case, which the loops below keep short."""
    if type(value) is not tuple:
        return False
    for item in value:  # noqa: SIM110  a generator in all() would take three times as long
        if type(item) is not Tensor:
            return False
    return True


def call(function: Callable[..., Any], element: Any) -> Any:
    """function(*element) for a tuple, else function(element); the consumer's tapes see nothing of it."""
    if active.tapes:
        with unrecorded():
            return call(function, element)
    return function(*element) if type(element) is tuple else function(element)


def mapped(function: Callable[..., Any], element: Any) -> Any:
    """What the function makes of the element, as an element; a list that it returns counts as a tuple."""
    value = call(function, element)
    return as_element(tuple(value) if isinstance(value, list) else value)


def next_state(state: Any, new: Any) -> Any:
    """The new state as an element. TypeError, ValueError: it differs in structure or dtype from the one before."""
    new = as_element(new)
    nest.assert_same_structure(state, new)
    for old, leaf in zip(nest.flatten(state), nest.flatten(new), strict=True):
        if old.dtype != leaf.dtype:
            raise TypeError(
                "The element types for the new state must match the initial state. "
                f"Expected {old.dtype} but got {leaf.dtype}."
            )
    return new


def assemble(structure: Any, columns: Sequence[Iterable[Tensor]]) -> Iterator[Any]:
    """Elements of this structure from the successive Tensors of each leaf."""
    if type(structure) is Tensor:
        return iter(columns[0])
    if is_flat(structure):
        return zip(*columns)  # noqa: B905  the columns may be endless
    return (nest.pack_sequence_as(structure, leaves) for leaves in zip(*columns))  # noqa: B905


def stack(elements: Sequence[Any]) -> list[np.ndarray]:
    """For each leaf an array (n, ...) of the n elements' values.

    InvalidArgumentError: different shapes. TypeError: different dtypes, datasets. ValueError: different structures.
    """
    first = elements[0]
    if type(first) is Tensor:
        columns: list[Sequence[Tensor]] = [elements]
    elif is_flat(first):
        columns = list(zip(*elements, strict=True))
    else:
        for other in elements:
            nest.assert_same_structure(first, other)
        columns = list(zip(*map(nest.flatten, elements), strict=True))
    if any(type(column[0]) is not Tensor for column in columns):
        raise TypeError("Datasets, such as those of `window`, cannot be batched: flat_map makes elements of them")
    return [_stacked([tensor._array for tensor in column], number) for number, column in enumerate(columns)]


def _stacked(arrays: list[np.ndarray], component: int) -> np.ndarray:
    first = arrays[0]
    if len({array.dtype for array in arrays}) > 1:
        found = sorted({str(array.dtype) for array in arrays})
        raise TypeError(f"Cannot batch tensors with different dtypes in component {component}: {', '.join(found)}")
    for number, array in enumerate(arrays):
        if array.shape != first.shape:
            raise InvalidArgumentError(
                f"Cannot batch tensors with different shapes in component {component}. First element had shape "
                f"{list(first.shape)} and element {number} had shape {list(array.shape)}."
            )
    return np.array(arrays)  # np.stack takes twice as long for rows, ten times for scalars


class Table:
    """Elements that are the rows of known arrays, so that they can be taken by number, many at a time."""

    def __init__(self, structure: Any, arrays: Iterable[np.ndarray]) -> None:
        self.structure, self.arrays = structure, [np.ascontiguousarray(array) for array in arrays]
        self.rows = len(self.arrays[0])

    def take(self, rows: np.ndarray) -> list[np.ndarray]:
        """For each leaf its values (n, ...) in these n >= 1 rows: a view where the rows follow one another."""
        first, last = int(rows[0]), int(rows[-1])
        if last - first == len(rows) - 1 and (rows[1:] > rows[:-1]).all():
            return [array[first : last + 1] for array in self.arrays]
        return [kernels.take_rows(array, rows) for array in self.arrays]

    def batches(self, indices: Iterable[int], size: int) -> Iterator[list[np.ndarray]]:
        """What `take` gives for each `size` indices; the last may be fewer."""
        indices = iter(indices)
        while len(rows := np.fromiter(islice(indices, size), np.intp)):
            yield self.take(rows)

    def elements(self, indices: Iterable[int]) -> Iterator[Any]:
        """The rows as elements."""
        for block in self.batches(indices, BLOCK):
            yield from assemble(self.structure, [map(Tensor, rows_of(array)) for array in block])


def rows_of(array: np.ndarray) -> Iterable[np.ndarray]:
    """The array's rows as arrays; a vector's are of shape ()."""
    return array if array.ndim > 1 else [array[i, ...] for i in range(len(array))]
