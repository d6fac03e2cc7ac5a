"""numexpr: one expression per pass over the arrays; NumPy does what an expression cannot say. It has no products.

Its maximum(x, y) of float32 computes in float64, as would float64 scalars: hence `where`, and float32(scalar). Where
one side is 0, a product with the condition takes a third of the time of `where`, whose branch is hard to foretell.
"""
# ruff: noqa: F841, RUF059  `evaluate` finds its names in the caller

from __future__ import annotations

from typing import ClassVar

import numexpr
from numexpr import evaluate
from numpy import float32

from .calls import Calls


def relu(x, out=None):
    return evaluate("x * (x > 0)", out=out)


def add(x, y, out=None):
    return evaluate("x + y", out=out)


def maximum(x, y, out=None):
    return evaluate("where(x > y, x, y)", out=out)


def add_relu(x, y, out=None):
    return evaluate("(x + y) * (x + y > 0)", out=out)  # it computes the sum once


def softmax(x):
    largest = x.max(axis=-1, keepdims=True)
    z = evaluate("exp(x - largest)")
    total = z.sum(axis=-1, keepdims=True)
    return evaluate("z / total", out=z)


def relu_grad(x, y):
    return evaluate("x * (y > 0)")


def sum_rows(x):
    return evaluate("sum(x, axis=0)")


def sgd_update(w, g, learning_rate):
    rate = float32(learning_rate)
    evaluate("w - rate * g", out=w)


def momentum_update(w, m, g, learning_rate, momentum):
    rate, kept = float32(learning_rate), float32(momentum)
    evaluate("kept * m - rate * g", out=m)
    evaluate("w + m", out=w)


def rmsprop_update(w, v, g, learning_rate, rho, epsilon):
    rate, kept, rest, small = map(float32, (learning_rate, rho, 1 - rho, epsilon))
    evaluate("kept * v + rest * g * g", out=v)
    evaluate("w - rate * g / sqrt(v + small)", out=w)


def adam_update(w, m, v, g, learning_rate, beta_1, beta_2, epsilon, step):
    rate = float32(learning_rate * (1 - beta_2**step) ** 0.5 / (1 - beta_1**step))
    rest_1, rest_2, small = map(float32, (1 - beta_1, 1 - beta_2, epsilon))
    evaluate("m + rest_1 * (g - m)", out=m)
    evaluate("v + rest_2 * (g * g - v)", out=v)
    evaluate("w - rate * m / (sqrt(v) + small)", out=w)


class Numexpr(Calls):
    version = f"numexpr {numexpr.__version__}"
    into: ClassVar = {"relu": relu, "add": add, "maximum": maximum, "add_relu": add_relu}
    functions: ClassVar = {
        **into,
        "add_matrix_and_vector": add,
        "softmax": softmax,
        "relu_grad": relu_grad,
        "sum_rows": sum_rows,
        "sgd_update": sgd_update,
        "momentum_update": momentum_update,
        "rmsprop_update": rmsprop_update,
        "adam_update": adam_update,
    }

    def __init__(self, threads: int) -> None:
        numexpr.set_num_threads(threads)
