"""The loops of naive.py on Python's lists and floats: what pure Python can do by itself.

NumPy makes an object of an element each time that it is asked for, and finds it by its general way of indexing; a list
holds the objects already. The functions take and return arrays, as those of naive.py do.
"""

from __future__ import annotations

import math

import numpy as np


def _check(is_right: bool, taken: str, *arrays: np.ndarray) -> None:
    if not is_right:
        raise ValueError(f"takes {taken}, not {' and '.join(str(x.shape) for x in arrays)}")


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0) for a matrix (m, n). ValueError for other shapes."""
    _check(x.ndim == 2, "a matrix", x)
    rows = x.tolist()
    for row in rows:
        for j in range(len(row)):
            row[j] = row[j] if not row[j] <= 0 else 0.0
    return np.array(rows, x.dtype).reshape(x.shape)


def add(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x + y for two matrices (m, n) of one shape. ValueError for other shapes."""
    _check(x.ndim == 2 and x.shape == y.shape, "two matrices of one shape", x, y)
    rows = x.tolist()
    for row, other in zip(rows, y.tolist(), strict=True):
        for j in range(len(row)):
            row[j] += other[j]
    return np.array(rows, np.result_type(x, y)).reshape(x.shape)


def add_matrix_and_vector(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x + y for a matrix (m, n) and a vector (n,), added to each row. ValueError for other shapes."""
    _check(x.ndim == 2 and x.shape[1:] == y.shape, "a matrix (m, n) and a vector (n,)", x, y)
    rows, vector = x.tolist(), y.tolist()
    for row in rows:
        for j in range(len(row)):
            row[j] += vector[j]
    return np.array(rows, np.result_type(x, y)).reshape(x.shape)


def maximum(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The larger of x and y, y broadcast to x: (..., m, n) and (m, n) or (m, 1). ValueError for other shapes."""
    tails = zip(y.shape[::-1], x.shape[::-1], strict=False)
    _check(y.ndim <= x.ndim and all(k in (1, n) for k, n in tails), "x and a y of x's last axes", x, y)
    a, b = x.ravel().tolist(), np.broadcast_to(y, x.shape).ravel().tolist()
    for i in range(len(a)):
        a[i] = a[i] if a[i] > b[i] or math.isnan(a[i]) else b[i]
    return np.array(a, np.result_type(x, y)).reshape(x.shape)


def add_relu(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """max(x + y, 0) for two matrices (m, n) of one shape, in two passes. ValueError for other shapes."""
    return relu(add(x, y))


def sum_of_products(a: list[float], b: list[float]) -> float:
    z = 0.0
    for i in range(len(a)):
        z += a[i] * b[i]
    return z


def vector_dot(x: np.ndarray, y: np.ndarray) -> float:
    """Sum of x[i] y[i] over two vectors (d,), in double precision. ValueError for other shapes."""
    _check(x.ndim == 1 and x.shape == y.shape, "two vectors of one length", x, y)
    return sum_of_products(x.tolist(), y.tolist())


def matrix_vector_dot(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x . y for a matrix (m, d) and a vector (d,) -> (m,). ValueError for other shapes."""
    _check(x.ndim == 2 and x.shape[1:] == y.shape, "a matrix (m, d) and a vector (d,)", x, y)
    vector, z = y.tolist(), []
    for row in x.tolist():
        z.append(sum_of_products(row, vector))
    return np.array(z, np.result_type(x, y))


def matrix_dot(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x . y for matrices (m, d) and (d, n) -> (m, n). ValueError for other shapes."""
    _check(x.ndim == y.ndim == 2 and x.shape[1] == y.shape[0], "matrices (m, d) and (d, n)", x, y)
    columns = y.T.tolist()
    z: list[list[float]] = []
    for row in x.tolist():
        z.append([])
        for column in columns:
            z[-1].append(sum_of_products(row, column))
    return np.array(z, np.result_type(x, y)).reshape(len(x), y.shape[1])


def dense(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """relu(x . w + b): (m, d), (d, n), (n,) -> (m, n). ValueError for other shapes."""
    return relu(add_matrix_and_vector(matrix_dot(x, w), b))


def softmax(x: np.ndarray) -> np.ndarray:
    """exp(x - max) / sum of exp(x - max) over each row of a matrix (m, n). ValueError for other shapes."""
    _check(x.ndim == 2, "a matrix", x)
    rows = x.tolist()
    for row in rows:
        top, total = max(row, default=0.0), 0.0
        for j in range(len(row)):
            row[j] = math.exp(row[j] - top)
            total += row[j]
        for j in range(len(row)):
            row[j] /= total
    return np.array(rows, x.dtype).reshape(x.shape)


def rmsprop_update(
    w: np.ndarray, v: np.ndarray, g: np.ndarray, learning_rate: float, rho: float, epsilon: float
) -> None:
    """v = rho v + (1 - rho) g g; w -= learning_rate g / sqrt(v + epsilon), in place, for arrays of one shape.

    Epsilon stands inside the root. ValueError for other shapes and for a read-only w or v, before anything is written.
    """
    _check(w.shape == v.shape == g.shape, "three arrays of one shape", w, v, g)
    _check(w.flags.writeable and v.flags.writeable, "a w and a v to write", w, v)
    weights, squares, gradients = w.ravel().tolist(), v.ravel().tolist(), g.ravel().tolist()
    for i in range(len(weights)):
        squares[i] = rho * squares[i] + (1 - rho) * gradients[i] * gradients[i]
        square = squares[i] + epsilon
        scale = 1 / math.sqrt(square) if square > 0 else math.inf if square == 0 else math.nan  # Python would raise
        weights[i] -= learning_rate * gradients[i] * scale
    v[...], w[...] = np.array(squares).reshape(v.shape), np.array(weights).reshape(w.shape)
