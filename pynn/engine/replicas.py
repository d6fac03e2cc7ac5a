"""The processes that train one model together, each with its rows of every batch: which are at work here, if any."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ..distribute.ranks import Ranks as Ranks


started: Ranks | None = None  # all, once a strategy is made and they are several
active: Ranks | None = None  # while they share what fit or evaluate does
scoped: Ranks | None = None  # inside `strategy.scope()`, for models that are made or compiled there


def is_first() -> bool:
    """Whether this process prints, logs and saves in a scope: it is alone, or rank 0."""
    return scoped is None or scoped.rank == 0


def drawn(draw: Callable[..., Any], shape: tuple[int, ...]) -> Any:
    """Random float32 for this rank's rows: a part of what one process would draw for the batch."""
    first, last, rows = active.batch if active else (0, 0, 0)
    own = last - first
    if not (rows and shape) or (shape[0] % own if own else shape[0]):  # not of the batch
        return draw(shape, np.float32)
    times = shape[0] // own if own else 1  # rows for each of the batch
    return draw((rows * times, *shape[1:]), np.float32)[first * times : last * times]
