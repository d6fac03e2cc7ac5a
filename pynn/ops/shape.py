"""Operations that make tensors and rearrange them, each with its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..convert import as_array, convert_to_tensor, operand, pair, to_shape
from ..dtypes import InvalidArgumentError, as_dtype
from ..tape import record
from ..tensor import Operators, Tensor


def zeros(shape: Any, dtype: Any = np.float32) -> Tensor:
    """A tensor of zeros."""
    return Tensor(np.zeros(to_shape(shape), as_dtype(dtype).dtype))


def ones(shape: Any, dtype: Any = np.float32) -> Tensor:
    """A tensor of ones."""
    return Tensor(np.ones(to_shape(shape), as_dtype(dtype).dtype))


def fill(dims: Any, value: Any) -> Tensor:
    """A tensor of this shape, each element `value`, whose type it has."""
    return Tensor(np.full(to_shape(dims), as_array(value)))


def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    """Zeros of x's shape and, by default, its type."""
    a = operand(x)._array
    return Tensor(np.zeros(a.shape, a.dtype if dtype is None else as_dtype(dtype).dtype))


def ones_like(x: Any, dtype: Any = None) -> Tensor:
    """Ones of x's shape and, by default, its type."""
    a = operand(x)._array
    return Tensor(np.ones(a.shape, a.dtype if dtype is None else as_dtype(dtype).dtype))


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None) -> Tensor:
    """start, start + delta, ... below limit; `range(limit)` counts from 0. Floats add up step by step."""
    first, last = (0, start) if limit is None else (start, limit)
    numbers = [as_array(number) for number in (first, last, delta)]
    rank = ("int32", "int64", "float32", "float64").index  # TensorFlow's order; NumPy's int32 and float32 give float64
    target = as_dtype(dtype or max((number.dtype.name for number in numbers), key=rank)).dtype
    first, last, step = (number.astype(target) for number in numbers)
    count = max(int(np.ceil((last.item() - first.item()) / step.item())), 0)
    steps = np.full(count, step)
    steps[:1] = first
    return Tensor(np.add.accumulate(steps, dtype=target))


def one_hot(indices: Any, depth: int, *, dtype: Any = np.float32) -> Tensor:
    """1 at each index along a new last axis of size depth; an index outside of it gives a row of zeros."""
    return Tensor((operand(indices)._array[..., None] == np.arange(depth)).astype(as_dtype(dtype).dtype))


def identity(x: Any) -> Tensor:
    """x as a Tensor of its own: of a Variable, the value now."""
    x = convert_to_tensor(x) if not isinstance(x, Operators) else operand(x)
    return record(x._array, (x,), lambda g: (lambda: g,))


def stop_gradient(x: Any) -> Tensor:
    """x as a constant: no gradient flows through it."""
    return Tensor(convert_to_tensor(x)._array)


def _stable(x: Any) -> Tensor:
    """An operand whose array nobody else can change: results below are views of it."""
    return operand(x) if isinstance(x, Operators) else convert_to_tensor(x)


def reshape(x: Any, shape: Any) -> Tensor:
    """The same elements in C order in another shape; -1 stands for one size that follows from the others."""
    x = _stable(x)
    try:
        value = x._array.reshape(to_shape(shape))
    except ValueError:
        raise InvalidArgumentError(
            f"Input to reshape is a tensor of shape {x.shape}, which does not fit the shape {to_shape(shape)}"
        ) from None
    return record(value, (x,), lambda g: (lambda: reshape(g, x._array.shape),))


def transpose(x: Any, perm: Any = None) -> Tensor:
    """Axes in the order of perm; without it, reversed."""
    x = _stable(x)
    if perm is None:
        return record(x._array.T, (x,), lambda g: (lambda: transpose(g),))
    order = to_shape(perm)
    return record(x._array.transpose(order), (x,), lambda g: (lambda: transpose(g, np.argsort(order)),))


def expand_dims(x: Any, axis: int) -> Tensor:
    """A new axis of size 1 before the given one; -1: after the last."""
    x = _stable(x)
    shape = list(x._array.shape)
    shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, 1)
    return reshape(x, shape)


def squeeze(x: Any, axis: Any = None) -> Tensor:
    """x without its axes of size 1, or without the given ones, which must be of size 1."""
    x = _stable(x)
    try:
        return reshape(x, np.squeeze(x._array, None if axis is None else to_shape(axis)).shape)
    except ValueError as error:
        raise InvalidArgumentError(str(error)) from None


def concat(values: Sequence[Any], axis: int) -> Tensor:
    """The values joined along an existing axis."""
    tensors = tuple(pair(v, values[0])[0] for v in values)
    try:
        value = np.concatenate([t._array for t in tensors], axis)
    except ValueError as error:
        raise InvalidArgumentError(str(error)) from None

    def gradient(g: Tensor) -> list[Any]:
        ends = np.cumsum([t._array.shape[axis] for t in tensors])
        before = (slice(None),) * (axis % value.ndim)
        return [
            lambda start=end - t._array.shape[axis], end=end: getitem(g, (*before, slice(start, end)))
            for t, end in zip(tensors, ends, strict=True)
        ]

    return record(value, tensors, gradient)


def stack(values: Sequence[Any], axis: int = 0) -> Tensor:
    """The values, all of one shape, joined along a new axis."""
    return concat([expand_dims(v, axis) for v in values], axis)


def getitem(x: Any, key: Any) -> Tensor:
    """x[key] for ints, slices, `...`, None, int scalars and bool masks."""
    x = operand(x)
    parts = tuple(_index(part) for part in (key if isinstance(key, tuple) else (key,)))
    try:
        value = x._array[parts]
    except IndexError as error:
        raise InvalidArgumentError(str(error)) from None
    return record(value, (x,), lambda g: (lambda: _scatter(g, parts, x._array.shape),))


def _index(part: Any) -> Any:
    if part is None or part is Ellipsis or isinstance(part, (int, np.integer)):
        return part
    if isinstance(part, slice):
        return slice(*(None if i is None else int(i) for i in (part.start, part.stop, part.step)))
    if isinstance(part, (Operators, np.ndarray)):
        array = as_array(part)
        if array.dtype == bool:
            return array
        if array.dtype.kind in "iu" and not array.ndim:
            return int(array)
    raise TypeError(
        "Only integers, slices, ..., tf.newaxis, scalar int tensors and bool masks are valid indices, "
        f"got {part!r}. For rows by number: tf.gather(x, indices)."
    )


def _scatter(g: Any, key: Any, shape: tuple[int, ...]) -> Tensor:
    """Zeros of `shape` with g added at [key]: the gradient of taking [key]."""
    g = operand(g)
    value = np.zeros(shape, g._array.dtype)
    if any(isinstance(part, np.ndarray) and part.dtype != bool for part in key):
        np.add.at(value, key, g._array)  # an index may come twice
        return record(value, (g,), lambda h: (lambda: gather(h, key[-1], axis=len(key) - 1),))
    value[key] = g._array
    return record(value, (g,), lambda h: (lambda: getitem(h, key),))


def gather(params: Any, indices: Any, *, axis: int = 0) -> Tensor:
    """The slices of params at `indices` (any shape of ints) along axis."""
    params, rows = operand(params), as_array(indices)
    key = (slice(None),) * (axis % params._array.ndim) + (rows,)
    try:
        value = params._array[key]
    except IndexError as error:
        raise InvalidArgumentError(str(error)) from None
    return record(value, (params,), lambda g: (lambda: _scatter(g, key, params._array.shape),))
