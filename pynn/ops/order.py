"""Operations on the order of elements: sorting, the largest, which are different."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._neutral import neutral
from ..convert import as_array, operand, to_axis
from ..dtypes import InvalidArgumentError, as_dtype
from ..tensor import Tensor
from .move import pick


class TopKV2(NamedTuple):
    """The result of `top_k`."""

    values: Tensor
    indices: Tensor


class Unique(NamedTuple):
    """The result of `unique`: the different elements, and where each element of x stands among them."""

    y: Tensor
    idx: Tensor


class UniqueWithCounts(NamedTuple):
    """The result of `unique_with_counts`: as `Unique`, and how often each came."""

    y: Tensor
    idx: Tensor
    count: Tensor  # type: ignore[assignment]  # TensorFlow's name, which a tuple has too


def _order(a: np.ndarray, axis: int, direction: str) -> np.ndarray:
    """The places of the elements in order along the axis; equal ones as they stood."""
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"direction is 'ASCENDING' or 'DESCENDING', got {direction!r}")
    axis = to_axis(axis, a.ndim)
    if direction == "ASCENDING":
        return np.argsort(a, axis, kind="stable")
    return a.shape[axis] - 1 - np.flip(np.argsort(np.flip(a, axis), axis, kind="stable"), axis)


def argsort(values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False) -> Tensor:
    """The places of the elements in order along the axis, int32; equal ones as they stood, `stable` or not."""
    return Tensor(_order(operand(values)._array, axis, direction).astype(np.int32))


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING") -> Tensor:
    """The elements in order along the axis."""
    x = operand(values)
    order = _order(x._array, axis, direction)
    return pick(x, lambda a: np.take_along_axis(a, order, axis))


@neutral(index_type=np.int32)
def top_k(input: Any, k: int = 1, sorted: bool = True) -> TopKV2:
    """The k largest along the last axis, largest first (`sorted` or not), and their int32 places."""
    x, k = operand(input), int(k)
    if not x._array.ndim or x._array.shape[-1] < k:
        raise InvalidArgumentError(f"input must have at least k columns, got shape {x.shape} and k {k}")
    order = _order(x._array, -1, "DESCENDING")[..., :k]
    return TopKV2(pick(x, lambda a: np.take_along_axis(a, order, -1)), Tensor(order.astype(np.int32)))


def in_top_k(targets: Any, predictions: Any, k: int) -> Tensor:
    """Whether fewer than k of a row's predictions (m, n) are above the target's (m,); never for a NaN or infinity."""
    classes, scores = as_array(targets), operand(predictions)._array
    known = (classes >= 0) & (classes < scores.shape[-1])
    own = np.take_along_axis(scores, np.where(known, classes, 0)[:, None], -1)
    return Tensor(known & np.isfinite(own[:, 0]) & ((scores > own).sum(-1) < k))


def unique_with_counts(x: Any, out_idx: Any = np.int32) -> UniqueWithCounts:
    """The different elements of a vector in the order in which they first come, where they are, how often."""
    a, target = operand(x)._array, as_dtype(out_idx).dtype
    if a.ndim != 1:
        raise InvalidArgumentError(f"unique expects a 1D vector, got shape {a.shape}")
    values, first, places, counts = np.unique(a, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)
    rank = np.argsort(order)
    return UniqueWithCounts(*map(Tensor, (values[order], rank[places].astype(target), counts[order].astype(target))))


def unique(x: Any, out_idx: Any = np.int32) -> Unique:
    """The different elements of a vector in the order in which they first come, and where each one is."""
    return Unique(*unique_with_counts(x, out_idx)[:2])


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left", out_type: Any = np.int32) -> Tensor:
    """Where values would go into a sorted vector: before equal ones, or after them (side "right")."""
    places = np.searchsorted(operand(sorted_sequence)._array, operand(values)._array, side)  # type: ignore[call-overload]
    return Tensor(np.asarray(places, as_dtype(out_type).dtype))
