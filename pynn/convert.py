"""Python numbers, lists and NumPy arrays to Tensors."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from . import ops
from .dtypes import InvalidArgumentError, as_dtype
from .tensor import Operators, Tensor


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
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError("Can't convert non-rectangular Python sequence to Tensor.") from None
    as_dtype(array.dtype)  # refuses text and objects
    numpys = isinstance(value, (np.ndarray, np.generic))
    if dtype is not None:
        target = as_dtype(dtype).dtype
        if array.dtype.kind == "f" and target.kind in "iu" and not numpys:
            raise TypeError(f"Cannot convert {value!r} to dtype {target}: tf.cast what is {target} to a float type")
        return array.astype(target, copy=False)
    if numpys or array.dtype not in (np.float64, np.int64):
        return array
    leaf = value
    while isinstance(leaf, (list, tuple)) and leaf:
        leaf = leaf[0]
    if hasattr(leaf, "__array__"):  # a list of NumPy's numbers
        return array
    if array.dtype == np.float64:
        return array.astype(np.float32)
    fits = not array.size or (array.min() >= -(2**31) and array.max() < 2**31)
    return array.astype(np.int32) if fits else array


def operand(x: Any) -> Tensor:
    """What an operation computes with: a Tensor; arrays are wrapped without a copy."""
    if type(x) is Tensor:
        return x
    return x._read() if isinstance(x, Operators) else Tensor(as_array(x))


def pair(x: Any, y: Any) -> tuple[Tensor, Tensor]:
    """The operands of a binary operation: numbers and arrays take the dtype of the tensor beside them."""
    if type(x) is not Tensor or type(y) is not Tensor:
        if isinstance(x, Operators) or not isinstance(y, Operators):
            x = operand(x)
            y = operand(y) if isinstance(y, Operators) else _beside(x, y)
        else:
            y = operand(y)
            x = _beside(y, x)
    if x._array.dtype != y._array.dtype:
        raise InvalidArgumentError(
            f"Operands have different dtypes, {x._array.dtype} and {y._array.dtype}. "
            f"Write tf.cast(x, tf.{x._array.dtype}) around one of them."
        )
    return x, y


def _beside(x: Tensor, value: Any) -> Tensor:
    dtype, kind = x._array.dtype, type(value)
    if (kind is float and dtype.kind == "f") or (kind is int and dtype.kind in "fiu"):
        return Tensor(np.array(value, dtype))
    try:
        return Tensor(as_array(value, dtype))
    except TypeError as error:
        raise InvalidArgumentError(str(error)) from None


def convert_to_tensor(value: Any, dtype: Any = None) -> Tensor:
    """A Tensor of value; arrays are copied, a list of Tensors is stacked, a Tensor is returned as it is."""
    if type(value) is Tensor and dtype is None:
        return value
    if isinstance(value, Operators):
        as_array(value, dtype)  # a different dtype is an error
        return value if type(value) is Tensor else ops.identity(value)
    if isinstance(value, (list, tuple)) and any(isinstance(item, Operators) for item in value):
        return ops.stack([convert_to_tensor(item, dtype) for item in value])
    return Tensor(np.array(as_array(value, dtype)))


def constant(value: Any, dtype: Any = None, shape: Any = None) -> Tensor:
    """A Tensor of value; with `shape`, reshaped, or filled where value is one number."""
    tensor = convert_to_tensor(value, dtype)
    if shape is None:
        return tensor
    return ops.fill(shape, tensor) if tensor._array.size == 1 else ops.reshape(tensor, shape)


def to_shape(shape: Any) -> tuple[int, ...]:
    """Sizes as Python ints, from one int or a sequence of them; int tensors will do for either."""
    try:
        return tuple(map(index, shape))
    except TypeError:
        return (index(shape),)
