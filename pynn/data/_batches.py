"""Transformations between elements and batches of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import Any

import numpy as np

from ..engine import nest
from ..engine.convert import as_array, to_shape
from ..engine.errors import InvalidArgumentError
from ..engine.spec import TensorSpec
from ..engine.tensor import Tensor
from ._elements import assemble, rows_of, stack
from ._node import UNKNOWN, Derived, Node
from ._spec import batched, row


class Batch(Derived):
    """Several elements as one, along a new first axis."""

    def __init__(self, source: Node, size: int, drop_remainder: bool) -> None:
        super().__init__(source)
        self.size, self.drop_remainder = size, drop_remainder

    def elements(self) -> Iterator[Any]:
        table = self.source.table()
        if table is not None:
            return self._packed(table.structure, table.batches(self.source.indices(), self.size))
        return self._stacked(self.source.elements())

    def _packed(self, structure: Any, batches: Iterator[list[np.ndarray]]) -> Iterator[Any]:
        for arrays in batches:
            if len(arrays[0]) == self.size or not self.drop_remainder:
                yield nest.pack_sequence_as(structure, map(Tensor, arrays))

    def _stacked(self, elements: Iterator[Any]) -> Iterator[Any]:
        while group := list(islice(elements, self.size)):
            yield from self._packed(group[0], iter((stack(group),)))

    def count(self) -> int:
        n = self.source.count()
        return n if n < 0 else n // self.size if self.drop_remainder else -(-n // self.size)

    @property
    def spec(self) -> Any:
        return batched(self.source.spec, self.size if self.drop_remainder else None)


class PaddedBatch(Batch):
    """Several elements of different sizes as one, filled up at the ends of their axes."""

    def __init__(self, source: Node, size: int, shapes: Any, values: Any, drop_remainder: bool) -> None:
        super().__init__(source, size, drop_remainder)
        self.element, self.given = source.spec, shapes is not None
        leaves = nest.flatten(self.element)
        if shapes is None:
            if any(leaf.shape.rank is None for leaf in leaves):
                raise ValueError("You must provide `padded_shapes` argument because a component has unknown rank.")
            self.shapes: list[list[int | None]] = [[None] * len(leaf.shape) for leaf in leaves]
        else:
            self.shapes = list(map(_padded_shape, leaves, _aligned(self.element, shapes)))
        same = values is None or (len(leaves) > 1 and not nest.is_nested(values))
        self.values = list(map(_padding, leaves, [values] * len(leaves) if same else _aligned(self.element, values)))

    def elements(self) -> Iterator[Any]:
        elements = self.source.elements()
        while len(group := list(islice(elements, self.size))) == self.size or (group and not self.drop_remainder):
            columns = zip(*map(nest.flatten, group), strict=True)
            yield nest.pack_sequence_as(group[0], map(_filled, columns, self.shapes, self.values))

    @property
    def spec(self) -> Any:
        element = self.element
        if self.given:
            leaves = zip(nest.flatten(element), self.shapes, strict=True)
            element = nest.pack_sequence_as(element, [TensorSpec(shape, leaf.dtype) for leaf, shape in leaves])
        return batched(element, self.size if self.drop_remainder else None)


def _aligned(spec: Any, values: Any) -> list[Any]:
    """The value that stands where each leaf of the specification does; tuples and lists may be values."""
    if not nest.is_nested(spec):
        return [values]
    if type(values) is not type(spec) and not (isinstance(spec, tuple) and isinstance(values, (tuple, list))):
        raise TypeError(f"Shapes and values for padding need the structure of the elements, {spec}, got {values!r}")
    if len(values) != len(spec):
        raise ValueError(f"The two structures don't have the same sequence length: {spec} and {values!r}")
    keys = sorted(spec) if isinstance(spec, dict) else range(len(spec))
    return [leaf for key in keys for leaf in _aligned(spec[key], values[key])]


def _padded_shape(spec: TensorSpec, shape: Any) -> list[int | None]:
    """Sizes; None: that of the largest element in the batch."""
    if shape is None:
        raise ValueError("Attempt to convert a value (None) with an unsupported type (NoneType) to a shape.")
    each = shape if hasattr(shape, "__iter__") else (shape,)
    sizes = [None if n is None or n == -1 else to_shape(n)[0] for n in each]
    known = spec.shape.rank is not None
    if known and (
        len(sizes) != len(spec.shape)
        or any(None not in (m, n) and m < n for m, n in zip(sizes, spec.shape, strict=False))
    ):
        raise ValueError(
            f"The padded shape {tuple(sizes)} is not compatible with the shape {spec.shape} of the corresponding "
            "input component."
        )
    return sizes


def _padding(spec: TensorSpec, value: Any) -> np.ndarray:
    array = np.zeros((), spec.dtype.dtype) if value is None else as_array(value)
    if array.ndim:
        raise ValueError(f"Invalid `padding_values`. `padding_values` values should be scalars, but got {array.shape}.")
    if array.dtype != spec.dtype:
        raise TypeError(
            f"Invalid `padding_values`. `padding_values` values type {array.dtype} does not match type "
            f"{spec.dtype.name} of the corresponding input component."
        )
    return array


def _filled(column: Sequence[Tensor], shape: Sequence[int | None], value: np.ndarray) -> Tensor:
    arrays = [tensor._array for tensor in column]
    if len({array.ndim for array in arrays} | {len(shape)}) > 1:
        raise InvalidArgumentError(f"All elements in a batch must have the padded shape's rank, {len(shape)}.")
    largest = [max(sizes) for sizes in zip(*[array.shape for array in arrays], strict=True)]
    wanted = [m if n is None else n for m, n in zip(largest, shape, strict=True)]
    if any(m > n for m, n in zip(largest, wanted, strict=True)):
        raise InvalidArgumentError("Attempted to pad to a smaller size than the input element.")
    out = np.full((len(arrays), *wanted), value)
    for place, array in zip(out, arrays, strict=True) if wanted else ():
        place[tuple(map(slice, array.shape))] = array
    return Tensor(out if wanted else np.array(arrays))


class Rebatch(Derived):
    """The rows of batches as batches of other sizes, which are taken in turn."""

    def __init__(self, source: Node, sizes: Sequence[int], drop_remainder: bool) -> None:
        super().__init__(source)
        self.sizes, self.drop_remainder = sizes, drop_remainder
        self.row = row(source.spec)

    def elements(self) -> Iterator[Any]:
        parts: list[list[np.ndarray]] = []  # rows that are not given out yet
        rows, sizes = 0, cycle(self.sizes)
        size, element = next(sizes), None
        for element in self.source.elements():
            parts.append([tensor._array for tensor in nest.flatten(element)])
            rows += len(parts[-1][0])
            if rows < size:
                continue
            arrays, first = _joined(parts), 0
            while rows >= size:
                yield _cut(element, arrays, slice(first, first + size))
                first, rows, size = first + size, rows - size, next(sizes)
            parts = [[array[first:] for array in arrays]]
        if rows and not self.drop_remainder:
            yield _cut(element, _joined(parts), slice(None))

    def count(self) -> int:
        return UNKNOWN

    @property
    def spec(self) -> Any:
        return batched(self.row, self.sizes[0] if self.drop_remainder and len(self.sizes) == 1 else None)


def _joined(parts: list[list[np.ndarray]]) -> list[np.ndarray]:
    return parts[0] if len(parts) == 1 else [np.concatenate(column) for column in zip(*parts, strict=True)]


def _cut(structure: Any, arrays: list[np.ndarray], rows: slice) -> Any:
    return nest.pack_sequence_as(structure, [Tensor(array[rows]) for array in arrays])


class Unbatch(Derived):
    """The rows of each element as elements."""

    def elements(self) -> Iterator[Any]:
        for element in self.source.elements():
            arrays = [tensor._array for tensor in nest.flatten(element)]
            for number, array in enumerate(arrays):
                if not array.ndim:
                    raise ValueError("Cannot unbatch an input with scalar components.")
                if len(array) != len(arrays[0]):
                    raise InvalidArgumentError(
                        f"Input element must have the same batch size in each component. Component 0 had size "
                        f"{len(arrays[0])} but component {number} had size {len(array)}."
                    )
            yield from assemble(element, [map(Tensor, rows_of(array)) for array in arrays])

    def count(self) -> int:
        n = self.source.count()
        size = {leaf.shape[0] if leaf.shape.rank else None for leaf in nest.flatten(self.source.spec)}.pop()
        return UNKNOWN if size is None else n if n < 0 else n * size

    @property
    def spec(self) -> Any:
        return row(self.source.spec)
