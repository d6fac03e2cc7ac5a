"""Element types under TensorFlow's names."""

from __future__ import annotations

from typing import Any

import numpy as np


class DType:
    """The type of a tensor's elements; equals NumPy's dtype, its scalar type and its name.

    name: NumPy's, like "float32"
    """

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

    @property
    def is_bool(self) -> bool:
        """Whether it is bool."""
        return self.dtype.kind == "b"

    @property
    def is_unsigned(self) -> bool:
        """Whether it is an integer type without a sign."""
        return self.dtype.kind == "u"

    @property
    def is_complex(self) -> bool:
        """False: there are no complex numbers here."""
        return False

    @property
    def base_dtype(self) -> DType:
        """The type itself: there are no types of references here."""
        return self

    @property
    def size(self) -> int:
        """Bytes of one element."""
        return self.dtype.itemsize

    @property
    def max(self) -> Any:
        """The largest number. TypeError: bool."""
        return self._limit("max")

    @property
    def min(self) -> Any:
        """The smallest number. TypeError: bool."""
        return self._limit("min")

    def _limit(self, which: str) -> Any:
        if self.is_bool:
            raise TypeError(f"Cannot find the {which} of {self}.")
        return getattr(np.finfo(self.dtype) if self.is_floating else np.iinfo(self.dtype), which)

    def __eq__(self, other: object) -> bool:
        if type(other) is DType:
            return self.dtype == other.dtype
        try:
            return self.dtype == (as_dtype(other).dtype if isinstance(other, type) else np.dtype(other))  # type: ignore
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
_PYTHONS: dict[type, DType] = {float: float32, bool: bool_}  # Python's int is no type of its own to TensorFlow


def as_dtype(dtype: Any) -> DType:
    """The DType for a DType, a NumPy dtype, a scalar type, float, bool or a name; TypeError for any other."""
    if type(dtype) is DType:
        return dtype
    if dtype is int:
        dtype = "Python's int"
    elif isinstance(dtype, type):
        dtype = _PYTHONS.get(dtype, dtype)
    try:
        if not isinstance(dtype, (str, type, DType, np.dtype)):  # of a Tensor NumPy 2.0 would take its dtype
            raise TypeError
        return _KNOWN[np.dtype(dtype)]
    except (TypeError, KeyError):
        known = ", ".join(d.name for d in _KNOWN.values())
        raise TypeError(f"Cannot convert {dtype!r} to a dtype. Known: {known}") from None
