"""Elementary functions of float tensors, each with its derivative: a table, since they differ in nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.convert import pair
from ..engine.tape import record
from ..engine.tensor import Tensor
from ._call import floats, quiet
from ._chain import multiply_no_nan
from .arithmetic import divide, exp, log, sigmoid, sqrt, square, where
from .compare import equal


def elementary(
    name: str, formula: str, value: Callable[[np.ndarray], Any], slope: Callable[[Tensor, Tensor], Any]
) -> Callable[[Any], Tensor]:
    """The operation y = value(x), whose derivative is slope(x, y)."""

    def function(x: Any) -> Tensor:
        x = floats(x, name)
        y = record(quiet(value, x._array), (x,), lambda g: (lambda: multiply_no_nan(slope(x, y), g),))
        return y

    function.__name__ = function.__qualname__ = name
    function.__doc__, function.__module__ = formula, slope.__module__  # where pickle finds it
    return function


def xdivy(x: Any, y: Any) -> Tensor:
    """x / y, and 0 where x is 0."""
    x, y = pair(floats(x, "xdivy"), y)
    return where(equal(x, 0), 0, divide(x, where(equal(x, 0), 1, y)))


def xlogy(x: Any, y: Any) -> Tensor:
    """x * log(y), and 0 where x is 0."""
    x, y = pair(floats(x, "xlogy"), y)
    return x * log(where(equal(x, 0), 1, y))


def xlog1py(x: Any, y: Any) -> Tensor:
    """x * log(1 + y), and 0 where x is 0."""
    x, y = pair(floats(x, "xlog1py"), y)
    return x * log1p(where(equal(x, 0), 0, y))


def _erf(a: np.ndarray) -> np.ndarray:
    """Exact, one by one: NumPy has no error function."""
    return np.fromiter(map(math.erf, a.ravel().tolist()), a.dtype, a.size).reshape(a.shape)


rsqrt = elementary("rsqrt", "1 / sqrt(x)", lambda a: 1 / np.sqrt(a), lambda x, y: -0.5 * y**3)
reciprocal = elementary("reciprocal", "1 / x", np.reciprocal, lambda x, y: -square(y))
expm1 = elementary("expm1", "exp(x) - 1, also for tiny x", np.expm1, lambda x, y: exp(x))
log1p = elementary("log1p", "log(1 + x), also for tiny x", np.log1p, lambda x, y: 1 / (1 + x))
log_sigmoid = elementary(
    "log_sigmoid", "log(sigmoid(x))", lambda a: -np.logaddexp(-a, a.dtype.type(0)), lambda x, y: sigmoid(-x)
)


# mypy knows the type of no name above the line that makes it
def _cos(x: Any) -> Tensor:
    return cos(x)


def _cosh(x: Any) -> Tensor:
    return cosh(x)


sin = elementary("sin", "The sine of x in radians.", np.sin, lambda x, y: _cos(x))
cos = elementary("cos", "The cosine of x in radians.", np.cos, lambda x, y: -sin(x))
tan = elementary("tan", "The tangent of x in radians.", np.tan, lambda x, y: 1 / square(cos(x)))
asin = elementary("asin", "The angle of a sine.", np.arcsin, lambda x, y: 1 / sqrt(1 - square(x)))
acos = elementary("acos", "The angle of a cosine.", np.arccos, lambda x, y: -1 / sqrt(1 - square(x)))
atan = elementary("atan", "The angle of a tangent.", np.arctan, lambda x, y: 1 / (1 + square(x)))
sinh = elementary("sinh", "(exp(x) - exp(-x)) / 2", np.sinh, lambda x, y: _cosh(x))
cosh = elementary("cosh", "(exp(x) + exp(-x)) / 2", np.cosh, lambda x, y: sinh(x))
asinh = elementary("asinh", "The inverse of sinh.", np.arcsinh, lambda x, y: 1 / cosh(y))
acosh = elementary("acosh", "The inverse of cosh.", np.arccosh, lambda x, y: 1 / sinh(y))
atanh = elementary("atanh", "The inverse of tanh.", np.arctanh, lambda x, y: 1 / (1 - square(x)))
erf = elementary(
    "erf", "2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x", _erf,
    lambda x, y: 2 / math.sqrt(math.pi) * exp(-square(x)),
)  # fmt: skip
