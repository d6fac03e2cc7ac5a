"""What each operation is: NumPy's version, its work, and how far from the exact result a float32 one may be.

The bounds follow from the number of roundings. A float32 operation rounds by at most eps/2 of its result. Sums of k
terms, in any order and in fused or separate multiply-adds, stay within k eps/2 sum|terms| to first order (Higham,
Accuracy and Stability of Numerical Algorithms, ch. 3); eps instead of eps/2 covers the higher orders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import numpy_operations
from .timing import Statement

EPS = float(np.finfo(np.float32).eps)


def exactly(exact, *inputs):
    return np.zeros_like(exact)


def one_rounding(exact, *inputs):
    return EPS * np.abs(exact)


def products(exact, x, y, *bias):
    terms = np.dot(np.abs(x), np.abs(y))
    if bias:
        terms = terms + np.abs(bias[0])
    return (x.shape[-1] + 1) * EPS * terms


def column_sums(exact, x):
    return len(x) * EPS * np.abs(x).sum(axis=0)


def softmax(exact, x):
    return exact * _of_softmax(x)


def _of_softmax(x):
    """Relative: x - max rounds by eps/2 |x - max|, which exp turns into one; exp, sum and quotient add theirs."""
    spread = x.max(axis=-1, keepdims=True) - x.min(axis=-1, keepdims=True)
    return EPS * (spread + x.shape[-1] + 4)


def cross_entropy(exact, x, labels):
    bound = _of_softmax(x)  # absolute: losses are a difference of terms up to the spread, the gradient is below 1
    return EPS * (np.abs(exact[0]) + 1) + bound[:, 0], bound * (1 + np.abs(exact[1]))


def update(exact, *inputs):
    """At most ten roundings, each of a term no larger than these. v + epsilon and v are sums of positive terms."""
    arrays = inputs[: len(exact)]
    g = np.abs(arrays[-1])
    return tuple(10 * EPS * (np.abs(new) + np.abs(old) + g) for new, old in zip(exact, arrays, strict=True))


@dataclass(frozen=True)
class Operation:
    numpy: Callable  # as its careful user writes it
    flops: int  # of an element, of a product's term; exp, log, sqrt and quotients count as one each
    bound: Callable  # (exact result, *inputs) -> how far from it a float32 result may be
    written: int = 0  # the arrays that an update changes, its first arguments
    scalars: tuple[float, ...] = ()  # of an update, Keras's defaults: learning rate first; adam's last is the step


OPERATIONS = {
    "relu": Operation(Statement("maximum(x, 0)", "maximum(x, 0, out=out)", maximum=np.maximum), 1, exactly),
    "add": Operation(np.add, 1, one_rounding),
    "add_matrix_and_vector": Operation(np.add, 1, one_rounding),
    "maximum": Operation(np.maximum, 1, exactly),
    "add_relu": Operation(numpy_operations.add_relu, 2, one_rounding),
    "vector_dot": Operation(np.dot, 2, products),
    "matrix_vector_dot": Operation(np.dot, 2, products),
    "dot": Operation(np.dot, 2, products),
    "dense": Operation(numpy_operations.dense, 2, products),
    "softmax": Operation(numpy_operations.softmax, 5, softmax),
    "relu_grad": Operation(Statement("x * (y > 0)"), 1, exactly),
    "sum_rows": Operation(Statement("x.sum(axis=0)"), 1, column_sums),
    "softmax_cross_entropy": Operation(numpy_operations.softmax_cross_entropy, 6, cross_entropy),
    "sgd_update": Operation(numpy_operations.sgd_update, 2, update, 1, (0.01,)),
    "momentum_update": Operation(numpy_operations.momentum_update, 4, update, 2, (0.01, 0.9)),
    "rmsprop_update": Operation(numpy_operations.rmsprop_update, 9, update, 2, (0.001, 0.9, 1e-7)),
    "adam_update": Operation(numpy_operations.adam_update, 12, update, 3, (0.001, 0.9, 0.999, 1e-7, 10)),
}
