"""Is a result right, and how nearly? Each is compared with NumPy in float64, within the bound of its operation. Its
largest error is told in ulp where one rounding is allowed, else as a share of the bound.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from .cases import Case
from .operations import EPS, OPERATIONS, exactly, one_rounding


def result(function: Callable, arguments: list, out: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
    """What the call returns, or for an update the arrays that it changed."""
    value = function(*arguments) if out is None else function(*arguments, out=out)
    if value is None:
        value = tuple(a for a in arguments if isinstance(a, np.ndarray))
    return value if isinstance(value, tuple) else (value,)


def _wide(arguments: list) -> list:
    return [a.astype(np.float64) if getattr(a, "dtype", None) == np.float32 else a for a in arguments]


def truth(operation: str, arguments: list) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    """NumPy's float64 result, and how far from it one of the arguments' type may be. The arguments stay as they are.

    Of float64, NumPy's own result has half of that error: the bounds leave room for both.
    """
    record = OPERATIONS[operation]
    values = result(record.numpy, _wide(arguments))
    bounds = record.bound(values if len(values) > 1 else values[0], *_wide(arguments))
    share = np.finfo(arguments[0].dtype).eps / EPS
    return values, tuple(share * bound for bound in (bounds if isinstance(bounds, tuple) else (bounds,)))


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
    if OPERATIONS[operation].bound not in (exactly, one_rounding):
        return share, "of bound"
    (value,), (right,) = values, truth[0]
    ulp = np.spacing(np.abs(right).astype(value.dtype))
    return float((np.abs(value - right) / ulp).max(initial=0)), "ulp"
