"""Numba: loops with prange, compiled without fastmath: no sum is reordered.

Products are its np.dot, which calls SciPy's BLAS: without SciPy there are none.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from math import exp, log, sqrt
from typing import Any, ClassVar

import numba
import numpy as np
from numba import njit, prange
from numpy import float32

from ..measure.cases import PRODUCTS, Case
from .calls import Calls

ZERO = float32(0)  # a float64 would make a loop compute in float64


def elementwise(function: Callable) -> Callable:
    """Of two arrays of one shape."""
    one = njit(function)

    @njit(parallel=True)
    def call(x, y, out=None):
        if out is None:
            out = np.empty_like(x)
        a, b, c = x.reshape(-1), y.reshape(-1), out.reshape(-1)
        for i in prange(a.size):
            c[i] = one(a[i], b[i])
        return out

    return call


def rowwise(function: Callable) -> Callable:
    """Of an array and one of its last axes' shape."""
    one = njit(function)

    @njit(parallel=True)
    def call(x, y):
        out = np.empty_like(x)
        a, b, c = x.reshape(-1, y.size), y.reshape(-1), out.reshape(-1, y.size)
        for i in prange(len(a)):
            for j in range(len(b)):
                c[i, j] = one(a[i, j], b[j])
        return out

    return call


def _add(a, b):
    return a + b


def _maximum(a, b):
    return max(a, b)


@njit(parallel=True)
def relu(x, out=None):
    if out is None:
        out = np.empty_like(x)
    a, b = x.reshape(-1), out.reshape(-1)
    for i in prange(a.size):
        b[i] = max(a[i], ZERO)
    return out


@njit
def dot(x, y):
    return np.dot(x, y)


@njit  # a prange behind it would share the CPUs with BLAS's threads, which spin on: some ms instead of 30 us
def dense(x, w, b):
    z = np.dot(x, w)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] = max(z[i, j] + b[j], ZERO)
    return z


@njit(parallel=True)
def softmax(x):
    z = np.empty_like(x)
    for i in prange(len(x)):
        largest, total = x[i].max(), ZERO
        for j in range(x.shape[1]):
            z[i, j] = exp(x[i, j] - largest)
            total += z[i, j]
        for j in range(x.shape[1]):
            z[i, j] /= total
    return z


@njit  # row by row, so that a column's sum is no bottleneck; threads would each need a row of sums
def sum_rows(x):
    total = np.zeros(x.shape[1], x.dtype)
    for i in range(len(x)):
        for j in range(len(total)):
            total[j] += x[i, j]
    return total


@njit(parallel=True)
def softmax_cross_entropy(logits, labels):
    z, losses = np.empty_like(logits), np.empty(len(logits), logits.dtype)
    for i in prange(len(logits)):
        largest, total = logits[i].max(), ZERO
        for j in range(logits.shape[1]):
            z[i, j] = exp(logits[i, j] - largest)
            total += z[i, j]
        for j in range(logits.shape[1]):
            z[i, j] /= total
        z[i, labels[i]] -= float32(1)
        losses[i] = log(total) - (logits[i, labels[i]] - largest)
    return losses, z


# Updates loop over rows and columns: prange over reshape(-1) of three arrays that change loses some of the changes.
@njit(parallel=True)
def sgd_update(w, g, learning_rate):
    rate = float32(learning_rate)
    for i in prange(w.shape[0]):
        for j in range(w.shape[1]):
            w[i, j] -= rate * g[i, j]


@njit(parallel=True)
def momentum_update(w, m, g, learning_rate, momentum):
    rate, kept = float32(learning_rate), float32(momentum)
    for i in prange(w.shape[0]):
        for j in range(w.shape[1]):
            m[i, j] = kept * m[i, j] - rate * g[i, j]
            w[i, j] += m[i, j]


@njit(parallel=True)
def rmsprop_update(w, v, g, learning_rate, rho, epsilon):
    rate, kept, rest, small = float32(learning_rate), float32(rho), float32(1 - rho), float32(epsilon)
    for i in prange(w.shape[0]):
        for j in range(w.shape[1]):
            v[i, j] = kept * v[i, j] + rest * g[i, j] * g[i, j]
            w[i, j] -= rate * g[i, j] / sqrt(v[i, j] + small)


@njit(parallel=True)
def adam_update(w, m, v, g, learning_rate, beta_1, beta_2, epsilon, step):
    rest_1, rest_2, small = float32(1 - beta_1), float32(1 - beta_2), float32(epsilon)
    rate = float32(learning_rate * (1 - beta_2**step) ** 0.5 / (1 - beta_1**step))
    for i in prange(w.shape[0]):
        for j in range(w.shape[1]):
            m[i, j] += rest_1 * (g[i, j] - m[i, j])
            v[i, j] += rest_2 * (g[i, j] * g[i, j] - v[i, j])
            w[i, j] -= rate * m[i, j] / (sqrt(v[i, j]) + small)


class Numba(Calls):
    version = f"Numba {numba.__version__}"
    into: ClassVar = {
        "relu": relu,
        "add": elementwise(_add),
        "maximum": elementwise(_maximum),
        "add_relu": elementwise(lambda a, b: max(a + b, ZERO)),
    }
    functions: ClassVar = {
        **into,
        "add_matrix_and_vector": rowwise(_add),
        "vector_dot": dot,
        "matrix_vector_dot": dot,
        "dot": dot,
        "dense": dense,
        "softmax": softmax,
        "relu_grad": elementwise(lambda a, b: a if b > ZERO else ZERO),
        "sum_rows": sum_rows,
        "softmax_cross_entropy": softmax_cross_entropy,
        "sgd_update": sgd_update,
        "momentum_update": momentum_update,
        "rmsprop_update": rmsprop_update,
        "adam_update": adam_update,
    }

    def __init__(self, threads: int) -> None:
        numba.set_num_threads(threads)

    def function(self, case: Case) -> Callable | None:
        if case.operation in PRODUCTS and find_spec("scipy") is None:
            return None
        if case.operation == "maximum" and case.shapes[0] != case.shapes[1]:
            return rowwise(_maximum)
        return super().function(case)

    def numpy(self, array: Any) -> np.ndarray:
        """Numba makes a scalar result, a float32 too, a Python float."""
        return np.asarray(array, float32 if isinstance(array, float) else None)
