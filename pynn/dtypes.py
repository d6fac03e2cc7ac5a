"""Element types and shapes under TensorFlow's names."""

from __future__ import annotations

from typing import Any

import numpy as np


class DType:
    """The type of a tensor's elements; equals NumPy's dtype, its scalar type and its name."""

    __slots__ = ("dtype", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.dtype = np.dtype(name)  # np.dtype(tf.float32) works because NumPy looks for this attribute

    @property
    def as_numpy_dtype(self) -> type[np.generic]:
        """NumPy's scalar type."""
        return self.dtype.type

    @property
    def is_floating(self) -> bool:
        """Whether it is a float type."""
        return self.dtype.kind == "f"

    @property
    def is_integer(self) -> bool:
        """Whether it is an integer type, signed or not; bool is none."""
        return self.dtype.kind in "iu"

    def __eq__(self, other: object) -> bool:
        try:
            return self.dtype == np.dtype(other)  # type: ignore[call-overload]
        except TypeError:
            return False

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"


float16, float32, float64 = DType("float16"), DType("float32"), DType("float64")
int8, int16, int32, int64 = DType("int8"), DType("int16"), DType("int32"), DType("int64")
uint8, uint16, uint32, uint64 = DType("uint8"), DType("uint16"), DType("uint32"), DType("uint64")
bool_ = DType("bool")

_KNOWN = {
    d.dtype: d for d in (float16, float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64, bool_)
}


def as_dtype(dtype: Any) -> DType:
    """The DType for a DType, a NumPy dtype, a scalar type or a name; TypeError for any other."""
    if type(dtype) is DType:
        return dtype
    try:
        return _KNOWN[np.dtype(dtype)]
    except (TypeError, KeyError):
        known = ", ".join(d.name for d in _KNOWN.values())
        raise TypeError(f"Cannot convert {dtype!r} to a dtype. Known: {known}") from None


class TensorShape(tuple):
    """A tuple of sizes; None stands for a size that is not known."""

    __slots__ = ()

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self)

    ndims = rank

    def as_list(self) -> list[int | None]:
        """The sizes as a list."""
        return list(self)

    def num_elements(self) -> int | None:
        """The product of the sizes; None if one is not known."""
        return None if None in self else int(np.prod(self, dtype=np.int64))

    def __getitem__(self, key: Any) -> Any:
        item = tuple.__getitem__(self, key)
        return TensorShape(item) if isinstance(key, slice) else item

    def __add__(self, other: Any) -> TensorShape:
        return TensorShape((*self, *other))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (tuple, list)) and tuple(self) == tuple(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__

    def __repr__(self) -> str:
        return f"TensorShape({list(self)})"

    def __str__(self) -> str:
        return tuple.__repr__(tuple(self))


class InvalidArgumentError(ValueError):
    """Shapes, dtypes or values that an operation cannot take together (TensorFlow's name)."""
