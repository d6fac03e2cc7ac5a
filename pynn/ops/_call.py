"""How operations call NumPy and the kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..convert import operand
from ..dtypes import InvalidArgumentError
from ..tensor import Tensor


def run(function: Callable[..., Any], *arguments: Any) -> Any:
    """function(*arguments); shapes that do not go together are an InvalidArgumentError, as in TensorFlow."""
    try:
        return function(*arguments)
    except ValueError as error:
        raise InvalidArgumentError(str(error)) from None


def quiet(function: Callable[..., Any], *arguments: Any) -> Any:
    """As `run`; dividing by zero, overflow and NaN give no warnings, as in TensorFlow."""
    with np.errstate(all="ignore"):
        return run(function, *arguments)


def fast(kernel: Callable[..., Any], function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    """As `run`: the kernel where it has the type, NumPy's function for integers and halves."""
    return run(kernel if arrays[0].dtype.char in "fd" else function, *arrays)


def floats(x: Any, name: str) -> Tensor:
    """The operand of an operation that integers do not have."""
    x = operand(x)
    if x._array.dtype.kind != "f":
        raise InvalidArgumentError(f"{name} needs a float tensor, got {x._array.dtype}: tf.cast(x, tf.float32)")
    return x
