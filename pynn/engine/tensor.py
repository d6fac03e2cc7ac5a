"""Tensor: an immutable array with operators that a GradientTape can follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .dtypes import DType, as_dtype
from .exports import capsule, read_only
from .reference import Reference
from .shapes import TensorShape

# The functions that the operators below call, by name; `pynn.ops`, whose operations import Tensor, fills it.
operations: dict[str, Callable[..., Any]] = {}


def _operator(name: str) -> tuple[Callable[[Any, Any], Tensor], Callable[[Any, Any], Tensor]]:
    """x ∘ y and, for an x that is no tensor, y's reflected x ∘ y."""
    return lambda x, y: operations[name](x, y), lambda y, x: operations[name](x, y)


def _function(name: str) -> Callable[[Any], Tensor]:
    return lambda x: operations[name](x)


class Operators:
    """What Tensor and Variable share: Python's operators and the views of the array they hold."""

    __slots__ = ()
    __array_priority__ = 100  # ndarray + Tensor asks Tensor first
    __hash__ = None  # type: ignore[assignment]  # == compares elements

    _array: np.ndarray

    def _read(self) -> Tensor:
        """The Tensor that operations compute with; of a Variable, the recording tapes note that it was read."""
        raise NotImplementedError

    __add__, __radd__ = _operator("add")
    __sub__, __rsub__ = _operator("subtract")
    __mul__, __rmul__ = _operator("multiply")
    __truediv__, __rtruediv__ = _operator("divide")
    __floordiv__, __rfloordiv__ = _operator("floordiv")
    __mod__, __rmod__ = _operator("mod")
    __pow__, __rpow__ = _operator("pow")
    __matmul__, __rmatmul__ = _operator("matmul")
    __and__, __rand__ = _operator("bitwise_and")
    __or__, __ror__ = _operator("bitwise_or")
    __xor__, __rxor__ = _operator("bitwise_xor")
    __lt__, __gt__ = _operator("less")[0], _operator("greater")[0]
    __le__, __ge__ = _operator("less_equal")[0], _operator("greater_equal")[0]

    __neg__, __abs__, __invert__ = map(_function, ("negative", "abs", "invert"))
    __getitem__ = _operator("getitem")[0]

    def __eq__(self, other: Any) -> Any:
        return False if other is None else operations["same"](self, other, operations["equal"], False)

    def __ne__(self, other: Any) -> Any:
        return True if other is None else operations["same"](self, other, operations["not_equal"], True)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("Scalar tensor has no `len()`")
        return len(self._array)

    def __bool__(self) -> bool:
        if self._array.size > 1:
            raise ValueError("The truth value of several elements is ambiguous: tf.reduce_any(x) or tf.reduce_all(x)")
        return bool(self._array) if self._array.size else False

    def __float__(self) -> float:
        return float(self._array)

    def __int__(self) -> int:
        return int(self._array)

    def __index__(self) -> int:
        return self._array.__index__()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._array, dtype) if copy else read_only(self._array, dtype, copy)

    def __dlpack__(self, **asked: Any) -> Any:
        return capsule(self._array, **asked)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._array.__dlpack_device__()

    def numpy(self) -> Any:
        """A copy of the values: an array, or a NumPy scalar where the shape is ()."""
        return self._array.copy() if self._array.ndim else self._array[()]

    @property
    def shape(self) -> TensorShape:
        """The sizes of the axes: a tuple."""
        return TensorShape(self._array.shape)

    def get_shape(self) -> TensorShape:
        """The sizes of the axes, as `shape`."""
        return self.shape

    @property
    def device(self) -> str:
        """Where the values are, under TensorFlow's name: the CPU."""
        return "/job:localhost/replica:0/task:0/device:CPU:0"

    def ref(self) -> Reference:
        """A key for dicts and sets: tensors and variables themselves compare by elements and have no hash."""
        return Reference(self)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    @property
    def dtype(self) -> DType:
        """The type of the elements, under TensorFlow's name; it equals NumPy's."""
        return as_dtype(self._array.dtype)


class Tensor(Operators):
    """An immutable array: tf.constant, tf.zeros, ... and every operation return one."""

    # _logits: the tensor whose softmax this one is, for the stable cross-entropy (keras.activations.softmax sets it)
    # assign: on what is read as variable[key], a function that changes the variable there
    __slots__ = ("__weakref__", "_array", "_logits", "assign")
    _logits: Tensor
    assign: Callable[[Any], Any]

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def _read(self) -> Tensor:
        return self

    def __format__(self, spec: str) -> str:
        return format(self.numpy(), spec)

    def __repr__(self) -> str:
        return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}, numpy={values(self._array)}>"

    def __str__(self) -> str:
        return f"tf.Tensor({_own_lines(str(self._array))}, shape={self.shape}, dtype={self.dtype.name})"


def values(array: np.ndarray) -> str:
    """The values as they stand in the repr of a Tensor or Variable."""
    return _own_lines(repr(array) if array.ndim else str(array))


def _own_lines(text: str) -> str:
    return f"\n{text}" if "\n" in text else text
