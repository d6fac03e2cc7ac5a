"""Activation functions beyond relu, sigmoid, tanh and softmax, each with its gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.convert import operand
from ..engine.tape import record
from ..engine.tensor import Tensor
from ._call import floats, quiet
from ._chain import masked
from .arithmetic import abs as absolute
from .arithmetic import cast, sigmoid, square, tanh, where
from .functions import elementary, erf

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al., 2017

softplus = elementary(
    "softplus", "log(1 + exp(x)), without overflow", lambda a: np.logaddexp(a, a.dtype.type(0)),
    lambda x, y: sigmoid(x),
)  # fmt: skip
elu = elementary(
    "elu", "x, and exp(x) - 1 below 0", lambda a: np.where(a < 0, np.expm1(a), a), lambda x, y: where(y < 0, y + 1, 1.0)
)
selu = elementary(
    "selu", "scale * x, and scale * alpha * (exp(x) - 1) below 0 (Klambauer et al., 2017)",
    lambda a: a.dtype.type(SELU_SCALE) * np.where(a < 0, a.dtype.type(SELU_ALPHA) * np.expm1(a), a),
    lambda x, y: where(y < 0, y + SELU_SCALE * SELU_ALPHA, SELU_SCALE),
)  # fmt: skip
softsign = elementary(
    "softsign", "x / (1 + |x|)", lambda a: a / (1 + np.abs(a)), lambda x, y: 1 / square(1 + absolute(x))
)


def relu6(features: Any) -> Tensor:
    """min(max(x, 0), 6)"""
    x = operand(features)

    a = x._array
    return record(np.clip(a, 0, 6), (x,), lambda g: (lambda: masked(g, (a > 0) & (a < 6), (x,)),))


def leaky_relu(features: Any, alpha: float = 0.2) -> Tensor:
    """x, and alpha * x where x is not positive."""
    x = operand(features)
    if not isinstance(alpha, (int, float, np.number)):
        raise TypeError(f"alpha is a Python number, which has no gradient, got {alpha!r}")
    if x._array.dtype.kind != "f":
        x = cast(x, np.float32)
    a = x._array
    value = quiet(lambda: np.where(a > 0, a, a.dtype.type(alpha) * a))
    return record(value, (x,), lambda g: (lambda: masked(g, a > 0, (x,), alpha),))


def gelu(features: Any, approximate: bool = False) -> Tensor:
    """x times the normal distribution's P(X <= x): by erf, or by the tanh that approximates it."""
    x = floats(features, "gelu")
    if approximate:
        return 0.5 * x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + erf(x * math.sqrt(0.5)))


def silu(features: Any, beta: float = 1.0) -> Tensor:
    """x * sigmoid(beta * x)"""
    x = floats(features, "silu")
    return x * sigmoid(beta * x)
