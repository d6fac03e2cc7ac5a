"""The operations as the first chapters of deep learning write them: pure Python loops, one element at a time.

They are the ladder's lowest rung: the yardstick of its speed-ups, and the plainest statement of what an operation
does. They take and return NumPy arrays. Source of the loops: F. Chollet, "Deep Learning with Python", 2nd edition,
chapter 2, whose program these restate; of the update: Keras 3 (keras/src/optimizers/rmsprop.py).
"""

from __future__ import annotations

import math

import numpy as np


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise ValueError(what)


def naive_relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0) for a matrix (m, n). ValueError for other shapes."""
    _require(x.ndim == 2, f"naive_relu takes a matrix, not shape {x.shape}")
    out = x.copy()
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            # `not <=` rather than max(): NaN must stay NaN, whichever side it stands on
            out[i, j] = x[i, j] if not x[i, j] <= 0 else 0
    return out


def naive_add(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x + y for two matrices (m, n) of one shape. ValueError for other shapes."""
    _require(
        x.ndim == 2 and x.shape == y.shape,
        f"naive_add takes two matrices of one shape, not {x.shape} {y.shape}",
    )
    out = np.empty(x.shape, np.result_type(x, y))
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] + y[i, j]
    return out


def naive_add_matrix_and_vector(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x + y for a matrix (m, n) and a vector (n,), added to each row. ValueError for other shapes."""
    _require(
        x.ndim == 2 and y.ndim == 1 and x.shape[1] == y.shape[0],
        f"naive_add_matrix_and_vector takes (m, n) and (n,), not {x.shape} and {y.shape}",
    )
    out = np.empty(x.shape, np.result_type(x, y))
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] + y[j]
    return out


def naive_maximum(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The larger of x and y, y broadcast to x: (..., m, n) and (m, n) or (m, 1). ValueError where the tails differ."""
    _require(
        y.ndim <= x.ndim and all(k in (1, n) for k, n in zip(y.shape[::-1], x.shape[::-1], strict=False)),
        f"naive_maximum takes x and a y of x's last axes, not {x.shape} and {y.shape}",
    )
    y = np.broadcast_to(y, x.shape)
    out = np.empty(x.shape, np.result_type(x, y))
    for at in np.ndindex(*x.shape):
        a, b = x[at], y[at]
        out[at] = a if a > b or math.isnan(a) else b
    return out


def naive_add_relu(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """max(x + y, 0) for two matrices (m, n) of one shape, in two passes. ValueError for other shapes."""
    return naive_relu(naive_add(x, y))


def naive_vector_dot(x: np.ndarray, y: np.ndarray) -> float:
    """Sum of x[i] y[i] over two vectors (d,), in double precision. ValueError for other shapes."""
    _require(
        x.ndim == 1 and x.shape == y.shape,
        f"naive_vector_dot takes two vectors of one length, not {x.shape} {y.shape}",
    )
    z = 0.0
    for i in range(x.shape[0]):
        z += float(x[i]) * float(y[i])
    return z


def naive_matrix_vector_dot(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x . y for a matrix (m, d) and a vector (d,): one vector dot per row -> (m,). ValueError for other shapes."""
    _require(
        x.ndim == 2 and y.ndim == 1 and x.shape[1] == y.shape[0],
        f"naive_matrix_vector_dot takes (m, d) and (d,), not {x.shape} and {y.shape}",
    )
    z = np.zeros(x.shape[0], np.result_type(x, y))
    for i in range(x.shape[0]):
        z[i] = naive_vector_dot(x[i, :], y)
    return z


def naive_matrix_dot(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x . y for matrices (m, d) and (d, n): one vector dot per element -> (m, n). ValueError for other shapes."""
    _require(
        x.ndim == 2 and y.ndim == 2 and x.shape[1] == y.shape[0],
        f"naive_matrix_dot takes (m, d) and (d, n), not {x.shape} and {y.shape}",
    )
    z = np.zeros((x.shape[0], y.shape[1]), np.result_type(x, y))
    for i in range(x.shape[0]):
        for j in range(y.shape[1]):
            z[i, j] = naive_vector_dot(x[i, :], y[:, j])
    return z


def naive_softmax(x: np.ndarray) -> np.ndarray:
    """exp(x - max) / sum of exp(x - max) over each row of a matrix (m, n). ValueError for other shapes."""
    _require(x.ndim == 2, f"naive_softmax takes a matrix, not shape {x.shape}")
    out = np.empty_like(x)
    for i in range(x.shape[0]):
        top = max((float(v) for v in x[i]), default=0.0)
        total = 0.0
        for j in range(x.shape[1]):
            out[i, j] = math.exp(x[i, j] - top)
            total += out[i, j]
        for j in range(x.shape[1]):
            out[i, j] /= total
    return out


def naive_dense(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """relu(x . w + b), the layer of the chapter: (m, d), (d, n), (n,) -> (m, n). ValueError for other shapes."""
    return naive_relu(naive_add_matrix_and_vector(naive_matrix_dot(x, w), b))


def naive_rmsprop_update(
    w: np.ndarray, v: np.ndarray, g: np.ndarray, learning_rate: float, rho: float, epsilon: float
) -> None:
    """v = rho v + (1 - rho) g g; w -= learning_rate g / sqrt(v + epsilon), in place, for arrays of one shape.

    Epsilon stands inside the root. ValueError for other shapes and for a read-only w or v, before anything is written.
    """
    _require(
        w.shape == v.shape == g.shape,
        f"naive_rmsprop_update takes three arrays of one shape, not {w.shape} {v.shape} {g.shape}",
    )
    _require(
        w.flags.writeable and v.flags.writeable, "naive_rmsprop_update takes a w and a v to write, not read-only ones"
    )
    for at in np.ndindex(*w.shape):
        v[at] = rho * v[at] + (1 - rho) * g[at] * g[at]
        square = v[at] + epsilon
        w[at] -= learning_rate * g[at] / (math.sqrt(square) if square >= 0 else math.nan)  # no error halfway through
