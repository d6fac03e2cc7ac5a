"""What the layers inside know of the outermost call that is going on in this thread."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from ...engine.tensor import Tensor

OUTSIDE = object()  # no call is going on


class _Scope(threading.local):
    training: Any = OUTSIDE  # as the outermost layer was told

    def __init__(self) -> None:
        self.call: list[Tensor] = []  # the losses that layers add during the call


scope = _Scope()


def is_told_training() -> bool:
    """Whether the outermost layer was told if the call is for training."""
    return isinstance(scope.training, (bool, np.bool_))
