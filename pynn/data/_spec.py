"""Specifications of elements: nests of tf.TensorSpec."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import nest
from ..shapes import TensorShape
from ..spec import TensorSpec
from ..tensor import Tensor


def spec_of(element: Any) -> Any:
    """The specification that fits this element exactly."""
    return nest.map_structure(TensorSpec.from_tensor, element)


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
    return nest.map_structure(lambda a, b: TensorSpec(_common(a.shape, b.shape), a.dtype), first, second)


def _common(first: TensorShape, second: TensorShape) -> TensorShape:
    if first.rank is None or first.rank != second.rank:
        return TensorShape(None)
    return TensorShape([m if m == n else None for m, n in zip(first, second, strict=True)])


def through(function: Callable[[Any], Any], spec: Any) -> Any:
    """The specification of function(element), from its results for zeros; every shape's rank is known.

    Two elements that differ in the unknown sizes tell which sizes of the result depend on them.
    """
    known = all(leaf.shape.is_fully_defined() for leaf in nest.flatten(spec))
    two = spec_of(function(nest.map_structure(lambda s: _zeros(s, 2), spec)))
    return two if known else merged(two, spec_of(function(nest.map_structure(lambda s: _zeros(s, 3), spec))))


def _zeros(spec: TensorSpec, unknown: int) -> Tensor:
    return Tensor(np.zeros([unknown if size is None else size for size in spec.shape], spec.dtype.dtype))
