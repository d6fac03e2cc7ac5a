"""The outermost call of a layer in this thread: its `training`, and the losses that layers inside add."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from ...engine.tensor import Tensor

OUTSIDE = object()  # no layer is being called


class _Scope(threading.local):
    training: Any = OUTSIDE  # the argument of the outermost call

    def __init__(self) -> None:
        self.losses: list[Tensor] = []  # that layers add during the call


scope = _Scope()


def is_told_training() -> bool:
    """Whether the outermost call has the argument `training`."""
    return isinstance(scope.training, (bool, np.bool_))
