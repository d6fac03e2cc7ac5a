"""Variable: a value that changes. It is a box around an immutable Tensor, which `assign` replaces."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .call import run
from .convert import as_array, identity, numpy_key
from .errors import InvalidArgumentError
from .scope import scoped
from .tape import GradientTape, active
from .tensor import Operators, Tensor, operations, values
from .typing import DTypeLike, Shape, TensorLike


class Variable(Operators):
    """A value that `assign`, `assign_add`, `assign_sub` and the optimizers change.

    Tensors computed earlier and tapes keep the value that they read: an update works in place only where nobody
    else holds the array, and takes a fresh one otherwise.

    initial_value: number, array, Tensor, or a function that returns one; it is copied, and must be given
    trainable: whether tapes watch it by themselves; None: True
    name: with ":0" behind it; None: "Variable"
    dtype: of the elements; None: the initial value's
    constraint: function of the value, which optimizers apply after an update; None: none
    shape: the initial value's, which is checked; None: not
    """

    __slots__ = ("__weakref__", "_made_trainable", "_tensor", "constraint", "name", "regularizer", "trainable")

    def __init__(
        self,
        initial_value: TensorLike | None = None,
        trainable: bool | None = True,
        *,
        name: str | None = "Variable",
        dtype: DTypeLike = None,
        constraint: Callable[[Any], Any] | None = None,
        shape: Shape | None = None,
    ) -> None:
        value = initial_value() if callable(initial_value) else initial_value
        if value is None:
            raise ValueError("The `initial_value` of tf.Variable must be specified")
        # a copy that owns its memory: each view of it is then a reference to it (see writable)
        self._tensor = Tensor(np.array(as_array(value, dtype), order="C"))
        if shape is not None and (not isinstance(shape, (tuple, list)) or None in shape):
            raise ValueError(f"A variable keeps the shape of its initial value, {self.shape}: shape={shape!r} has none")
        if shape is not None and self.shape != shape:
            raise ValueError(f"The initial value's shape {self.shape} is not compatible with the shape given, {shape}")
        self.trainable = self._made_trainable = True if trainable is None else trainable
        self.name = f"{scoped(name or 'Variable')}:0"
        # functions of the value: what layers add to the loss for it, and what optimizers apply after an update
        self.regularizer: Callable[[Any], Any] | None = None
        self.constraint = constraint

    @property
    def _array(self) -> np.ndarray:  # type: ignore[override]
        return self._tensor._array

    def _read(self, tapes: tuple[GradientTape, ...] | None = None) -> Tensor:
        """The value now, for an operation to use; the tapes, by default those that record, learn whose it is."""
        tensor, key = self._tensor, id(self)
        for tape in active.tapes if tapes is None else tapes:
            if id(tensor) in tape._watched or tensor._array.dtype.kind != "f":
                continue
            if key in tape._variables or (tape._accessed and self.trainable):
                tape._variables[key] = self
                tape._watched[id(tensor)] = tensor
                first = tape._read_as.setdefault(key, tensor)
                if first is not tensor:  # assigned to in between: its gradient is the sum of those of both values
                    tape._records.append((tensor, (first,), lambda g: (g,)))
        return tensor

    def _writable(self, keep: bool = True) -> np.ndarray:
        """The array to update in place; a fresh one (with the old values if `keep`) if the old is in use."""
        return writable([self], keep)[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._array, dtype)  # a copy, as TensorFlow's: programs write into it

    def value(self) -> Tensor:
        """The value as a Tensor, which later assignments do not change."""
        return identity(self)

    read_value = value

    def assign(self, value: TensorLike, use_locking: bool = False, *, read_value: bool = True) -> Variable | None:
        """A new value of the same shape, converted to the dtype (which a Tensor must have).

        Returns the variable, as all that assign do; None without read_value. use_locking is TensorFlow's, for threads
        that its operations make; there are none here.
        """
        new = self._same_kind(value)
        self._writable(keep=False)[...] = new
        return self if read_value else None

    def assign_add(self, delta: TensorLike, use_locking: bool = False, *, read_value: bool = True) -> Variable | None:
        """value + delta, of the same shape and dtype."""
        return self._changed(np.add, delta, read_value)

    def assign_sub(self, delta: TensorLike, use_locking: bool = False, *, read_value: bool = True) -> Variable | None:
        """value - delta, of the same shape and dtype."""
        return self._changed(np.subtract, delta, read_value)

    def _changed(self, function: np.ufunc, delta: TensorLike, read_value: bool) -> Variable | None:
        delta = self._same_kind(delta, InvalidArgumentError)
        array = self._writable()
        function(array, delta, out=array)
        return self if read_value else None

    def scatter_nd_update(self, indices: TensorLike, updates: TensorLike) -> Variable | None:
        """The updates in place of the elements, or slices, at the points in the last axis of indices."""
        return self.assign(operations["tensor_scatter_nd_update"](self._tensor, indices, updates))

    def scatter_nd_add(self, indices: TensorLike, updates: TensorLike) -> Variable | None:
        """The updates added at the points in the last axis of indices."""
        return self.assign(operations["tensor_scatter_nd_add"](self._tensor, indices, updates))

    def scatter_nd_sub(self, indices: TensorLike, updates: TensorLike) -> Variable | None:
        """The updates subtracted at the points in the last axis of indices."""
        return self.assign(operations["tensor_scatter_nd_sub"](self._tensor, indices, updates))

    def __getitem__(self, key: Any) -> Tensor:
        """The elements as a Tensor; its `assign` changes the variable at the key."""
        part = super().__getitem__(key)
        part.assign = lambda value: self._assign_at(key, value)
        return part

    def _assign_at(self, key: Any, value: TensorLike) -> Variable:
        """InvalidArgumentError: a value that does not broadcast to the shape of [key]."""
        place, new = numpy_key(key), as_array(value, self.dtype)
        run(self._writable().__setitem__, place, new)
        return self

    def _in_place(self, other: Any) -> Any:
        raise RuntimeError(
            "`variable += value` is not supported: `variable.assign_add(value)` changes the variable, "
            "`out = variable + value` computes a tensor. Likewise for the other operators."
        )

    __iadd__ = __isub__ = __imul__ = __itruediv__ = __ifloordiv__ = __ipow__ = __imod__ = _in_place

    def _same_kind(self, value: TensorLike, error: type[ValueError] = ValueError) -> np.ndarray:
        array = as_array(value, self.dtype)
        if array.shape != self._array.shape:
            raise error(
                f"Cannot assign value to variable {self.name!r}: the variable's shape {self.shape} and "
                f"the assigned value's shape {array.shape} are incompatible."
            )
        return array

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        for name, value in state[1].items():
            setattr(self, name, value)
        self._tensor = Tensor(np.array(self._array, order="C"))  # an unpickled array may not own its memory

    def __repr__(self) -> str:
        about = f"'{self.name}' shape={self.shape} dtype={self.dtype.name}"
        return f"<tf.Variable {about}, numpy={values(self._array)}>"


def writable(variables: Sequence[Variable], keep: bool = True) -> list[np.ndarray]:
    """The arrays to update in place; a fresh one (with the old values if `keep`) for each that is in use."""
    arrays = []
    for variable in variables:
        tensor = variable._tensor
        # reference counts: every view counts as one on the array
        if sys.getrefcount(tensor) > _OWN[0] or sys.getrefcount(tensor._array) > _OWN[1]:
            old = tensor._array
            tensor = variable._tensor = Tensor(old.copy() if keep else np.empty_like(old))
        arrays.append(tensor._array)
    return arrays


def _holders(variable: Variable) -> tuple[int, int]:
    """The reference counts in `writable` of a variable whose tensor and array are held by nothing else."""
    tensor = variable._tensor
    return sys.getrefcount(tensor), sys.getrefcount(tensor._array)


_OWN = _holders(Variable(0.0))
