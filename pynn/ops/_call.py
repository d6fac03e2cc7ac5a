"""How operations call NumPy and the kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..convert import operand
from ..dtypes import InvalidArgumentError
from ..tensor import Tensor


def run(function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    try:
        return function(*arrays)
    except ValueError as error:  # shapes that do not go together
        raise InvalidArgumentError(str(error)) from None


def quiet(function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    """function(*arrays); dividing by zero, overflow and NaN give no warnings, as in TensorFlow."""
    with np.errstate(all="ignore"):
        return run(function, *arrays)


def fast(kernel: Callable[..., Any], function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    """The kernel where it has the type, NumPy's function for integers and halves."""
    return run(kernel if arrays[0].dtype.char in "fd" else function, *arrays)


def floats(x: Any, name: str) -> Tensor:
    x = operand(x)
    if x._array.dtype.kind != "f":
        raise InvalidArgumentError(f"{name} needs a float tensor, got {x._array.dtype}: tf.cast(x, tf.float32)")
    return x
