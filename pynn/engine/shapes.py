"""TensorShape: the sizes of a tensor's axes, or what is known of them."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np


class TensorShape(tuple[Any, ...]):
    """A tuple of sizes; None stands for a size that is not known.

    dims: sizes, one size, or None: nothing is known, any rank
    """

    # no __slots__: an unknown rank is kept as an attribute
    def __new__(cls, dims: Any = ()) -> TensorShape:
        if type(dims) is not tuple:
            unknown = dims is None
            dims = () if unknown else tuple(dims) if hasattr(dims, "__iter__") else (dims,)
            dims = tuple(None if n is None else index(n) for n in dims)
            if unknown:
                shape = tuple.__new__(cls, ())
                shape._unknown = True
                return shape
        return tuple.__new__(cls, dims)

    _unknown = False

    @property
    def rank(self) -> int | None:
        """The number of axes; None: not known."""
        return None if self._unknown else len(self)

    ndims = rank

    @property
    def dims(self) -> list[int | None] | None:
        """The sizes as a list; None: the rank is not known."""
        return None if self._unknown else list(self)

    def as_list(self) -> list[int | None]:
        """The sizes as a list. ValueError: the rank is not known."""
        if self._unknown:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self)

    def num_elements(self) -> int | None:
        """The product of the sizes; None if one is not known."""
        return None if self._unknown or None in self else int(np.prod(self, dtype=np.int64))

    def is_fully_defined(self) -> bool:
        """Whether every size is known."""
        return not self._unknown and None not in self

    def is_compatible_with(self, other: Any) -> bool:
        """Whether one shape could be both."""
        other = as_shape(other)
        if self._unknown or other._unknown:
            return True
        return len(self) == len(other) and all(None in (m, n) or m == n for m, n in zip(self, other, strict=True))

    def assert_is_compatible_with(self, other: Any) -> None:
        """ValueError: no shape could be both."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {as_shape(other)} are incompatible")

    def concatenate(self, other: Any) -> TensorShape:
        """The axes of this, then those of other."""
        return self + as_shape(other)

    def __getitem__(self, key: Any) -> Any:
        item = tuple.__getitem__(self, key)
        return TensorShape(item) if isinstance(key, slice) else item

    def __add__(self, other: Any) -> TensorShape:
        other = as_shape(other)
        return TensorShape(None if self._unknown or other._unknown else (*self, *other))

    def __radd__(self, other: Any) -> TensorShape:
        return as_shape(other) + self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (tuple, list)):
            return other is None and self._unknown
        return tuple(self) == tuple(other) and self._unknown == getattr(other, "_unknown", False)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__

    def __repr__(self) -> str:
        return f"TensorShape({None if self._unknown else list(self)})"

    def __str__(self) -> str:
        return "<unknown>" if self._unknown else tuple.__repr__(tuple(self))


def as_shape(shape: Any) -> TensorShape:
    """A TensorShape of sizes, one size, or None."""
    return shape if type(shape) is TensorShape else TensorShape(shape)
