"""What only moves, repeats or drops elements: NumPy does it, and one gradient serves it all."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..engine.tape import record
from ..engine.tensor import Tensor
from ._call import run

Move = Callable[[np.ndarray], np.ndarray]


def pick(x: Tensor, move: Move) -> Tensor:
    """move(x), for a NumPy function whose every result element is some element of its argument."""
    value = np.asarray(run(move, x._array))
    if value.base is not None:  # a view would show what happens to a caller's array later
        value = value.copy()
    return record(value, (x,), lambda g: (lambda: put(g, move, x._array.shape),))


def put(g: Tensor, move: Move, shape: tuple[int, ...]) -> Tensor:
    """The gradient of `pick`: zeros of `shape`, with each element of g added where it was picked."""
    size = math.prod(shape)
    places = np.asarray(move(np.arange(size).reshape(shape)))
    value = np.zeros(size, g._array.dtype)
    np.add.at(value, places.ravel(), g._array.ravel())
    return record(value.reshape(shape), (g,), lambda h: (lambda: pick(h, move),))
