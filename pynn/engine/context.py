"""What surrounds operations: devices, and the logger."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import InvalidArgumentError
from .tensor import Operators
from .typing import TensorLike

_CPU = re.compile(r"(/job:localhost|/replica:0|/task:0)*/?(device:)?cpu(:(0|\*))?", re.IGNORECASE)


def executing_eagerly() -> bool:
    """True: operations run when they are called."""
    return True


def is_tensor(x: TensorLike) -> bool:
    """Whether x is a Tensor or a Variable."""
    return isinstance(x, Operators)


@contextmanager
def device(device_name: str | None) -> Iterator[None]:
    """The device of what is inside, which can only be the CPU.

    InvalidArgumentError: another device. ValueError: it names none.
    """
    if device_name is not None and not _CPU.fullmatch(device_name):
        if not re.search(r"[gt]pu|cpu", device_name, re.IGNORECASE):
            raise ValueError(f"Unknown device {device_name!r}: there is /CPU:0")
        raise InvalidArgumentError(f"Could not satisfy device specification {device_name!r}: there is only /CPU:0")
    yield


def get_logger() -> logging.Logger:
    """The logger of pynn."""
    return logging.getLogger("pynn")
