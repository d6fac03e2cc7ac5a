"""Sorting, the largest elements, the different ones, and counts."""

from __future__ import annotations

from collections import namedtuple
from functools import cmp_to_key
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np

from ..engine.convert import as_array, cast, operand, to_axis
from ..engine.dtypes import as_dtype
from ..engine.errors import InvalidArgumentError
from ..engine.tensor import Tensor
from ..engine.typing import DTypeLike, TensorLike
from ..support.neutral import neutral
from .arithmetic import broadcast_to
from .extremes import extreme, has_nan
from .forms import pick
from .index import boolean_mask, scatter_nd
from .layout import reshape

TopKV2 = namedtuple("TopKV2", "values indices")
Unique = namedtuple("Unique", "y idx")
UniqueWithCounts = namedtuple("UniqueWithCounts", "y idx count")


def _largest(row: list[float], k: int) -> list[int]:
    """The places of a row's k largest, largest first, as TensorFlow's loops leave them if there are NaNs.

    A NaN is neither above nor below a number, so the outcome depends on which are compared. The k largest are kept in
    a heap; a whole row of up to 16 is sorted by insertion. Of longer ones TensorFlow's answer is undefined.
    """
    if k == len(row) <= 16:
        order: list[int] = []
        for i, value in enumerate(row):
            j = 0 if order and row[order[0]] < value else i
            while j and row[order[j - 1]] < value:
                j -= 1
            order.insert(j, i)
        return order

    def rank(i: int, j: int) -> int:  # of equals, the later is the lower
        return (row[i] > row[j]) - (row[i] < row[j]) or j - i

    places: list[Any] = list(map(cmp_to_key(rank), range(len(row))))
    heap = places[: k + 1]
    heapify(heap)
    if k < len(row):
        heappop(heap)
    for other in places[k + 1 :]:
        if heap[0] < other:
            heappop(heap)  # before the push, unlike heappushpop
            heappush(heap, other)
    return [heappop(heap).obj for _ in range(k)][::-1]


def _order(a: np.ndarray, axis: int, direction: str, k: int | None = None) -> np.ndarray:
    """The places of the elements in order along the axis (of the first k); equal ones as they stood."""
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"direction is 'ASCENDING' or 'DESCENDING', got {direction!r}")
    a = a.swapaxes(to_axis(axis, a.ndim), -1)
    n = a.shape[-1]
    if direction == "ASCENDING":
        order = np.argsort(a, -1, kind="stable")[..., :k]
    else:
        order = (n - 1 - np.argsort(a[..., ::-1], -1, kind="stable")[..., ::-1])[..., :k]
    if order.size and has_nan(a):
        for i in map(tuple, np.argwhere(np.isnan(a).any(-1))):
            order[i] = _largest((a[i] if direction == "DESCENDING" else -a[i]).tolist(), order.shape[-1])
    return order.swapaxes(axis, -1)


def argsort(values: TensorLike, axis: int = -1, direction: str = "ASCENDING", stable: bool = False) -> Tensor:
    """The places of the elements in order along the axis, int32; equal ones as they stood, `stable` or not."""
    return Tensor(_order(operand(values)._array, axis, direction).astype(np.int32))


def sort(values: TensorLike, axis: int = -1, direction: str = "ASCENDING") -> Tensor:
    """The elements in order along the axis."""
    x = operand(values)
    order = _order(x._array, axis, direction)
    return pick(x, lambda a: np.take_along_axis(a, order, axis))


@neutral(index_type=np.int32)
def top_k(input: TensorLike, k: int = 1, sorted: bool = True) -> TopKV2:
    """The k largest along the last axis, largest first (`sorted` or not), and their int32 places."""
    x, k = operand(input), int(k)
    if not x._array.ndim or not 0 <= k <= x._array.shape[-1]:
        raise InvalidArgumentError(f"input must have at least k columns, got shape {x.shape} and k {k}")
    order = extreme(x._array)[..., None] if k == 1 else _order(x._array, -1, "DESCENDING", k)
    return TopKV2(pick(x, lambda a: np.take_along_axis(a, order, -1)), Tensor(order.astype(np.int32)))


