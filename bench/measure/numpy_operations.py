"""The same operations as a careful NumPy user writes them: one pass per ufunc, no temporary that can be avoided.

What fits one line is timed without a function around it.
"""

from __future__ import annotations

import numpy as np

from .timing import Statement

add_relu = Statement(
    "maximum(z := add(x, y), 0, out=z); del z", "maximum(add(x, y, out=out), 0, out=out)", add=np.add,
    maximum=np.maximum,
)  # fmt: skip


def softmax(x):
    z = x - x.max(axis=-1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=-1, keepdims=True)
    return z


def dense(x, w, b):
    z = np.dot(x, w)
    z += b
    return np.maximum(z, 0, out=z)


def softmax_cross_entropy(logits, labels):
    rows = np.arange(len(labels))
    z = logits - logits.max(axis=-1, keepdims=True)
    losses = -z[rows, labels]
    np.exp(z, out=z)
    total = z.sum(axis=-1, keepdims=True)
    losses += np.log(total[:, 0])
    z /= total
    z[rows, labels] -= 1
    return losses, z


def sgd_update(w, g, learning_rate):
    w -= learning_rate * g


def momentum_update(w, m, g, learning_rate, momentum):
    m *= momentum
    m -= learning_rate * g
    w += m


def rmsprop_update(w, v, g, learning_rate, rho, epsilon):
    t = np.multiply(g, g)
    t *= 1 - rho
    v *= rho
    v += t
    np.add(v, epsilon, out=t)
    np.sqrt(t, out=t)
    np.divide(g, t, out=t)
    t *= learning_rate
    w -= t


def adam_update(w, m, v, g, learning_rate, beta_1, beta_2, epsilon, step):
    t = np.subtract(g, m)
    t *= 1 - beta_1
    m += t
    np.multiply(g, g, out=t)
    t -= v
    t *= 1 - beta_2
    v += t
    np.sqrt(v, out=t)
    t += epsilon
    np.divide(m, t, out=t)
    t *= learning_rate * (1 - beta_2**step) ** 0.5 / (1 - beta_1**step)
    w -= t
