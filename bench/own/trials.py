"""Is a function right? At small and odd shapes, empty ones, with a NaN, and then at the size that is timed."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from ..measure.accuracy import largest_error, truth
from ..measure.cases import CASES, Case
from ..measure.operations import OPERATIONS

# For the distinct sizes of an operation's operands: primes around vectors and tiles, one element, none
SIZES = [
    (1, 1, 1, 1), (2, 1, 1, 1), (1, 2, 1, 1), (1, 1, 2, 1), (2, 3, 4, 5), (6, 5, 4, 3), (3, 5, 7, 2), (7, 8, 9, 1),
    (16, 1, 33, 2), (1, 31, 1, 3), (13, 17, 19, 2), (9, 14, 22, 6), (8, 16, 32, 1),
    (33, 34, 35, 1),
    (0, 2, 3, 1), (2, 0, 3, 1), (3, 2, 0, 1), (0, 0, 0, 0),
]  # fmt: skip


class Wrong(Exception):
    """The result is not what it must be; the message says where."""


def resized(case: Case, size: Callable[[int], int]) -> Case:
    """The same operation on other sizes, equal where they were equal."""
    return Case(case.operation, tuple(tuple(map(size, shape)) for shape in case.shapes))


def _distinct(case: Case) -> list[int]:
    return sorted({n for shape in case.shapes for n in shape})


def trials(operation: str) -> list[tuple[Case, bool]]:
    """(case, with a NaN?), the smallest first and those of no element last, so that what fails first says most."""
    most = max((case for case in CASES if case.operation == operation), key=lambda case: len(_distinct(case)))
    cases = [resized(most, dict(zip(_distinct(most), sizes, strict=False)).__getitem__) for sizes in SIZES]
    cases = sorted(dict.fromkeys(cases), key=lambda case: (not case.steps, case.steps))
    found = [(case, False) for case in cases]
    filled = sum(case.steps > 0 for case in cases)
    return [*found[:filled], (cases[filled // 2], True), *found[filled:]]


def called(function: Callable, *arguments: Any) -> Any:
    """What it returns, or raises; but a child that it has forked, if that comes back as well, ends here."""
    process = os.getpid()
    try:
        return function(*arguments)
    finally:
        if os.getpid() != process:
            os._exit(0)


def checked(function: Callable, case: Case, nan: bool = False) -> tuple[float, str] | None:
    """(largest error, its unit); None with a NaN, and where NumPy has no result for operands that are empty. Wrong says
    what is wrong with the function; whatever it raises."""
    arguments = case.inputs()
    if nan:
        arguments[0][tuple(n // 2 for n in arguments[0].shape)] = np.nan
    before = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    try:
        right, bounds = truth(case.operation, arguments)
    except ValueError:
        return None
    value = called(function, *arguments)
    written = OPERATIONS[case.operation].written
    for i, (now, then) in enumerate(zip(arguments[written:], before[written:], strict=True)):
        if isinstance(then, np.ndarray) and now.tobytes() != then.tobytes():
            raise Wrong(f"it changes its argument {written + i + 1}, which is only to be read")
    values = tuple(a for a in arguments if isinstance(a, np.ndarray)) if written else (value,)
    for i in range(written or 1):
        what = f"argument {i + 1} after the call" if written else "the result"
        _same(what, values[i], before[i] if written else None, right[i], bounds[i])
    return None if nan else largest_error(case.operation, values, (right, bounds), case.title)


def _same(what: str, value: Any, before: Any, right: np.ndarray, bound: np.ndarray) -> None:
    shape = np.shape(right)
    if value is None:
        raise Wrong(f"it returns None: {'a number' if shape == () else f'an array of shape {shape}'} is expected")
    if type(value) is not np.ndarray and (shape or not isinstance(value, (float, np.floating))):
        raise Wrong(f"it returns {type(value).__name__}: {'an array' if shape else 'a float'} is expected")
    if isinstance(value, np.ndarray) and shape and value.dtype != np.float32:
        raise Wrong(f"{what} has dtype {value.dtype} instead of float32")
    if np.shape(value) != shape:
        raise Wrong(f"{what} has shape {np.shape(value)} instead of {shape}")
    with np.errstate(invalid="ignore"):
        error = np.asarray(np.abs(value - right))
        bad = ~(error <= bound) & ~(np.isnan(value) & np.isnan(right))
    if bad.any():
        hint = " (it is unchanged)" if before is not None and np.array_equal(value, before) else ""
        at = tuple(map(int, np.argwhere(bad)[0]))
        got, expected, allowed = np.asarray(value)[at], np.asarray(right)[at], np.broadcast_to(bound, shape)[at]
        where = f"{np.count_nonzero(bad)} of {bad.size} values, the first at {list(at)}," if at else "it"
        by = f", off by {error[at]:.2g} where rounding explains {allowed:.1g}" if np.isfinite(error[at]) else ""
        raise Wrong(f"{what} is wrong{hint}: {where} is {got:.6g} instead of {expected:.6g}{by}")
