"""Transformations between elements and batches of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..engine import nest
from ..engine.convert import as_array, to_shape
from ..engine.errors import InvalidArgumentError
from ..engine.spec import TensorSpec
from ..engine.tensor import Tensor
from .elements import stack, unstack
from .node import UNKNOWN, Node, Start, groups, positive
from .specs import batched, row


def batch(source: Node, batch_size: int, drop_remainder: bool) -> Node:
    size = positive(batch_size, "Batch size")

    def make(start: Start) -> Iterator[Any]:
        if rows := source.rows():
            for arrays in rows.batches(size, drop_remainder):
                yield nest.pack_sequence_as(rows.structure, map(Tensor, arrays))
        else:
            for group in groups(start(), size, drop_remainder):
                yield nest.pack_sequence_as(group[0], map(Tensor, stack(group)))

    node = _batches(source, make, size, drop_remainder)
    node.batch_size = size
    return node


def _batches(
    source: Node, make: Callable[[Start], Iterator[Any]], size: int, drop_remainder: bool, element: Any = None
) -> Node:
    """element: the specification of one row, if that is not the source's."""
    return source.derive(
        make,
        lambda n: n if n < 0 else n // size if drop_remainder else -(-n // size),
        lambda spec: batched(spec if element is None else element, size if drop_remainder else None),
    )


def padded_batch(source: Node, batch_size: int, padded_shapes: Any, padding_values: Any, drop_remainder: bool) -> Node:
    size, element = positive(batch_size, "Batch size"), source.spec()
    leaves = nest.flatten(element)
    if padded_shapes is None:
        if any(leaf.shape.rank is None for leaf in leaves):
            raise ValueError("You must provide `padded_shapes` argument because a component has unknown rank.")
        shapes: list[list[int | None]] = [[None] * len(leaf.shape) for leaf in leaves]
    else:
        shapes = list(map(_padded_shape, leaves, nest.flatten_up_to(element, padded_shapes, check_types=False)))
        element = nest.pack_sequence_as(element, map(TensorSpec, shapes, [leaf.dtype for leaf in leaves]))
    if padding_values is None or (len(leaves) > 1 and not nest.is_nested(padding_values)):
        values = [padding_values] * len(leaves)
    else:
        values = nest.flatten_up_to(element, padding_values, check_types=False)
    values = list(map(_padding_value, leaves, values))

    def make(start: Start) -> Iterator[Any]:
        for group in groups(start(), size, drop_remainder):
            columns = zip(*map(nest.flatten, group), strict=True)
            yield nest.pack_sequence_as(group[0], map(_padded, columns, shapes, values))

    return _batches(source, make, size, drop_remainder, element)


def _padded_shape(spec: TensorSpec, shape: Any) -> list[int | None]:
    """Sizes; None: that of the largest element in the batch."""
    if shape is None:
        raise ValueError("Attempt to convert a value (None) with an unsupported type (NoneType) to a shape.")
    each = shape if hasattr(shape, "__iter__") else (shape,)
    sizes = [None if n is None or n == -1 else to_shape(n)[0] for n in each]
    if spec.shape.rank is not None and (
        len(sizes) != len(spec.shape)
        or any(None not in (m, n) and m < n for m, n in zip(sizes, spec.shape, strict=True))
    ):
        raise ValueError(
            f"The padded shape {tuple(sizes)} is not compatible with the shape {spec.shape} of the corresponding "
            "input component."
        )
    return sizes


def _padding_value(spec: TensorSpec, value: Any) -> np.ndarray:
    array = np.zeros((), spec.dtype.dtype) if value is None else as_array(value)
    if array.ndim:
        raise ValueError(f"Invalid `padding_values`. `padding_values` values should be scalars, but got {array.shape}.")
    if array.dtype != spec.dtype:
        raise TypeError(
            f"Invalid `padding_values`. `padding_values` values type {array.dtype} does not match type "
            f"{spec.dtype.name} of the corresponding input component."
        )
    return array


def _padded(column: Sequence[Tensor], shape: Sequence[int | None], value: np.ndarray) -> Tensor:
    arrays = [tensor._array for tensor in column]
    if any(array.ndim != len(shape) for array in arrays):
        raise InvalidArgumentError(f"All elements in a batch must have the padded shape's rank, {len(shape)}.")
    largest = [max(sizes) for sizes in zip(*[array.shape for array in arrays], strict=True)]
    padded = [m if n is None else n for m, n in zip(largest, shape, strict=True)]
    if any(m > n for m, n in zip(largest, padded, strict=True)):
        raise InvalidArgumentError("Attempted to pad to a smaller size than the input element.")
    out = np.full((len(arrays), *padded), value)
    for number, array in enumerate(arrays):
        out[number, ...][tuple(map(slice, array.shape))] = array
    return Tensor(out)


def rebatch(source: Node, batch_size: int | Sequence[int], drop_remainder: bool) -> Node:
    """The rows of batches as batches of other sizes, which are taken in turn."""
    sizes = [positive(n, "Batch size") for n in to_shape(batch_size)]
    spec = row(source.spec())

    def make(start: Start) -> Iterator[Any]:
        parts: list[list[np.ndarray]] = []  # rows that no batch has yet
        rows, turns = 0, itertools.cycle(sizes)
        size, element = next(turns), None
        for element in start():
            parts.append([tensor._array for tensor in nest.flatten(element)])
            rows += len(parts[-1][0])
            if rows < size:
                continue
            arrays = _joined(parts)
            while rows >= size:
                yield nest.pack_sequence_as(element, [Tensor(array[:size]) for array in arrays])
                arrays = [array[size:] for array in arrays]
                rows, size = rows - size, next(turns)
            parts = [arrays]
        if rows and not drop_remainder:
            yield nest.pack_sequence_as(element, map(Tensor, _joined(parts)))

    known = sizes[0] if drop_remainder and len(sizes) == 1 else None
    return source.derive(make, lambda _: UNKNOWN, lambda _: batched(spec, known))


def _joined(parts: list[list[np.ndarray]]) -> list[np.ndarray]:
    return parts[0] if len(parts) == 1 else [np.concatenate(column) for column in zip(*parts, strict=True)]


def unbatch(source: Node) -> Node:
    """The rows of each element as elements."""

    def make(start: Start) -> Iterator[Any]:
        for element in start():
            arrays = [tensor._array for tensor in nest.flatten(element)]
            for number, array in enumerate(arrays):
                if not array.ndim:
                    raise ValueError("Cannot unbatch an input with scalar components.")
                if len(array) != len(arrays[0]):
                    raise InvalidArgumentError(
                        f"Input element must have the same batch size in each component. Component 0 had size "
                        f"{len(arrays[0])} but component {number} had size {len(array)}."
                    )
            yield from unstack(element, arrays)

    def count(n: int) -> int:
        size = {leaf.shape[0] if leaf.shape.rank else None for leaf in nest.flatten(source.spec())}.pop()
        return UNKNOWN if size is None else n if n < 0 else n * size

    return source.derive(make, count, row)
