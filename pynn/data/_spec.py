"""Specifications of elements: nests of tf.TensorSpec."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine import nest
from ..engine.shapes import TensorShape
from ..engine.spec import TensorSpec
from ..engine.tensor import Tensor


class DatasetSpec:
    """What a dataset that is itself an element, as a window is, says of its elements.

    element_spec: nest of tf.TensorSpec
    """

    __slots__ = ("element_spec",)

    def __init__(self, element_spec: Any) -> None:
        self.element_spec = element_spec

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DatasetSpec) and self.element_spec == other.element_spec

    def __hash__(self) -> int:
        return hash(tuple(nest.flatten(self.element_spec)))

    def __repr__(self) -> str:
        return f"DatasetSpec({self.element_spec!r}, TensorShape([]))"


def spec_of(element: Any) -> Any:
    """The specification that fits this element exactly."""
    return nest.map_structure(_leaf_spec, element)


def _leaf_spec(leaf: Any) -> Any:
    return TensorSpec.from_tensor(leaf) if type(leaf) is Tensor else DatasetSpec(leaf.element_spec)


def loose(leaf: Any, ranked: bool) -> Any:
    """The specification of a leaf, of whose shape nothing may be taken for known, or its rank alone."""
    if type(leaf) is not Tensor:
        return _leaf_spec(leaf)
    return TensorSpec([None] * leaf.ndim if ranked else None, leaf.dtype)


def batched(spec: Any, size: int | None) -> Any:
    """With an axis of this size in front."""
    return nest.map_structure(lambda s: TensorSpec(TensorShape((size,)) + s.shape, s.dtype), spec)


def row(spec: Any) -> Any:
    """Without the first axis. ValueError: a scalar has none."""
    if any(leaf.shape.rank == 0 for leaf in nest.flatten(spec)):
        raise ValueError("Cannot unbatch an input with scalar components.")
    return nest.map_structure(lambda s: TensorSpec(s.shape[1:] if s.shape.rank else None, s.dtype), spec)


def merged(first: Any, second: Any) -> Any:
    """What fits the elements of both: sizes in which they differ are not known."""
    return nest.map_structure(_merged, first, second)


def _merged(a: Any, b: Any) -> Any:
    if isinstance(a, DatasetSpec):
        return DatasetSpec(merged(a.element_spec, b.element_spec))
    return TensorSpec(_common(a.shape, b.shape), a.dtype)


def _common(first: TensorShape, second: TensorShape) -> TensorShape:
    if first.rank is None or first.rank != second.rank:
        return TensorShape(None)
    return TensorShape([m if m == n else None for m, n in zip(first, second, strict=True)])


def through(function: Callable[[Any], Any], spec: Any) -> Any:
    """The specification of function(element), from its results for zeros and for ones; every shape's rank is known.

    The two differ in the unknown sizes as well: sizes of the result that depend on these, or on values, are not known.
    """
    zeros = spec_of(function(nest.map_structure(lambda s: _filled(s, 2, 0), spec)))
    return merged(zeros, spec_of(function(nest.map_structure(lambda s: _filled(s, 3, 1), spec))))


def _filled(spec: TensorSpec, unknown: int, value: int) -> Tensor:
    return Tensor(np.full([unknown if size is None else size for size in spec.shape], value, spec.dtype.dtype))
