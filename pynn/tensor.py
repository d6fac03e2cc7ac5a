"""Tensor: an immutable array with operators that a GradientTape can follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .dtypes import DType, TensorShape, as_dtype


class Operators:
    """What Tensor and Variable share: Python's operators and the views of the array they hold."""

    __slots__ = ()
    __array_priority__ = 100  # ndarray + Tensor asks Tensor first
    __hash__ = None  # type: ignore[assignment]  # == compares elements

    _array: np.ndarray

    @property
    def shape(self) -> TensorShape:
        return TensorShape(self._array.shape)

    @property
    def ndim(self) -> int:
        return self._array.ndim

    @property
    def dtype(self) -> DType:
        return as_dtype(self._array.dtype)

    def get_shape(self) -> TensorShape:
        return self.shape

    def numpy(self) -> Any:
        """A copy of the values: an array, or a NumPy scalar where the shape is ()."""
        return self._array.copy() if self._array.ndim else self._array[()]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._array, dtype)

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("Scalar tensor has no `len()`")
        return len(self._array)

    def __iter__(self) -> Iterator[Tensor]:
        for i in range(len(self)):
            yield ops.getitem(self, i)

    def __bool__(self) -> bool:
        return bool(self._array)

    def __float__(self) -> float:
        return float(self._array)

    def __int__(self) -> int:
        return int(self._array)

    def __index__(self) -> int:
        return self._array.__index__()

    def __format__(self, spec: str) -> str:
        return format(self.numpy(), spec)

    def __getitem__(self, key: Any) -> Tensor:
        return ops.getitem(self, key)

    def __neg__(self) -> Tensor:
        return ops.negative(self)

    def __abs__(self) -> Tensor:
        return ops.abs(self)

    def __invert__(self) -> Tensor:
        return ops.logical_not(self)

    def __add__(self, other: Any) -> Tensor:
        return ops.add(self, other)

    def __radd__(self, other: Any) -> Tensor:
        return ops.add(other, self)

    def __sub__(self, other: Any) -> Tensor:
        return ops.subtract(self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return ops.subtract(other, self)

    def __mul__(self, other: Any) -> Tensor:
        return ops.multiply(self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return ops.multiply(other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return ops.divide(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return ops.divide(other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        return ops.floordiv(self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return ops.floordiv(other, self)

    def __mod__(self, other: Any) -> Tensor:
        return ops.mod(self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return ops.mod(other, self)

    def __pow__(self, other: Any) -> Tensor:
        return ops.pow(self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return ops.pow(other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return ops.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return ops.matmul(other, self)

    def __and__(self, other: Any) -> Tensor:
        return ops.logical_and(self, other)

    def __or__(self, other: Any) -> Tensor:
        return ops.logical_or(self, other)

    def __xor__(self, other: Any) -> Tensor:
        return ops.logical_xor(self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __eq__(self, other: Any) -> Any:
        return False if other is None else ops.equal(self, other)

    def __ne__(self, other: Any) -> Any:
        return True if other is None else ops.not_equal(self, other)

    def __lt__(self, other: Any) -> Tensor:
        return ops.less(self, other)

    def __le__(self, other: Any) -> Tensor:
        return ops.less_equal(self, other)

    def __gt__(self, other: Any) -> Tensor:
        return ops.greater(self, other)

    def __ge__(self, other: Any) -> Tensor:
        return ops.greater_equal(self, other)


class Tensor(Operators):
    """An immutable array: tf.constant, tf.zeros, ... and every operation return one."""

    # _logits: the tensor whose softmax this one is, for the stable cross-entropy (see keras.activations.softmax)
    __slots__ = ("_array", "_logits", "__weakref__")

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __repr__(self) -> str:
        return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}, numpy={values(self._array)}>"

    def __str__(self) -> str:
        text = str(self._array)
        return f"tf.Tensor({_own_lines(text)}, shape={self.shape}, dtype={self.dtype.name})"


def values(array: np.ndarray) -> str:
    """The values as they stand in the repr of a Tensor or Variable."""
    return _own_lines(repr(array) if array.ndim else str(array))


def _own_lines(text: str) -> str:
    return f"\n{text}" if "\n" in text else text


from . import ops  # noqa: E402  the operations make Tensors, and the operators above call them
