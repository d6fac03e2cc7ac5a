"""Elements by their indices, and tensors from elements and indices, each with its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine import budget
from ..engine.call import run
from ..engine.convert import as_array, numpy_key, operand, pair, to_axis, to_shape
from ..engine.errors import InvalidArgumentError
from ..engine.tape import record
from ..engine.tensor import Operators, Tensor
from ..engine.typing import Shape, TensorLike
from .forms import pick


def getitem(x: TensorLike, key: Any) -> Tensor:
    """x[key] for ints, slices, `...`, None and int scalars, or one bool mask. A list is a tuple."""
    x = operand(x)
    if isinstance(key, (Operators, np.ndarray)) and as_array(key).dtype == bool:
        return boolean_mask(x, key)
    return _take(x, numpy_key(key))


def _take(x: Tensor, key: tuple[Any, ...]) -> Tensor:
    """x[key], by NumPy's rules."""
    value = run(x._array.__getitem__, key)
    return record(value, (x,), lambda g: (lambda: scatter(g, key, x._array.shape),))


def scatter(g: Tensor, key: tuple[Any, ...], shape: tuple[int, ...]) -> Tensor:
    """Zeros of `shape` with g added at [key]: the gradient of taking [key]."""
    value = np.zeros(shape, g._array.dtype)
    if any(isinstance(part, np.ndarray) for part in key):
        run(np.add.at, value, key, g._array)  # an index may come twice
    else:
        run(value.__setitem__, key, g._array)
    return record(value, (g,), lambda h: (lambda: _take(h, key),))


def _indices(indices: TensorLike) -> np.ndarray:
    rows = as_array(indices)
    if rows.dtype.kind not in "iu":
        raise InvalidArgumentError(f"Indices are integers, got {rows.dtype}")
    if rows.size and rows.min() < 0:
        raise InvalidArgumentError(f"Indices count from 0, got {rows.min()}")
    return rows


def _batch(rows: np.ndarray, batch: int) -> tuple[np.ndarray, ...]:
    """Indices of the first `batch` axes that broadcast against `rows`."""
    return tuple(np.arange(rows.shape[i]).reshape((-1,) + (1,) * (rows.ndim - i - 1)) for i in range(batch))


def _key(indices: TensorLike, batch: int = 0) -> tuple[np.ndarray, ...]:
    """Rows of indices (..., k) as NumPy's index of k axes."""
    rows = _indices(indices)
    points = tuple(np.moveaxis(rows, -1, 0))
    return (*_batch(rows[..., 0], batch), *points) if batch else points


def gather(params: TensorLike, indices: TensorLike, *, axis: int | None = None, batch_dims: int = 0) -> Tensor:
    """The slices of params at `indices` (any shape of ints) along axis, by default the first after the batch.

    The first `batch_dims` axes of both go together: row i of the indices looks into row i of params.
    """
    params, rows = operand(params), _indices(indices)
    axis = to_axis(batch_dims if axis is None else axis, params._array.ndim)
    if not batch_dims:
        budget.allow((rows.size, *params._array.shape[:axis], *params._array.shape[axis + 1 :]))
        return _take(params, (slice(None),) * axis + (rows,))
    batch = batch_dims if batch_dims >= 0 else batch_dims + rows.ndim
    key, inner = (*_batch(rows, batch), rows), rows.ndim - batch

    def move(a: np.ndarray) -> np.ndarray:
        taken = np.moveaxis(a, axis, batch)[key]  # batch, indices, the axes from batch to axis, the rest
        return np.moveaxis(taken, range(batch, batch + inner), range(axis, axis + inner))

    found: Tensor = run(pick, params, move)
    return found


def gather_nd(params: TensorLike, indices: TensorLike, batch_dims: int = 0) -> Tensor:
    """The elements, or slices, of params at the points in the last axis of indices (..., k)."""
    return _take(operand(params), _key(indices, batch_dims))


def boolean_mask(tensor: TensorLike, mask: TensorLike, axis: int | None = None) -> Tensor:
    """The elements, or slices, where mask is true; its axes are those of x from `axis` on."""
    x, chosen = operand(tensor), as_array(mask)
    if not chosen.ndim:
        raise ValueError("mask cannot be scalar.")
    before = 0 if axis is None else to_axis(axis, x._array.ndim)
    return _take(x, (slice(None),) * before + (chosen.astype(bool),))


def slice_(input_: TensorLike, begin: Any, size: Any) -> Tensor:
    """size[i] elements from begin[i] on along each axis i; -1: all that remain."""
    x, parts = operand(input_), []
    for start, count, n in zip(to_shape(begin), to_shape(size), x._array.shape, strict=True):
        stop = n if count == -1 else start + count
        if not 0 <= start <= stop <= n:
            raise InvalidArgumentError(f"{count} elements from {start} on do not lie in an axis of size {n}")
        parts.append(slice(start, stop))
    return _take(x, tuple(parts))


def scatter_nd(indices: TensorLike, updates: TensorLike, shape: Shape) -> Tensor:
    """Zeros of `shape` with the updates added at the points in the last axis of indices (..., k)."""
    return scatter(operand(updates), _key(indices), to_shape(shape))


def tensor_scatter_nd_update(tensor: TensorLike, indices: TensorLike, updates: TensorLike) -> Tensor:
    """x with the updates in place of its elements, or slices, at the points in the last axis of indices."""
    (x, updates), key = pair(tensor, updates), _key(indices)
    value = x._array.copy()
    run(value.__setitem__, key, updates._array)
    none = np.zeros_like(updates._array)
    return record(
        value, (x, updates), lambda g: (lambda: tensor_scatter_nd_update(g, indices, none), lambda: _take(g, key))
    )


def tensor_scatter_nd_add(tensor: TensorLike, indices: TensorLike, updates: TensorLike) -> Tensor:
    """x with the updates added at the points in the last axis of indices; a point may come twice."""
    x, updates = pair(tensor, updates)
    return x + scatter_nd(indices, updates, x._array.shape)


def tensor_scatter_nd_sub(tensor: TensorLike, indices: TensorLike, updates: TensorLike) -> Tensor:
    """x with the updates subtracted at the points in the last axis of indices; a point may come twice."""
    x, updates = pair(tensor, updates)
    return x - scatter_nd(indices, updates, x._array.shape)
