"""Forms of operations: element-wise functions of one tensor, and moves of its elements."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from ..engine.call import quiet, run
from ..engine.convert import floats, operand
from ..engine.tape import record
from ..engine.tensor import Tensor
from ..engine.typing import TensorLike

Unary = Callable[[Any], Tensor]
Move = Callable[[np.ndarray], np.ndarray]
Function = TypeVar("Function", bound=Callable[..., Any])


def named(function: Function, name: str, doc: str) -> Function:
    """The function under the name by which `pynn.ops` exports it, where pickle finds it."""
    function.__name__ = function.__qualname__ = name
    function.__doc__, function.__module__ = doc, __package__
    return function


def unary(
    name: str, formula: str, value: Callable[[np.ndarray], Any],
    gradient: Callable[[Tensor, Tensor, Tensor], Tensor] | None = None, integers: bool = False,
) -> Unary:  # fmt: skip
    """The operation y = value(x), whose gradient by x is gradient(g, x, y); None: it has no gradient.

    integers: whether it takes integers and bools; else they are an InvalidArgumentError
    """

    def function(x: TensorLike) -> Tensor:
        x = operand(x) if integers else floats(x, name)
        result = quiet(value, x._array)
        if gradient is None:
            return Tensor(np.asarray(result))
        y = record(result, (x,), lambda g: (lambda: gradient(g, x, y),))
        return y

    return named(function, name, formula)


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
