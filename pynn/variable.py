"""Variable: a value that changes. It is a box around an immutable Tensor, which `assign` replaces."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from . import ops
from .convert import as_array
from .tape import active
from .tensor import Operators, Tensor, values


class Variable(Operators):
    """A value that `assign`, `assign_add`, `assign_sub` and the optimizers change.

    The initial value (a number, array, Tensor, or a function that returns one) is copied.

    Tensors computed earlier and tapes keep the value that they read: an update works in place only where nobody
    else holds the array, and takes a fresh one otherwise.
    """

    __slots__ = ("__weakref__", "_tensor", "name", "trainable")

    def __init__(
        self, initial_value: Any, trainable: bool = True, *, name: str = "Variable", dtype: Any = None
    ) -> None:
        value = initial_value() if callable(initial_value) else initial_value
        # a copy that owns its memory: views of it then count as references to it (see _writable)
        self._tensor = Tensor(np.array(as_array(value, dtype), order="C"))
        self.trainable, self.name = trainable, name

    @property
    def _array(self) -> np.ndarray:  # type: ignore[override]
        return self._tensor._array

    def _read(self) -> Tensor:
        """The value now, for an operation to use; the recording tapes learn that it is this variable's."""
        tensor = self._tensor
        for tape in active.tapes:
            tape._read(self, tensor)
        return tensor

    def _writable(self, keep: bool = True) -> np.ndarray:
        """The array to update in place; a fresh one (with the old values if `keep`) if the old is in use."""
        if _holders(self) != _ALONE:
            old = self._tensor._array
            self._tensor = Tensor(old.copy() if keep else np.empty_like(old))
        return self._tensor._array

    def value(self) -> Tensor:
        """The value as a Tensor, which later assignments do not change."""
        return ops.identity(self)

    read_value = value

    def assign(self, value: Any) -> Variable:
        """A new value of the same shape, converted to the dtype (which a Tensor must have); returns the variable."""
        new = self._same_kind(value)
        self._writable(keep=False)[...] = new
        return self

    def assign_add(self, delta: Any) -> Variable:
        """value + delta, of the same shape and dtype; returns the variable."""
        delta = self._same_kind(delta)
        array = self._writable()
        np.add(array, delta, out=array)
        return self

    def assign_sub(self, delta: Any) -> Variable:
        """value - delta, of the same shape and dtype; returns the variable."""
        delta = self._same_kind(delta)
        array = self._writable()
        np.subtract(array, delta, out=array)
        return self

    def _same_kind(self, value: Any) -> np.ndarray:
        array = as_array(value, self.dtype)
        if array.shape != self._array.shape:
            raise ValueError(
                f"Cannot assign value to variable {self.name!r}: the variable's shape {self.shape} and "
                f"the assigned value's shape {array.shape} are incompatible."
            )
        return array

    def __repr__(self) -> str:
        about = f"'{self.name}:0' shape={self.shape} dtype={self.dtype.name}"
        return f"<tf.Variable {about}, numpy={values(self._array)}>"


def _holders(variable: Variable) -> tuple[int, int]:
    """Reference counts of the variable's tensor and of its array; every view counts as one on the array."""
    tensor = variable._tensor
    return sys.getrefcount(tensor), sys.getrefcount(tensor._array)


_ALONE = _holders(Variable(0.0))
