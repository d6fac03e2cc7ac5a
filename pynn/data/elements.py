"""Elements of a dataset, which are nests (tuples and dicts inside each other) of Tensors: made, stacked, unstacked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..engine import nest
from ..engine.convert import convert_to_tensor
from ..engine.errors import InvalidArgumentError
from ..engine.tape import active, unrecorded
from ..engine.tensor import Tensor
from ..engine.typing import TensorLike


def as_element(value: TensorLike) -> Any:
    """The nest with its leaves as Tensors; Datasets stay. A list is a leaf: it becomes one Tensor."""
    if type(value) is Tensor or is_flat(value) or hasattr(value, "element_spec"):
        return value
    if isinstance(value, (dict, tuple)):
        return nest.map_items(as_element, value)
    if value is None:
        raise InvalidArgumentError(
            "An element of a dataset cannot be, or contain, None (does the function return its result?)"
        )
    return convert_to_tensor(value)


def is_flat(value: TensorLike) -> bool:
    """Whether value is a plain tuple of Tensors: the common case, for which the functions below take a shorter way."""
    if type(value) is not tuple:
        return False
    for item in value:  # noqa: SIM110  a generator in all() would take three times as long
        if type(item) is not Tensor:
            return False
    return True


def call(function: Callable[..., Any], element: Any) -> Any:
    """function(*element) for a tuple, else function(element); the consumer's tapes record nothing of it."""
    if active.tapes:
        with unrecorded():
            return call(function, element)
    return function(*element) if type(element) is tuple else function(element)


def mapped(function: Callable[..., Any], element: Any) -> Any:
    """The function's result as an element; a list is taken for a tuple."""
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


def unstack(structure: Any, arrays: Sequence[np.ndarray]) -> Iterator[Any]:
    """The rows of the leaves' arrays (n, ...) as n elements of this structure."""
    rows = [array if array.ndim > 1 else [array[i, ...] for i in range(len(array))] for array in arrays]
    if type(structure) is Tensor:
        return map(Tensor, rows[0])
    leaves = zip(*[map(Tensor, column) for column in rows], strict=True)
    return leaves if is_flat(structure) else (nest.pack_sequence_as(structure, each) for each in leaves)


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
    return [_stacked(column, number) for number, column in enumerate(columns)]


def _stacked(column: Sequence[Tensor], component: int) -> np.ndarray:
    if type(column[0]) is not Tensor:
        raise TypeError("Datasets, such as those of `window`, cannot be batched: flat_map makes elements of them")
    arrays = [tensor._array for tensor in column]
    dtypes, shape = {array.dtype for array in arrays}, arrays[0].shape
    if len(dtypes) > 1:
        found = ", ".join(sorted(map(str, dtypes)))
        raise TypeError(f"Cannot batch tensors with different dtypes in component {component}: {found}")
    for number, array in enumerate(arrays):
        if array.shape != shape:
            raise InvalidArgumentError(
                f"Cannot batch tensors with different shapes in component {component}. First element had shape "
                f"{list(shape)} and element {number} had shape {list(array.shape)}."
            )
    return np.array(arrays)  # np.stack takes twice as long for rows, ten times for scalars
