"""The types of arguments that may be of several types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .dtypes import DType
from .tensor import Operators

ArrayLike: TypeAlias = npt.ArrayLike  # numbers, nested lists of them, arrays
TensorLike: TypeAlias = Operators | ArrayLike | Sequence[Any]  # and tensors, variables, nested lists that hold them
Shape: TypeAlias = int | Sequence[Any] | np.ndarray | Operators  # sizes; None among them where one is not known
DTypeLike: TypeAlias = DType | npt.DTypeLike | None  # None: the default
