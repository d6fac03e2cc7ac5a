"""Numba: loops with prange, compiled without fastmath: no sum is reordered.

Loops, since expressions of arrays, which it parallelizes too, took half as long again (add_relu of 1000x1000), twice
(a vector added to each row) or 2.5 times (the update). Products are its np.dot, which calls SciPy's BLAS: without SciPy
there are none.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from math import exp, sqrt
from typing import Any

import numpy as np
from numpy import float32

from .calls import Calls

ZERO = float32(0)  # a float64 would make a loop compute in float64


class Numba(Calls):
    def __init__(self, threads: int) -> None:
        import numba
        from numba import njit, prange

        def elementwise(function: Callable) -> Callable:
            """Of an array and one of its shape, or of its last axes'."""
            one = njit(function)

            @njit(parallel=True)
            def call(x, y):
                out = np.empty_like(x)
                if x.size == y.size:
                    a, b, c = x.reshape(-1), y.reshape(-1), out.reshape(-1)
                    for i in prange(a.size):
                        c[i] = one(a[i], b[i])
                else:
                    rows, row, results = x.reshape(-1, y.size), y.reshape(-1), out.reshape(-1, y.size)
                    for i in prange(len(rows)):
                        for j in range(len(row)):
                            results[i, j] = one(rows[i, j], row[j])
                return out

            return call

        # a prange behind np.dot would share the CPUs with BLAS's threads, which spin on: some ms instead of 30 us
        @njit
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

        # over rows and columns: prange over reshape(-1) of arrays that change loses some of the changes
        @njit(parallel=True)
        def rmsprop_update(w, v, g, learning_rate, rho, epsilon):
            rate, kept, rest, small = float32(learning_rate), float32(rho), float32(1 - rho), float32(epsilon)
            for i in prange(w.shape[0]):
                for j in range(w.shape[1]):
                    v[i, j] = kept * v[i, j] + rest * g[i, j] * g[i, j]
                    w[i, j] -= rate * g[i, j] / sqrt(v[i, j] + small)

        numba.set_num_threads(threads)
        self.version = f"Numba {numba.__version__}"
        first = elementwise(lambda a, b: max(a, ZERO))
        self.functions = {
            "relu": njit(lambda x: first(x, x)),
            "add": elementwise(lambda a, b: a + b),
            "maximum": elementwise(lambda a, b: max(a, b)),
            "add_relu": elementwise(lambda a, b: max(a + b, ZERO)),
            "softmax": softmax,
            "rmsprop_update": rmsprop_update,
        }
        if find_spec("scipy"):
            self.functions |= {"dot": njit(lambda x, y: np.dot(x, y)), "dense": dense}

    def numpy(self, array: Any) -> np.ndarray:
        """Numba makes a scalar result, a float32 too, a Python float."""
        return np.asarray(array, float32 if isinstance(array, float) else None)
