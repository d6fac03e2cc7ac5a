"""Python numbers, lists and NumPy arrays to Tensors."""

from __future__ import annotations

import math
from itertools import chain
from operator import index
from typing import Any

import numpy as np

from .. import ops
from .dtypes import InvalidArgumentError, as_dtype
from .tensor import Operators, Tensor

_NUMBERS = {int, float, bool}


def as_array(value: Any, dtype: Any = None) -> np.ndarray:
    """An array of a known dtype; NumPy's data is not copied.

    NumPy's types stay. Python's floats become float32, its ints int32 (int64 where they do not fit). With
    dtype: numbers and arrays are converted; a Tensor must have it already (ValueError).
    """
    if isinstance(value, Operators):
        array = value._array
        if dtype is not None and as_dtype(dtype) != array.dtype:
            raise ValueError(
                f"Tensor conversion requested dtype {as_dtype(dtype).name} for Tensor with dtype "
                f"{array.dtype}: {value!r}. Write tf.cast(x, tf.{as_dtype(dtype).name})."
            )
        return array
    return pack(value, dtype)._array if holds_tensors(value) else _numbers(value, dtype)


def _numbers(value: Any, dtype: Any) -> np.ndarray:
    """As `as_array`, of what holds no tensors."""
    if value is None or isinstance(value, dict):
        raise ValueError(
            f"Attempt to convert a value ({value!r}) with an unsupported type ({type(value)}) to a Tensor."
        )
    try:
        array = np.asarray(value)
    except ValueError:
        if hasattr(value, "__array__"):  # it says itself why it has no array
            raise
        raise ValueError("Can't convert non-rectangular Python sequence to Tensor.") from None
    numpys = isinstance(value, (np.ndarray, np.generic))
    if array.dtype == object and not numpys and _is_int(value):
        raise ValueError("Can't convert Python sequence with out-of-range integer to Tensor.")
    try:
        as_dtype(array.dtype)
    except TypeError:
        raise TypeError(f"Cannot convert to a tensor: {no_numbers(array, 'the value')}") from None
    if dtype is not None:
        target = as_dtype(dtype).dtype
        lossy = (array.dtype.kind == "f" and target.kind in "iu") or (array.dtype.kind != "b" and target.kind == "b")
        if lossy and not numpys and array.size:
            raise TypeError(f"Cannot convert {value!r} to a tensor of dtype {target}: see tf.cast")
        return array.astype(target, copy=False)
    if numpys or array.dtype.kind == "b":
        return array
    if array.dtype.kind == "f":
        return array.astype(_first_float(value), copy=False)
    fits = not array.size or (array.min() >= -(2**31) and array.max() < 2**31)
    return array.astype(np.int32 if fits else np.int64, copy=False)


def no_numbers(array: np.ndarray, name: str) -> str:
    """What stands in an array instead of numbers and bools, and what to do about it."""
    kind = array.dtype.kind
    if kind in "UST" or (kind == "O" and any(isinstance(item, (str, bytes)) for item in array.flat)):
        return (
            f"{name} holds text (dtype {array.dtype}); pynn holds numbers and bools, no text: number the classes, "
            "`classes, y = np.unique(labels, return_inverse=True)`; digits written as text: `np.array(labels, int)`"
        )
    what = "objects" if kind == "O" else "no real numbers"
    return f"{name} holds {what} (dtype {array.dtype}): give numbers, e.g. by .astype(np.float32)"


