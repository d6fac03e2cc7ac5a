"""Is a result right, and how nearly? Each is compared with NumPy in float64, within a bound derived from its number of
roundings. Its largest error is told in ulp where one rounding is allowed, else as a share of the bound.

A float32 operation rounds by at most eps/2 of its result. Sums of k terms, in any order and in fused or separate
multiply-adds, stay within k eps/2 sum|terms| to first order (Higham, Accuracy and Stability of Numerical Algorithms,
ch. 3); eps instead of eps/2 covers the higher orders.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from .cases import Case
from .numpy_operations import NUMPY

EPS = float(np.finfo(np.float32).eps)


def _exactly(exact, *inputs):
    return np.zeros_like(exact)


def _one_rounding(exact, *inputs):
    return EPS * np.abs(exact)


def _products(exact, x, y, *bias):
    terms = np.dot(np.abs(x), np.abs(y))
    if bias:
        terms = terms + np.abs(bias[0])
    return (x.shape[-1] + 1) * EPS * terms


def _softmax(exact, x, *labels):
    """x - max rounds by eps/2 |x - max|, which exp turns into a relative error; exp, sum and quotient add theirs."""
    spread = x.max(axis=-1, keepdims=True) - x.min(axis=-1, keepdims=True)
    return EPS * (spread + x.shape[-1] + 4)


def _cross_entropy(exact, x, labels):
    bound = _softmax(exact, x)  # absolute: losses are a difference of terms up to the spread, the gradient is below 1
    return EPS * (np.abs(exact[0]) + 1) + bound[:, 0], bound * (1 + np.abs(exact[1]))


def _update(exact, *inputs):
    """At most ten roundings, each of a term no larger than these. v + epsilon and v are sums of positive terms."""
    arrays = inputs[: len(exact)]
    g = np.abs(arrays[-1])
    return tuple(10 * EPS * (np.abs(new) + np.abs(old) + g) for new, old in zip(exact, arrays, strict=True))


TOLERANCE: dict[str, Callable] = {
    "relu": _exactly,
    "add": _one_rounding,
    "add_matrix_and_vector": _one_rounding,
    "maximum": _exactly,
    "add_relu": _one_rounding,
    "vector_dot": _products,
    "matrix_vector_dot": _products,
    "dot": _products,
    "dense": _products,
    "softmax": lambda exact, x: exact * _softmax(exact, x),
    "relu_grad": _exactly,
    "sum_rows": lambda exact, x: len(x) * EPS * np.abs(x).sum(axis=0),
    "softmax_cross_entropy": _cross_entropy,
    "sgd_update": _update,
    "momentum_update": _update,
    "rmsprop_update": _update,
    "adam_update": _update,
}


def result(function: Callable, arguments: list, out: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
    """What the call returns, or for an update the arrays that it changed."""
    value = function(*arguments) if out is None else function(*arguments, out=out)
    if value is None:
        value = tuple(a for a in arguments if isinstance(a, np.ndarray))
    return value if isinstance(value, tuple) else (value,)


def _wide(arguments: list) -> list:
    return [a.astype(np.float64) if getattr(a, "dtype", None) == np.float32 else a for a in arguments]


def truth(operation: str, arguments: list) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    """NumPy's float64 result, and how far from it a float32 result may be. The arguments stay as they are."""
    values = result(NUMPY[operation], _wide(arguments))
    bounds = TOLERANCE[operation](values if len(values) > 1 else values[0], *_wide(arguments))
    return values, bounds if isinstance(bounds, tuple) else (bounds,)


@lru_cache(maxsize=1)  # the rungs of a case follow each other
def exact(case: Case) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    return truth(case.operation, case.inputs())


def check(name: str, values: tuple[np.ndarray, ...], truth: tuple[tuple, tuple]) -> float:
    """The largest error over its bound; AssertionError where a value differs by more than that, or is NaN."""
    largest = 0.0
    for value, right, bound in zip(values, *truth, strict=True):
        if np.shape(value) != np.shape(right):
            raise AssertionError(f"{name}: shape {np.shape(value)} instead of {np.shape(right)}")
        error = np.abs(value - right)
        wrong = ~(error <= bound)
        if wrong.any():
            raise AssertionError(f"{name}: {wrong.sum()} values are wrong, the largest error is {np.nanmax(error):.3g}")
        shares = np.divide(error, bound, out=np.zeros(np.shape(error)), where=np.asarray(bound > 0))
        largest = max(largest, float(shares.max(initial=0)))
    return largest


def largest_error(operation: str, values: tuple[np.ndarray, ...], truth: tuple[tuple, tuple], name: str) -> tuple:
    """(error, "ulp") for operations of at most one rounding, else (share, "of bound"); AssertionError as `check`."""
    share = check(name, values, truth)
    if TOLERANCE[operation] not in (_exactly, _one_rounding):
        return share, "of bound"
    (value,), (right,) = values, truth[0]
    ulp = np.spacing(np.abs(right).astype(value.dtype))
    return float((np.abs(value - right) / ulp).max(initial=0)), "ulp"
