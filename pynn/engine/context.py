"""What programs ask of the run time: whether it is eager, what a tensor is, the logger."""

from __future__ import annotations

import logging

from .tensor import Operators
from .typing import TensorLike


def executing_eagerly() -> bool:
    """True: operations run when they are called."""
    return True


def is_tensor(x: TensorLike) -> bool:
    """Whether x is a Tensor or a Variable."""
    return isinstance(x, Operators)


def get_logger() -> logging.Logger:
    """The logger of pynn."""
    return logging.getLogger("pynn")