def _first(value: Any) -> Any:
    """The first leaf of lists and tuples."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return value


def _first_float(value: Any) -> np.dtype:
    """The float type of a sequence: its first leaf's if that is one of NumPy's, else float32."""
    dtype = getattr(_first(value), "dtype", None)
    kind = np.dtype(np.float32 if dtype is None else dtype)
    return kind if kind.kind == "f" else np.dtype(np.float32)


def _is_int(value: Any) -> bool:
    return isinstance(_first(value), int)


def holds_tensors(value: Any) -> bool:
    """Whether a Tensor or Variable stands anywhere in nested lists and tuples."""
    nests = [value] if isinstance(value, (list, tuple)) else []
    while nests:  # those of one depth together: of many numbers there are few types
        kinds = set(map(type, chain.from_iterable(nests)))
        if kinds <= _NUMBERS:
            return False
        if any(issubclass(kind, Operators) for kind in kinds):
            return True
        nests = [v for v in chain.from_iterable(nests) if isinstance(v, (list, tuple))]
    return False


def pack(values: Any, dtype: Any = None) -> Tensor:
    """Nested lists that hold tensors, as one Tensor: numbers and arrays take the dtype of the tensors.

    dtype: the tensors are cast to it, as in TensorFlow. InvalidArgumentError: different shapes, or dtypes without it.
    """
    if dtype is not None:
        values = [
            ops.cast(v, dtype) if isinstance(v, Operators) else pack(v, dtype) if holds_tensors(v) else v
            for v in values
        ]
    return ops.stack(values)


def operand(x: Any) -> Tensor:
    """What an operation computes with: a Tensor; arrays are wrapped without a copy, lists of tensors are packed."""
    if type(x) is Tensor:
        return x
    if isinstance(x, Operators):
        return x._read()
    return pack(x) if holds_tensors(x) else Tensor(_numbers(x, None))


def pair(x: Any, y: Any) -> tuple[Tensor, Tensor]:
    """The operands of a binary operation: numbers and arrays take the dtype of the tensor beside them."""
    if type(x) is not Tensor or type(y) is not Tensor:
        if type(x) is Tensor or isinstance(x, Operators) or not (isinstance(y, Operators) or holds_tensors(y)):
            x = x if type(x) is Tensor else operand(x)
            y = operand(y) if isinstance(y, Operators) else _beside(x, y)
        else:
            y = operand(y)
            x = _beside(y, x)
    if x._array.dtype != y._array.dtype:
        wider = max(x._array.dtype, y._array.dtype, key=lambda dtype: (dtype.kind == "f", dtype.itemsize))
        raise InvalidArgumentError(
            f"Operands have different dtypes, {x._array.dtype} and {y._array.dtype}. "
            f"Write tf.cast(x, tf.{wider}) around the other."
        )
    return x, y


def alike(values: Any) -> tuple[Tensor, ...]:
    """Operands of one dtype: numbers and arrays take that of the first tensor among them."""
    values = [operand(v) if holds_tensors(v) else v for v in values]
    if not values:
        raise InvalidArgumentError("At least one tensor is needed")
    lead = operand(next((v for v in values if isinstance(v, Operators)), values[0]))
    return tuple([pair(v, lead)[0] for v in values])


def _beside(x: Tensor, value: Any) -> Tensor:
    dtype, kind = x._array.dtype, type(value)
    if (kind is float and dtype.kind == "f") or (kind is int and dtype.kind in "fiu"):
        return Tensor(np.array(value, dtype))
    return pack(value, dtype) if holds_tensors(value) else Tensor(_numbers(value, dtype))


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None) -> Tensor:
    """A Tensor of value; arrays are copied, a list of Tensors is stacked, a Tensor is returned as it is.

    dtype_hint: a dtype that is taken where value can be converted to it.
    """
    if type(value) is Tensor and dtype is None:
        return value
    if isinstance(value, Operators):
        as_array(value, dtype)  # a different dtype is an error
        return value if type(value) is Tensor else ops.identity(value)
    if dtype is None and dtype_hint is not None:
        try:
            return convert_to_tensor(value, dtype_hint)
        except (TypeError, ValueError):
            pass
    if holds_tensors(value):
        return pack(value, dtype)
    return Tensor(np.array(_numbers(value, dtype)))


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const") -> Tensor:
    """A Tensor of value; with `shape`, reshaped, or filled where value is one number.

    name: a label, which eager tensors do not keep (nor do TensorFlow's). TypeError: a shape of another size.
    """
    if dtype is not None and isinstance(value, Operators) and value.dtype != as_dtype(dtype):
        raise TypeError(f"Expected a tensor of dtype {as_dtype(dtype).name}, but got {value.dtype.name}: see tf.cast")
    tensor = convert_to_tensor(value, dtype)
    if shape is None:
        return tensor
    sizes = to_shape(shape)
    if tensor._array.size == 1:
        return ops.fill(sizes, ops.reshape(tensor, ()))
    if tensor._array.size != math.prod(sizes):
        raise TypeError(f"{tensor._array.size} values do not fill the shape {sizes}")
    return ops.reshape(tensor, sizes)


def to_shape(shape: Any) -> tuple[int, ...]:
    """Sizes as Python ints, from one int or a sequence of them; int tensors will do for either."""
    try:
        return tuple(map(index, shape))
    except TypeError:
        return (index(shape),)


def to_axis(axis: Any, ndim: int) -> int:
    """The axis as a Python int from 0 on. InvalidArgumentError: a tensor of ndim dimensions does not have it."""
    i = index(axis)
    if not -ndim <= i < ndim:
        raise InvalidArgumentError(f"axis {i} is out of bounds for a tensor of {ndim} dimensions")
    return i % ndim
