"""Tensors in other shapes, joined and taken apart, each operation with its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from operator import index
from typing import Any

import numpy as np

from ..engine import budget
from ..engine.call import run
from ..engine.convert import alike, convert_to_tensor, identity, operand, to_axis, to_shape
from ..engine.dtypes import as_dtype
from ..engine.errors import InvalidArgumentError
from ..engine.tape import record
from ..engine.tensor import Operators, Tensor
from ..engine.typing import DTypeLike, Shape, TensorLike
from ..support.neutral import neutral
from .index import gather, getitem


def _stable(x: TensorLike) -> Tensor:
    """x as a Tensor; a user's array is copied, since the results below are views."""
    return operand(x) if isinstance(x, Operators) else convert_to_tensor(x)


def stop_gradient(input: TensorLike) -> Tensor:
    """x as a constant: no gradient flows through it."""
    return Tensor(convert_to_tensor(input)._array)


def reshape(tensor: TensorLike, shape: Shape) -> Tensor:
    """The same elements in C order in another shape; -1 stands for one size that follows from the others."""
    x = tensor if type(tensor) is Tensor else _stable(tensor)
    value = run(x._array.reshape, to_shape(shape))
    return record(value, (x,), lambda g: (lambda: reshape(g, x._array.shape),))


@neutral(conjugate=False)
def transpose(a: TensorLike, perm: Any = None) -> Tensor:
    """Axes in the order of perm; without it, reversed."""
    x = _stable(a)
    if perm is None:
        return record(x._array.T, (x,), lambda g: (lambda: transpose(g),))
    order = to_shape(perm)
    if sorted(order) != list(range(x._array.ndim)):
        raise InvalidArgumentError(f"perm {order} is not an order of the axes of a tensor of shape {x.shape}")
    return record(x._array.transpose(order), (x,), lambda g: (lambda: transpose(g, np.argsort(order)),))


def expand_dims(input: TensorLike, axis: int) -> Tensor:
    """A new axis of size 1 before the given one; -1: after the last."""
    x = _stable(input)
    shape = list(x._array.shape)
    shape.insert(to_axis(axis, len(shape) + 1), 1)
    return reshape(x, shape)


def squeeze(input: TensorLike, axis: Any = None) -> Tensor:
    """x without its axes of size 1, or without the given ones, which must be of size 1."""
    x = _stable(input)
    return reshape(x, run(np.squeeze, x._array, None if axis is None else to_shape(axis)).shape)


def concat(values: Sequence[Any], axis: int) -> Tensor:
    """The values joined along an existing axis."""
    if isinstance(values, Operators):  # a single tensor
        return identity(values)
    tensors = alike(values)
    axis = to_axis(axis, tensors[0]._array.ndim)
    budget.allow((sum(t._array.size for t in tensors),))
    value = run(np.concatenate, [t._array for t in tensors], axis)
    return record(value, tensors, lambda g: split(g, [t._array.shape[axis] for t in tensors], axis))


@neutral(max_norm=None)
def embedding_lookup(params: TensorLike, ids: Any) -> Tensor:
    """Rows of params by number: (n, d), ids (...) -> (..., d); a list of params is one table, cut into parts."""
    return gather(concat(params, 0) if isinstance(params, list) else params, ids)


def unstack(value: TensorLike, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """The slices along an axis, without it; `num`, if given, must be their number."""
    x = operand(value)
    axis = to_axis(axis, x._array.ndim)
    before, count = (slice(None),) * axis, x._array.shape[axis]
    if num not in (None, count):
        raise InvalidArgumentError(f"An axis of size {count} does not give {num} tensors")
    return [getitem(x, (*before, i)) for i in range(count)]


@neutral(num=None)
def split(value: TensorLike, num_or_size_splits: Any, axis: int = 0) -> list[Tensor]:
    """x cut along an axis into so many equal parts, or into parts of the sizes given, of which one may be -1."""
    x = operand(value)
    axis = to_axis(axis, x._array.ndim)
    before, total = (slice(None),) * axis, x._array.shape[axis]
    if np.ndim(num_or_size_splits):
        sizes = list(to_shape(num_or_size_splits))
        if -1 in sizes:
            sizes[sizes.index(-1)] = total - sum(sizes) - 1
    else:
        sizes = [total // index(num_or_size_splits)] * index(num_or_size_splits)
    if sum(sizes) != total or min(sizes, default=0) < 0:
        raise InvalidArgumentError(f"An axis of size {total} cannot be split by {num_or_size_splits!r}")
    return [getitem(x, (*before, slice(end - n, end))) for n, end in zip(sizes, accumulate(sizes), strict=True)]


def shape(input: TensorLike, out_type: DTypeLike = np.int32) -> Tensor:
    """The sizes of the axes as an int tensor."""
    return Tensor(np.array(operand(input)._array.shape, as_dtype(out_type).dtype))


def size(input: TensorLike, out_type: DTypeLike = np.int32) -> Tensor:
    """The number of elements as an int tensor."""
    return Tensor(np.array(operand(input)._array.size, as_dtype(out_type).dtype))


def rank(input: TensorLike) -> Tensor:
    """The number of axes as an int32 tensor."""
    return Tensor(np.array(operand(input)._array.ndim, np.int32))
