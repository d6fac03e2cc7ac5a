"""Elementary and activation functions, each with its derivative."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.call import quiet
from ..engine.convert import cast, floats, operand, pair
from ..engine.tape import record
from ..engine.tensor import Tensor
from ..engine.typing import TensorLike
from ._chain import masked, multiply_no_nan
from .arithmetic import abs as absolute
from .arithmetic import divide, exp, log, sigmoid, sqrt, square, tanh, where
from .compare import equal
from .forms import Unary, unary

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al., 2017


def _smooth(
    name: str, formula: str, value: Callable[[np.ndarray], Any], slope: Callable[[Tensor, Tensor], Any]
) -> Unary:
    """The operation y = value(x), whose derivative is slope(x, y)."""
    return unary(name, formula, value, lambda g, x, y: multiply_no_nan(slope(x, y), g))


def _erf(a: np.ndarray) -> np.ndarray:
    """Exact, one by one: NumPy has no error function."""
    return np.fromiter(map(math.erf, a.ravel().tolist()), a.dtype, a.size).reshape(a.shape)


rsqrt = _smooth("rsqrt", "1 / sqrt(x)", lambda a: 1 / np.sqrt(a), lambda x, y: -0.5 * y**3)
reciprocal = _smooth("reciprocal", "1 / x", np.reciprocal, lambda x, y: -square(y))
expm1 = _smooth("expm1", "exp(x) - 1, also for tiny x", np.expm1, lambda x, y: exp(x))
log1p = _smooth("log1p", "log(1 + x), also for tiny x", np.log1p, lambda x, y: 1 / (1 + x))
sin = _smooth("sin", "The sine of x in radians.", np.sin, lambda x, y: cos(x))
cos: Unary = _smooth("cos", "The cosine of x in radians.", np.cos, lambda x, y: -sin(x))
tan = _smooth("tan", "The tangent of x in radians.", np.tan, lambda x, y: 1 / square(cos(x)))
asin = _smooth("asin", "The angle of a sine.", np.arcsin, lambda x, y: 1 / sqrt(1 - square(x)))
acos = _smooth("acos", "The angle of a cosine.", np.arccos, lambda x, y: -1 / sqrt(1 - square(x)))
atan = _smooth("atan", "The angle of a tangent.", np.arctan, lambda x, y: 1 / (1 + square(x)))
sinh = _smooth("sinh", "(exp(x) - exp(-x)) / 2", np.sinh, lambda x, y: cosh(x))
cosh: Unary = _smooth("cosh", "(exp(x) + exp(-x)) / 2", np.cosh, lambda x, y: sinh(x))
asinh = _smooth("asinh", "The inverse of sinh.", np.arcsinh, lambda x, y: 1 / cosh(y))
acosh = _smooth("acosh", "The inverse of cosh.", np.arccosh, lambda x, y: 1 / sinh(y))
atanh = _smooth("atanh", "The inverse of tanh.", np.arctanh, lambda x, y: 1 / (1 - square(x)))
erf = _smooth(
    "erf", "2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x", _erf,
    lambda x, y: 2 / math.sqrt(math.pi) * exp(-square(x)),
)  # fmt: skip
log_sigmoid = _smooth(
    "log_sigmoid", "log(sigmoid(x))", lambda a: -np.logaddexp(-a, a.dtype.type(0)), lambda x, y: sigmoid(-x)
)
softplus = _smooth(
    "softplus", "log(1 + exp(x)), without overflow", lambda a: np.logaddexp(a, a.dtype.type(0)),
    lambda x, y: sigmoid(x),
)  # fmt: skip
elu = _smooth(
    "elu", "x, and exp(x) - 1 below 0", lambda a: np.where(a < 0, np.expm1(a), a), lambda x, y: where(y < 0, y + 1, 1.0)
)
selu = _smooth(
    "selu", "scale * x, and scale * alpha * (exp(x) - 1) below 0 (Klambauer et al., 2017)",
    lambda a: a.dtype.type(SELU_SCALE) * np.where(a < 0, a.dtype.type(SELU_ALPHA) * np.expm1(a), a),
    lambda x, y: where(y < 0, y + SELU_SCALE * SELU_ALPHA, SELU_SCALE),
)  # fmt: skip
softsign = _smooth("softsign", "x / (1 + |x|)", lambda a: a / (1 + np.abs(a)), lambda x, y: 1 / square(1 + absolute(x)))


def relu6(features: TensorLike) -> Tensor:
    """min(max(x, 0), 6)"""
    x = operand(features)
    a = x._array
    return record(np.clip(a, 0, 6), (x,), lambda g: (lambda: masked(g, (a > 0) & (a < 6), (x,)),))


def leaky_relu(features: TensorLike, alpha: float = 0.2) -> Tensor:
    """x, and alpha * x where x is not positive."""
    x = operand(features)
    if not isinstance(alpha, (int, float, np.number)):
        raise TypeError(f"alpha is a Python number, which has no gradient, got {alpha!r}")
    x = x if x._array.dtype.kind == "f" else cast(x, np.float32)
    a = x._array
    value = quiet(lambda: np.where(a > 0, a, a.dtype.type(alpha) * a))
    return record(value, (x,), lambda g: (lambda: masked(g, a > 0, (x,), alpha),))


def gelu(features: TensorLike, approximate: bool = False) -> Tensor:
    """x times the normal distribution's P(X <= x): by erf, or by the tanh that approximates it."""
    x = floats(features, "gelu")
    if approximate:
        return 0.5 * x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + erf(x * math.sqrt(0.5)))


def silu(features: TensorLike, beta: float = 1.0) -> Tensor:
    """x * sigmoid(beta * x)"""
    x = floats(features, "silu")
    return x * sigmoid(beta * x)


def xdivy(x: TensorLike, y: TensorLike) -> Tensor:
    """x / y, and 0 where x is 0."""
    x, y = pair(floats(x, "xdivy"), y)
    return where(equal(x, 0), 0, divide(x, where(equal(x, 0), 1, y)))


def xlogy(x: TensorLike, y: TensorLike) -> Tensor:
    """x * log(y), and 0 where x is 0."""
    x, y = pair(floats(x, "xlogy"), y)
    return x * log(where(equal(x, 0), 1, y))


def xlog1py(x: TensorLike, y: TensorLike) -> Tensor:
    """x * log(1 + y), and 0 where x is 0."""
    x, y = pair(floats(x, "xlog1py"), y)
    return x * log1p(where(equal(x, 0), 0, y))
