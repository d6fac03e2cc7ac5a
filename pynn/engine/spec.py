"""TensorSpec: the shape and dtype of a function's arguments or a dataset's elements."""

from __future__ import annotations

from typing import Any

from .dtypes import DType, as_dtype, float32
from .shapes import TensorShape, as_shape


class TensorSpec:
    """The shape, dtype and name of tensors that do not exist yet.

    shape: the sizes of the axes; None: not known
    dtype: of the elements
    name: label, or None
    """

    __slots__ = ("_dtype", "_name", "_shape")

    def __init__(self, shape: Any, dtype: Any = float32, name: str | None = None) -> None:
        self._shape, self._dtype, self._name = as_shape(shape), as_dtype(dtype), name

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """The spec of tensors of the same shape and dtype."""
        return cls(tensor.shape, tensor.dtype, name)

    @property
    def shape(self) -> TensorShape:
        """The sizes of the axes; None: not known."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._dtype

    @property
    def name(self) -> str | None:
        """A label."""
        return self._name

    def is_compatible_with(self, spec_or_tensor: Any) -> bool:
        """Whether the dtypes are equal, and one shape could be both."""
        return self._dtype == spec_or_tensor.dtype and self._shape.is_compatible_with(spec_or_tensor.shape)

    def _parts(self) -> tuple[Any, ...]:
        return self._shape, self._dtype, self._name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorSpec) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self._shape}, dtype={self._dtype!r}, name={self._name!r})"
