"""Element-wise functions of one tensor, declared by name, NumPy function and gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.convert import operand
from ..engine.tape import record
from ..engine.tensor import Tensor
from ._call import floats, quiet

Unary = Callable[[Any], Tensor]


def unary(
    name: str,
    formula: str,
    value: Callable[[np.ndarray], Any],
    gradient: Callable[[Tensor, Tensor, Tensor], Tensor] | None = None,
    integers: bool = False,
) -> Unary:
    """The operation y = value(x), whose gradient by x is gradient(g, x, y); None: it has no gradient.

    integers: whether it takes integers and bools; else they are an InvalidArgumentError
    """

    def function(x: Any) -> Tensor:
        x = operand(x) if integers else floats(x, name)
        result = quiet(value, x._array)
        if gradient is None:
            return Tensor(np.asarray(result))
        y = record(result, (x,), lambda g: (lambda: gradient(g, x, y),))
        return y

    function.__name__ = function.__qualname__ = name
    function.__doc__, function.__module__ = formula, __package__  # the package exports it: pickle finds it there
    return function
