"""Element-wise operations: vector tails, subnormals, array-likes, results written past the caches."""

import numpy as np
import pytest
from random_arrays import values
from random_elementwise import FORMULAS

import kernels
from kernels.ladder import LADDER

RUNGS = [
    pytest.param(function, formula, id=f"{name}-{rung}")
    for name, formula in FORMULAS.items()
    for rung, function in LADDER.get(name, {"parallel": getattr(kernels, name)}).items()
    if getattr(function, "compiled", True)
]
DTYPES = ["float32", "float64"]
TAILS = range(131)  # beyond twice the widest vector's 64 lanes of unrolled work
THREADED = [32767, 32768, 32769, 100003]  # around the least work that threads share


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("function", "formula"), RUNGS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # inf - inf and overflow are what is asked of NumPy
def test_every_length(function, formula, dtype):
    rng, kinds = np.random.default_rng(0), ("special", "any bits")[: formula.__code__.co_argcount]
    for n in [*TAILS, *THREADED]:
        arguments = [values(rng, kind, (n,), dtype) for kind in kinds]
        result = function(*arguments, out=np.full(n, np.nan, dtype))
        np.testing.assert_array_equal(result, formula(*arguments), f"length {n}")


def test_two_python_numbers():
    assert kernels.add(0.5, 2) == kernels.add(2, 0.5) == 2.5


@pytest.mark.parametrize("dtype", DTYPES)
def test_subnormals_survive(dtype):
    tiny = np.finfo(dtype).smallest_subnormal
    x = np.arange(-65, 66).astype(dtype) * tiny
    np.testing.assert_array_equal(kernels.relu(x), np.maximum(x, 0))
    np.testing.assert_array_equal(kernels.add(x, x), x + x)
    np.testing.assert_array_equal(kernels.dot(x[:, None], np.ones((1, 3), dtype)), np.repeat(x[:, None], 3, axis=1))
    assert kernels.dot(np.array([3 * tiny], dtype), np.array([1], dtype)) == 3 * tiny
    assert kernels.add(x, x)[-1] == 130 * tiny != 0


def test_array_likes_are_taken():
    assert kernels.add([1.5, 2.5], (1.0, -1.0)).tolist() == [2.5, 1.5]
    assert kernels.relu([[-1.0], [2.0]]).tolist() == [[0.0], [2.0]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_results_are_written_past_the_caches(dtype):
    """Above a size that depends on the CPU: whole lines of memory, and what stands before and after."""
    rng = np.random.default_rng(7)
    n = 40_000_000 // np.dtype(dtype).itemsize
    memory = np.empty(n + 64, dtype)
    x, y = rng.standard_normal((2, 4000), np.float32).astype(dtype).repeat(n // 4000, axis=1)
    row = y[:1009]
    for start in (0, 1, 3, 16):
        memory[:] = np.nan
        out = memory[start : start + len(x)]
        np.testing.assert_array_equal(kernels.add(x, y, out=out), x + y)
        assert np.isnan(memory[:start]).all()
        assert np.isnan(memory[start + len(x) :]).all()
    rows = x[: len(x) // 1009 * 1009].reshape(-1, 1009)
    out = memory[5 : 5 + rows.size].reshape(rows.shape)
    np.testing.assert_array_equal(kernels.add_relu(rows, row, out=out), np.maximum(rows + row, 0))
    np.testing.assert_array_equal(kernels.maximum(rows, rows[:, :1], out=out), np.maximum(rows, rows[:, :1]))
    np.testing.assert_array_equal(kernels.relu(x[::-1], out=memory[: len(x)]), np.maximum(x[::-1], 0))
    np.testing.assert_array_equal(kernels.relu_grad(x, y), np.where(y > 0, x, 0))
