"""TensorSpec: the shape and dtype of a function's arguments or a dataset's elements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .dtypes import DType, as_dtype, float32
from .shapes import TensorShape, as_shape


@dataclass(frozen=True, repr=False)
class TensorSpec:
    """The shape, dtype and name of tensors that do not exist yet.

    shape: the sizes of the axes; None: not known
    dtype: of the elements
    name: label, or None
    """

    shape: TensorShape
    dtype: DType = float32
    name: str | None = None

    def __init__(self, shape: Any, dtype: Any = float32, name: str | None = None) -> None:
        vars(self).update(shape=as_shape(shape), dtype=as_dtype(dtype), name=name)  # it is frozen

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """The spec of tensors of the same shape and dtype."""
        return cls(tensor.shape, tensor.dtype, name)

    def is_compatible_with(self, spec_or_tensor: Any) -> bool:
        """Whether the dtypes are equal, and one shape could be both."""
        return self.dtype == spec_or_tensor.dtype and self.shape.is_compatible_with(spec_or_tensor.shape)

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype!r}, name={self.name!r})"
