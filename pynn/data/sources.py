"""Sources of elements: arrays, numbers, a generator."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from operator import index
from typing import Any

import numpy as np

from ..engine import nest
from ..engine.convert import as_array, convert_to_tensor
from ..engine.dtypes import DType, as_dtype
from ..engine.errors import InvalidArgumentError
from ..engine.spec import TensorSpec
from ..engine.tensor import Tensor
from ..engine.typing import DTypeLike, TensorLike
from .elements import as_element
from .node import INFINITE, UNKNOWN, Node, Rows
from .selections import Generators
from .specs import row, spec_of


def from_tensor_slices(tensors: TensorLike) -> Node:
    """The rows of a nest of tensors (n, ...)."""
    tensors = as_element(tensors)
    leaves = nest.flatten(tensors)
    if not leaves:
        raise ValueError("Invalid `element`. `element` should not be empty.")
    for tensor in leaves:
        if not tensor.ndim:
            raise ValueError("Unbatching a tensor is only supported for rank >= 1")
        if len(tensor) != len(leaves[0]):
            raise ValueError(f"Dimensions {len(leaves[0])} and {len(tensor)} are not compatible")
    rows = Rows(tensors, [np.ascontiguousarray(tensor._array) for tensor in leaves])
    return Node(rows.elements, lambda: len(leaves[0]), lambda: row(spec_of(tensors)), lambda: rows)


def from_tensors(tensors: TensorLike) -> Node:
    element = as_element(tensors)
    if not nest.flatten(element):
        raise ValueError("Invalid `element`. `element` should not be empty.")
    return listed([element], spec_of(element))


def listed(elements: Sequence[Any], spec: Any) -> Node:
    """A node of elements that exist already."""
    return Node(lambda: iter(elements), lambda: len(elements), lambda: spec)


def _numbers(start: Callable[[], Iterable[Any]], count: int, dtype: DType) -> Node:
    """A node of the numbers in start(), as scalars."""
    kind = dtype.dtype
    return Node(lambda: (Tensor(np.array(n, kind)) for n in start()), lambda: count, lambda: TensorSpec((), dtype))


def range_(start: int, stop: int | None, step: int, output_type: DTypeLike) -> Node:
    first, last, delta = (0, start, step) if stop is None else (start, stop, step)
    if not index(delta):
        raise InvalidArgumentError("step must be a non-zero integer.")
    numbers = range(index(first), index(last), index(delta))
    return _numbers(lambda: numbers, len(numbers), as_dtype(output_type))


def counter(start: TensorLike, step: TensorLike, dtype: DTypeLike) -> Node:
    kind = as_dtype(dtype)
    first, delta = as_array(start, kind).item(), as_array(step, kind).item()
    return _numbers(lambda: itertools.count(first, delta), INFINITE, kind)


def random(generator: Generators) -> Node:
    return _numbers(lambda: iter(partial(generator().integers, 2**32), None), INFINITE, as_dtype(np.int64))


def from_generator(generator: Callable[..., Iterable[Any]], types: Any, shapes: Any, args: Any, signature: Any) -> Node:
    """What generator(*args) yields, converted to the specification's dtypes; its structure and shapes are checked."""
    if not callable(generator):
        raise TypeError("`generator` must be a Python callable.")
    spec = _specification(types, shapes, signature)
    arguments = [convert_to_tensor(argument).numpy() for argument in args or ()]

    def elements() -> Iterator[Any]:
        for value in generator(*arguments):
            yield _fitted(spec, value)

    return Node(elements, lambda: UNKNOWN, lambda: spec)


def _specification(types: Any, shapes: Any, signature: Any) -> Any:
    if signature is not None:
        if types is not None or shapes is not None:
            name = "output_types" if types is not None else "output_shapes"
            raise TypeError(f"The `{name}` argument can not be used together with the `output_signature` argument.")
        return nest.map_structure(_as_spec, tuples(signature))
    if types is None:
        raise TypeError(
            "To specify the output signature you need to provide either the `output_signature` argument "
            "or the `output_types` argument."
        )
    types = tuples(types)
    leaves = nest.flatten(types)
    parts = [None] * len(leaves) if shapes is None else nest.flatten_up_to(types, shapes, check_types=False)
    return nest.pack_sequence_as(types, map(TensorSpec, parts, leaves))


def tuples(structure: Any) -> Any:
    """The structure with tuples in place of lists."""
    if not nest.is_nested(structure):
        return structure
    return nest.map_items(tuples, tuple(structure) if isinstance(structure, list) else structure)


def _as_spec(leaf: Any) -> TensorSpec:
    if not hasattr(leaf, "shape") or not hasattr(leaf, "dtype"):
        raise TypeError(f"`output_signature` must contain tf.TensorSpec objects, but found {type(leaf)}")
    return TensorSpec(leaf.shape, leaf.dtype)


def _fitted(spec: Any, value: Any) -> Any:
    try:
        parts = nest.flatten_up_to(spec, value)
        if any(isinstance(part, dict) for part in parts):
            raise TypeError("a dict is no leaf")
    except (TypeError, ValueError):
        types = nest.map_structure(lambda leaf: leaf.dtype, spec)
        raise InvalidArgumentError(
            "`generator` yielded an element that did not match the expected structure. "
            f"The expected structure was {types}, but the yielded element was {value}."
        ) from None
    return nest.pack_sequence_as(spec, map(_tensor, nest.flatten(spec), parts))


def _tensor(spec: TensorSpec, value: Any) -> Tensor:
    try:
        array = np.array(value, spec.dtype.dtype)
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(
            f"`generator` yielded an element that could not be converted to the expected type. "
            f"The expected type was {spec.dtype.name}, but the yielded element was {value!r}: {error}"
        ) from None
    if not spec.shape.is_compatible_with(array.shape):
        raise InvalidArgumentError(
            f"`generator` yielded an element of shape {array.shape} where one of shape {spec.shape} was expected."
        )
    return Tensor(array)
