"""Arrays of other libraries as NumPy's, in the same memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def reader(x: Any) -> Callable[[Any], np.ndarray]:
    """The function of NumPy that reads x without a copy, if one can."""
    return np.from_dlpack if hasattr(x, "__dlpack__") and not hasattr(x, "__array__") else np.asarray


def as_ndarray(x: Any, name: str) -> np.ndarray:
    """x as an array of NumPy, in the same memory where there is an array in x.

    TypeError: x lies on another device, asks for gradients, is sparse, or has elements of a type that NumPy lacks.
    Source: https://dmlc.github.io/dlpack/latest/python_spec.html
    """
    try:
        return reader(x)(x)
    except (BufferError, RuntimeError, TypeError) as error:
        raise TypeError(
            f"NumPy cannot read {name}, a {type(x).__module__}.{type(x).__qualname__} ({error}): only dense arrays of "
            "its own types, in the CPU's memory, without gradients. In PyTorch, x.detach().cpu().float() is one"
        ) from error
