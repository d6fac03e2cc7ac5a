"""How operations call NumPy and the kernels."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from . import budget
from .errors import InvalidArgumentError


def run(function: Callable[..., Any], *arguments: Any) -> Any:
    """function(*arguments); shapes and indices that do not fit are an InvalidArgumentError, as in TensorFlow."""
    try:
        return function(*arguments)
    except (IndexError, ValueError) as error:
        raise InvalidArgumentError(str(error)) from None


class _Quiet(threading.local):
    """`run(function, *arguments)` without NumPy's warnings, in a quarter of the time that np.errstate takes.

    It cannot be entered twice: only NumPy's functions run inside, and they call nothing of ours.
    """

    def __init__(self) -> None:
        self.run = contextvars.Context().run
        self.run(np.seterr, all="ignore")


silent = _Quiet()


def quiet(function: Callable[..., Any], *arguments: Any) -> Any:
    """As `run`, for a function of NumPy; dividing by zero, overflow and NaN give no warnings, as in TensorFlow."""
    if budget.opened:
        budget.allow_broadcast(arguments)
    return run(silent.run, function, *arguments)


def fast(kernel: Callable[..., Any], function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    """As `run`: the kernel where it has the type, NumPy's function for integers and halves."""
    if budget.opened:
        budget.allow_broadcast(arrays)
    return run(kernel if arrays[0].dtype.char in "fd" else function, *arrays)
