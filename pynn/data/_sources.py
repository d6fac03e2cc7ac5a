"""Where elements come from: arrays, numbers, a generator."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..engine import nest
from ..engine.convert import convert_to_tensor
from ..engine.dtypes import DType, as_dtype
from ..engine.errors import InvalidArgumentError
from ..engine.spec import TensorSpec
from ..engine.tensor import Tensor
from ..ops import random
from ._elements import Table
from ._node import INFINITE, UNKNOWN, Node
from ._spec import row, spec_of


class Slices(Node):
    """The rows of tensors that have equally many."""

    def __init__(self, tensors: Any) -> None:
        leaves = nest.flatten(tensors)
        if not leaves:
            raise ValueError("Invalid `element`. `element` should not be empty.")
        if not all(tensor.ndim for tensor in leaves):
            raise ValueError("Unbatching a tensor is only supported for rank >= 1")
        for tensor in leaves:
            if len(tensor) != len(leaves[0]):
                raise ValueError(f"Dimensions {len(leaves[0])} and {len(tensor)} are not compatible")
        self.tensors = tensors
        self._table = Table(tensors, [tensor._array for tensor in leaves])

    def cut(self, rows: int) -> Any:
        """The first rows of the tensors."""
        return nest.map_structure(lambda tensor: Tensor(tensor._array[:rows]), self.tensors)

    def elements(self) -> Iterator[Any]:
        return self._table.elements(self.indices())

    def table(self) -> Table:
        return self._table

    def indices(self) -> Iterator[int]:
        return iter(range(self._table.rows))

    def count(self) -> int:
        return self._table.rows

    @property
    def spec(self) -> Any:
        return row(spec_of(self.tensors))


class Single(Node):
    """One element."""

    def __init__(self, element: Any) -> None:
        if not nest.flatten(element):
            raise ValueError("Invalid `element`. `element` should not be empty.")
        self.element = element

    def elements(self) -> Iterator[Any]:
        return iter((self.element,))

    def count(self) -> int:
        return 1

    @property
    def spec(self) -> Any:
        return spec_of(self.element)


class Range(Node):
    """The numbers of a Python range."""

    def __init__(self, numbers: range, dtype: DType) -> None:
        self.numbers, self.dtype = numbers, dtype

    def elements(self) -> Iterator[Any]:
        dtype = self.dtype.dtype
        return (Tensor(np.array(number, dtype)) for number in self.numbers)

    def count(self) -> int:
        return len(self.numbers)

    @property
    def spec(self) -> Any:
        return TensorSpec((), self.dtype)


class Counter(Node):
    """start, start + step, ... without end."""

    def __init__(self, start: Any, step: Any, dtype: DType) -> None:
        self.start, self.step, self.dtype = start, step, dtype

    def elements(self) -> Iterator[Any]:
        dtype = self.dtype.dtype
        return (Tensor(np.array(number, dtype)) for number in itertools.count(self.start, self.step))

    def count(self) -> int:
        return INFINITE

    @property
    def spec(self) -> Any:
        return TensorSpec((), self.dtype)


class Random(Node):
    """Numbers of 32 bits without end; each pass has others where there is no seed, or with `again`."""

    def __init__(self, seed: int | None, again: bool | None) -> None:
        self.seed = int(random.generator().integers(2**63)) if seed is None else seed % 2**64
        again = seed is None if again is None else again
        self.passes = itertools.count() if again else itertools.repeat(0)

    def elements(self) -> Iterator[Any]:
        rng = np.random.default_rng((self.seed, next(self.passes)))
        return (Tensor(np.array(rng.integers(2**32))) for _ in itertools.repeat(None))

    def count(self) -> int:
        return INFINITE

    @property
    def spec(self) -> Any:
        return TensorSpec((), np.int64)


class Generator(Node):
    """What a generator function yields, converted to the specification's dtypes and checked against it."""

    def __init__(self, function: Callable[..., Iterable[Any]], args: Sequence[Any], spec: Any) -> None:
        self.function, self._spec = function, spec
        self.args = tuple(convert_to_tensor(argument).numpy() for argument in args)

    def elements(self) -> Iterator[Any]:
        for value in self.function(*self.args):
            try:
                element = _fitted(self._spec, value)
            except _Mismatch:
                types = nest.map_structure(lambda spec: spec.dtype, self._spec)
                raise InvalidArgumentError(
                    "`generator` yielded an element that did not match the expected structure. "
                    f"The expected structure was {types}, but the yielded element was {value}."
                ) from None
            yield element

    def count(self) -> int:
        return UNKNOWN

    @property
    def spec(self) -> Any:
        return self._spec


class _Mismatch(Exception):
    """A nest of another form than the specification's."""


def _fitted(spec: Any, value: Any) -> Any:
    if isinstance(spec, dict):
        if not isinstance(value, dict) or set(value) != set(spec):
            raise _Mismatch
        return {key: _fitted(item, value[key]) for key, item in spec.items()}
    if isinstance(spec, tuple):
        if not isinstance(value, tuple) or len(value) != len(spec):
            raise _Mismatch
        items = [_fitted(part, item) for part, item in zip(spec, value, strict=True)]
        return type(spec)(*items) if hasattr(spec, "_fields") else tuple(items)
    if isinstance(value, dict):
        raise _Mismatch
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


def signature(types: Any, shapes: Any, specs: Any) -> Any:
    """The specification that from_generator's output_types and output_shapes, or its output_signature, describe."""
    if specs is not None:
        if types is not None or shapes is not None:
            name = "output_types" if types is not None else "output_shapes"
            raise TypeError(f"The `{name}` argument can not be used together with the `output_signature` argument.")
        return _copied(specs)
    if types is None:
        raise TypeError(
            "To specify the output signature you need to provide either the `output_signature` argument "
            "or the `output_types` argument."
        )
    return _described(types, shapes)


def _copied(specs: Any) -> Any:
    if isinstance(specs, dict):
        return {key: _copied(item) for key, item in specs.items()}
    if isinstance(specs, (tuple, list)):
        items = [_copied(item) for item in specs]
        return type(specs)(*items) if hasattr(specs, "_fields") else tuple(items)
    if not hasattr(specs, "shape") or not hasattr(specs, "dtype"):
        raise TypeError(f"`output_signature` must contain tf.TensorSpec objects, but found {type(specs)}")
    return TensorSpec(specs.shape, specs.dtype)


def _described(types: Any, shapes: Any) -> Any:
    """The structure is that of the types; shapes are tuples too."""
    if isinstance(types, dict):
        return {key: _described(item, None if shapes is None else shapes[key]) for key, item in types.items()}
    if isinstance(types, (tuple, list)):
        parts = [None] * len(types) if shapes is None else shapes
        return tuple(_described(item, part) for item, part in zip(types, parts, strict=True))
    return TensorSpec(shapes, as_dtype(types))
