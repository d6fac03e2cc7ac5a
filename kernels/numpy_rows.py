"""Products by loops in Python over whole rows, on which NumPy works: the interpreter's turn serves all of a row.

The innermost of the three loops has gone into NumPy, in the order i-p-j, in which it runs along rows.
"""

from __future__ import annotations

import numpy as np

from kernels.lists import _check


def matrix_dot(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x . y for matrices (m, d) and (d, n) -> (m, n). ValueError for other shapes."""
    _check(x.ndim == y.ndim == 2 and x.shape[1] == y.shape[0], "matrices (m, d) and (d, n)", x, y)
    z = np.zeros((x.shape[0], y.shape[1]), np.result_type(x, y))
    for i in range(x.shape[0]):
        for p in range(x.shape[1]):
            z[i] += x[i, p] * y[p]
    return z


def dense(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """relu(x . w + b): (m, d), (d, n), (n,) -> (m, n). ValueError for other shapes."""
    _check(b.shape == w.shape[1:], "a matrix (d, n) and a vector (n,)", w, b)
    z = matrix_dot(x, w)
    for i in range(len(z)):
        z[i] = np.maximum(z[i] + b, 0)
    return z
