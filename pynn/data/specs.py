"""Specifications of elements: nests of tf.TensorSpec."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..engine import nest
from ..engine.shapes import TensorShape
from ..engine.spec import TensorSpec
from ..engine.tensor import Tensor


@dataclass(frozen=True, repr=False)
class DatasetSpec:
    """The specification of a dataset that is itself an element, as a window is.

    element_spec: nest of tf.TensorSpec
    """

    element_spec: Any

    def __hash__(self) -> int:
        return hash(tuple(nest.flatten(self.element_spec)))

    def __repr__(self) -> str:
        return f"DatasetSpec({self.element_spec!r}, TensorShape([]))"


def spec_of(element: Any) -> Any:
    """The specification that fits this element exactly."""
    return nest.map_structure(
        lambda leaf: TensorSpec.from_tensor(leaf) if type(leaf) is Tensor else DatasetSpec(leaf.element_spec), element
    )


def batched(spec: Any, size: int | None) -> Any:
    """The specification with an axis of this size in front."""
    return nest.map_structure(lambda leaf: TensorSpec(TensorShape((size,)) + leaf.shape, leaf.dtype), spec)


def row(spec: Any) -> Any:
    """The specification without the first axis. ValueError: a scalar has none."""
    if any(leaf.shape.rank == 0 for leaf in nest.flatten(spec)):
        raise ValueError("Cannot unbatch an input with scalar components.")
    return nest.map_structure(lambda leaf: TensorSpec(leaf.shape[1:] if leaf.shape.rank else None, leaf.dtype), spec)


def merged(first: Any, second: Any) -> Any:
    """The specification that fits the elements of both: sizes in which they differ are None."""
    return nest.map_structure(_merged, first, second)


def _merged(a: Any, b: Any) -> Any:
    if isinstance(a, DatasetSpec):
        return DatasetSpec(merged(a.element_spec, b.element_spec))
    if a.shape.rank is None or a.shape.rank != b.shape.rank:
        return TensorSpec(None, a.dtype)
    return TensorSpec([m if m == n else None for m, n in zip(a.shape, b.shape, strict=True)], a.dtype)


def result_spec(function: Callable[[Any], Any], spec: Any) -> Any:
    """The specification of function(element), from its results for zeros and for ones; every shape's rank is known.

    The two differ in the unknown sizes as well: sizes of the result that depend on these, or on values, are not known.
    """
    zeros, ones = (
        nest.map_structure(
            lambda leaf, size=size, value=value: Tensor(
                np.full([size if n is None else n for n in leaf.shape], value, leaf.dtype.dtype)
            ),
            spec,
        )
        for size, value in ((2, 0), (3, 1))
    )
    return merged(spec_of(function(zeros)), spec_of(function(ones)))