def in_top_k(targets: TensorLike, predictions: TensorLike, k: int) -> Tensor:
    """Whether fewer than k of a row's predictions (m, n) are above the target's (m,); never if one is not finite."""
    classes, scores = as_array(targets), operand(predictions)._array
    finite = np.isfinite(scores)
    known = (classes >= 0) & (classes < scores.shape[-1])
    own = np.take_along_axis(scores, np.where(known, classes, 0)[:, None], -1)
    return Tensor(known & (finite.all() or finite.all(-1)) & ((scores > own).sum(-1) < k))


def unique_with_counts(x: TensorLike, out_idx: Any = np.int32) -> UniqueWithCounts:
    """y: the different elements of a vector as they first come; idx: each element's place in y; count: of each of y."""
    x, target = operand(x), as_dtype(out_idx).dtype
    a = x._array
    if a.ndim != 1:
        raise InvalidArgumentError(f"unique expects a 1D vector, got shape {a.shape}")
    _, first, places, counts = np.unique(a, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)
    rank = np.argsort(order)
    idx, count = rank[places].astype(target), counts[order].astype(target)
    return UniqueWithCounts(pick(x, lambda a: a[first[order]]), Tensor(idx), Tensor(count))


def unique(x: TensorLike, out_idx: Any = np.int32) -> Unique:
    """y: the different elements of a vector as they first come; idx: each element's place in y."""
    return Unique(*unique_with_counts(x, out_idx)[:2])


def searchsorted(
    sorted_sequence: Any, values: TensorLike, side: str = "left", out_type: DTypeLike = np.int32
) -> Tensor:
    """Where values would go into a sorted vector: before equal ones, or after them (side "right")."""
    places = np.searchsorted(operand(sorted_sequence)._array, operand(values)._array, side)  # type: ignore[call-overload]
    return Tensor(np.asarray(places, as_dtype(out_type).dtype))


def _classes(labels: np.ndarray) -> int:
    """The largest label + 1; 0 where there is none."""
    return int(labels.max()) + 1 if labels.size else 0


def bincount(
    arr: Any,
    weights: TensorLike | None = None,
    minlength: int | None = None,
    maxlength: int | None = None,
    dtype: DTypeLike = np.int32,
) -> Tensor:
    """How often (or with what weight, whose type the result then has) each number 0, 1, ... comes."""
    a = operand(arr)._array.ravel()
    if a.size and a.min() < 0:
        raise InvalidArgumentError("bincount counts numbers from 0 on")
    size = max(_classes(a), int(minlength or 0))
    size = size if maxlength is None else min(size, int(maxlength))
    w = np.ones(a.size, as_dtype(dtype).dtype) if weights is None else reshape(weights, -1)
    return scatter_nd(a[a < size][:, None], boolean_mask(w, a < size), (size,))


def confusion_matrix(
    labels: TensorLike,
    predictions: TensorLike,
    num_classes: int | None = None,
    weights: TensorLike | None = None,
    dtype: DTypeLike = np.int32,
) -> Tensor:
    """How often (or with what weight) label i was predicted as j: (num_classes, num_classes)."""
    rows, columns = operand(labels)._array.ravel(), operand(predictions)._array.ravel()
    count = max(_classes(rows), _classes(columns)) if num_classes is None else int(num_classes)
    if rows.shape != columns.shape:
        raise ValueError(f"{rows.size} labels and {columns.size} predictions")
    for name, a in (("labels", rows), ("predictions", columns)):
        if a.size and not 0 <= a.min() <= a.max() < count:
            raise InvalidArgumentError(f"`{name}` out of bound: they lie in [0, {count}), got {a.tolist()}")
    added = cast(np.ones(rows.shape, np.int32) if weights is None else reshape(weights, -1), dtype)
    return scatter_nd(np.stack([rows, columns], 1), broadcast_to(added, rows.shape), (count, count))
