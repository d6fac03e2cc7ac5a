"""Counts of whole numbers: how often each, and each pair, comes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.convert import operand
from ..engine.dtypes import InvalidArgumentError, as_dtype
from ..engine.tensor import Tensor
from .arithmetic import broadcast_to, cast
from .index import boolean_mask, scatter_nd
from .layout import reshape


def bincount(
    arr: Any, weights: Any = None, minlength: int | None = None, maxlength: int | None = None, dtype: Any = np.int32
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
    labels: Any, predictions: Any, num_classes: int | None = None, weights: Any = None, dtype: Any = np.int32
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


def _classes(labels: np.ndarray) -> int:
    """The largest label + 1; 0 where there is none."""
    return int(labels.max()) + 1 if labels.size else 0
