"""Arguments and exact results for every operation of the ladder, with error bounds; the thread count is put back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from references import dot_reference, positive_part, softmax_reference

import kernels
from kernels import _threads

Shape = tuple[int, int, int]


class Case(NamedTuple):
    args: tuple[np.ndarray, ...]
    expected: np.ndarray  # element-wise operations: in the arguments' type, exact; others: in a wider one
    bound: np.ndarray | float  # largest error that rounding explains
    rates: tuple[float, ...] = ()  # the numbers that follow the arrays of an update
    written: int = 0  # the first arguments, which an update changes in place; expected stacks their new values

    def run(self, function: Callable) -> object:
        """The function's result: what it returns, or for an update what it leaves in the arguments it writes."""
        returned = function(*self.args, *self.rates)
        if not self.written:
            return returned
        assert returned is None
        return np.stack(self.args[: self.written])

    def run_into(self, function: Callable) -> object:
        """The result in memory of the caller's: an out full of NaN, which is returned, or what an update writes."""
        if self.written:
            return self.run(function)
        out = np.full(self.expected.shape, np.nan, self.args[0].dtype)
        assert function(*self.args, out=out) is out
        return out

    def check(self, result: object) -> None:
        """The result has the expected shape, the arguments' type (a naive sum is a Python float), and the values."""
        assert type(result) is float or result.dtype == self.args[0].dtype.newbyteorder("=")
        assert np.shape(result) == np.shape(self.expected)
        error = np.abs(np.asarray(result, np.float64) - self.expected)
        assert (error <= self.bound).all(), f"error {error.max()} where {np.max(self.bound)} is allowed"


def rmsprop_reference(w: np.ndarray, v: np.ndarray, g: np.ndarray, rates: tuple[float, float, float]) -> tuple:
    """New w and v, stacked, and their bounds. Four roundings of at most eps / 2 meet in v: those of a rate, of two
    products and of the sum. In w's change half of v's meet, as the root halves them, with six more: of the rate, the
    product, epsilon and its sum, the root and the quotient; and one is the difference's. As many in the reference."""
    rate, rho, epsilon = rates
    w64, v64, g64 = (x.astype(np.float64) for x in (w, v, g))
    new_v = rho * v64 + (1 - rho) * g64 * g64
    change = rate * g64 / np.sqrt(new_v + epsilon)
    eps = np.finfo(w.dtype).eps
    bound = np.stack([eps * (9 * np.abs(change) + np.abs(w64)), eps * 4 * new_v])
    return np.stack([w64 - change, new_v]), bound


def make_case(operation: str, dtype: str, shape: Shape) -> Case:
    """Random arguments of an operation; m, k, n are the sizes of its product, or of what it has of one."""
    m, k, n = shape
    rng = np.random.default_rng([m, k, n])

    def random(*sizes: int) -> np.ndarray:
        return rng.standard_normal(sizes).astype(dtype)

    match operation:
        case "relu":
            x = random(m, n)
            return Case((x,), positive_part(x), 0)
        case "add" | "maximum" | "add_relu":
            x, y = random(m, n), random(m, n)
            exact = {"add": x + y, "maximum": np.where(x > y, x, y), "add_relu": positive_part(x + y)}
            return Case((x, y), exact[operation], 0)
        case "add_matrix_and_vector":
            x, y = random(m, n), random(n)
            return Case((x, y), x + y, 0)
        case "vector_dot" | "matrix_vector_dot" | "dot":
            x = random(k) if operation == "vector_dot" else random(m, k)
            y = random(k, n) if operation == "dot" else random(k)
            return Case((x, y), *dot_reference(x, y))
        case "dense":
            x, w, b = random(m, k), random(k, n), random(n)
            exact, bound = dot_reference(x, w, b)
            return Case((x, w, b), positive_part(exact), bound)  # relu brings no two numbers further apart
        case "softmax":
            x = 4 * random(m, n)
            return Case((x,), *softmax_reference(x))
        case "rmsprop_update":
            w, v, g = random(m, n), random(m, n) ** 2, random(m, n)
            rates = (0.01, 0.9, 1e-3)  # an epsilon that shows on which side of the root it stands
            return Case((w, v, g), *rmsprop_reference(w, v, g, rates), rates, written=2)
    raise LookupError(f"tests/kernels/conftest.py has no arguments for {operation!r}; add a case")


@pytest.fixture
def case() -> Callable[[str, str, Shape], Case]:
    return make_case


@pytest.fixture(autouse=True)
def keep_threads() -> Iterator[None]:
    """Threads at work also in the small calls of tests, and on busy machines; their number as it was."""
    before = kernels.get_num_threads()
    _threads.set_always(True)
    yield
    _threads.set_always(False)
    kernels.set_num_threads(before)
