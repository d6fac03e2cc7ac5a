"""Element-wise operations: vector tails, special values, broadcasting, promotion."""

import numpy as np
import pytest

import kernels
from kernels.ladder import LADDER

BINARY = {
    "add": np.add,
    "maximum": np.maximum,
    "add_relu": lambda x, y: np.maximum(x + y, 0),
    "relu_grad": lambda g, y: np.where(y > 0, g, g.dtype.type(0)),
}
# name, the rung's function, NumPy's
BINARY_RUNGS = [
    pytest.param(function, BINARY[name], id=f"{name}-{rung}")
    for name in BINARY
    for rung, function in LADDER.get(name, {"parallel": getattr(kernels, name)}).items()
    if getattr(function, "compiled", True)
]
RELU_RUNGS = [pytest.param(f, id=rung) for rung, f in LADDER["relu"].items() if f.compiled]
BITS = {"float32": np.uint32, "float64": np.uint64}
TAILS = range(131)  # beyond twice the widest vector's 64 lanes of unrolled work
THREADED = [32767, 32768, 32769, 100003]  # around the least work that threads share


def special(dtype):
    limits = np.finfo(dtype)
    tiny = limits.smallest_subnormal
    return np.array(
        [0.0, -0.0, np.nan, -np.nan, np.inf, -np.inf, tiny, -tiny, limits.tiny, limits.max, limits.min, 1, -1], dtype
    )


@pytest.mark.parametrize("dtype", BITS)
@pytest.mark.parametrize("relu", RELU_RUNGS)
def test_relu_special_values_bit_for_bit(relu, dtype):
    for n in [*TAILS, *THREADED]:
        x = np.resize(special(dtype), n)
        expected = np.where(x <= 0, x.dtype.type(0), x)  # keeps NaN, makes -0.0 0.0
        result = relu(x)
        np.testing.assert_array_equal(result.view(BITS[dtype]), expected.view(BITS[dtype]), f"length {n}")
        np.testing.assert_array_equal(result.view(BITS[dtype]), np.maximum(x, 0).view(BITS[dtype]), f"length {n}")


@pytest.mark.parametrize("dtype", BITS)
@pytest.mark.parametrize("relu", RELU_RUNGS)
def test_relu_keeps_nan_at_every_position(relu, dtype):
    for n in TAILS:
        for position in range(n):
            x = np.full(n, -1, dtype)
            x[position] = np.nan
            assert np.flatnonzero(np.isnan(relu(x))).tolist() == [position]


@pytest.mark.parametrize("dtype", BITS)
@pytest.mark.parametrize(("function", "numpy_function"), BINARY_RUNGS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # inf - inf and overflow are what is asked of NumPy
def test_special_values_in_all_pairs(function, numpy_function, dtype):
    x, y = (np.ascontiguousarray(a.ravel()) for a in np.meshgrid(special(dtype), special(dtype)))
    expected = numpy_function(x, y)
    for start in range(20):  # each pair meets several lanes and the tail
        np.testing.assert_array_equal(function(x[start:], y[start:]), expected[start:])
    np.testing.assert_array_equal(function(x[::-2], y[::-2]), expected[::-2])


@pytest.mark.parametrize("dtype", BITS)
@pytest.mark.parametrize(("function", "numpy_function"), BINARY_RUNGS)
def test_every_length(function, numpy_function, dtype):
    rng = np.random.default_rng(0)
    for n in [*TAILS, *THREADED]:
        x, y = rng.standard_normal((2, n)).astype(dtype)
        expected = numpy_function(x, y)
        for out in (None, np.full(n, np.nan, dtype)):
            result = function(x, y, out=out)
            assert result.dtype == dtype
            np.testing.assert_array_equal(result, expected, f"length {n}")


@pytest.mark.parametrize(("function", "numpy_function"), BINARY_RUNGS)
@pytest.mark.parametrize(
    ("x_shape", "y_shape"),
    [
        ((2, 3), (3,)),
        ((3,), (2, 3)),
        ((2, 3), (2, 1)),
        ((2, 1), (1, 3)),
        ((5, 1, 7), (3, 1)),
        ((64, 3, 32, 10), (32, 10)),
        ((300, 1), (1, 301)),
        ((2, 1, 3, 1, 5), (4, 1, 6, 1)),
        ((4, 5), ()),
        ((), (4, 5)),
        ((1, 1), (1,)),
        ((0, 3), (3,)),
        ((2, 0), (1, 1)),
        ((1, 3), (0, 1)),
        ((1,) * 30 + (2, 3), (3,)),
    ],
)
def test_broadcasting(function, numpy_function, x_shape, y_shape):
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal(x_shape).astype("float32"), rng.standard_normal(y_shape).astype("float32")
    x, y = np.asarray(x), np.asarray(y)
    result, expected = function(x, y), numpy_function(x, y)
    assert result.shape == expected.shape
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("relu", RELU_RUNGS)
def test_scalars_give_numpy_scalars(relu):
    assert type(relu(np.array(-1, np.float32))) is np.float32
    assert relu(np.float64(2)) == 2
    assert type(relu(-2.5)) is np.float64
    assert np.isnan(relu(np.array(np.nan, np.float32)))
    out = np.array(7, np.float32)
    assert relu(np.array(-1, np.float32), out=out) is out
    assert out == 0


@pytest.mark.parametrize(("function", "numpy_function"), BINARY_RUNGS)
def test_mixed_types_follow_numpy(function, numpy_function):
    rng = np.random.default_rng(2)
    for n in (1, 5, 40000):
        x, y = rng.standard_normal(n).astype(np.float32), rng.standard_normal(n)
        for a, b in ((x, y), (y, x)):
            result = function(a, b)
            assert result.dtype == np.float64
            np.testing.assert_array_equal(result, numpy_function(a.astype(np.float64), b.astype(np.float64)))
    assert function(x, np.float64(1)).dtype == np.float64  # a NumPy scalar has a type of its own


@pytest.mark.parametrize("dtype", BITS)
@pytest.mark.parametrize("name", ["add", "maximum", "add_relu"])
@pytest.mark.parametrize("number", [0.1, -3, 7, float("nan"), float("inf")])
def test_python_numbers_are_weak(name, dtype, number):
    x = np.random.default_rng(3).standard_normal((20, 100)).astype(dtype)
    function, numpy_function = getattr(kernels, name), BINARY[name]
    for result, expected in (
        (function(x, number), numpy_function(x, number)),
        (function(number, x), numpy_function(number, x)),
    ):
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, expected)


def test_two_python_numbers():
    assert kernels.add(0.5, 2) == kernels.add(2, 0.5) == 2.5


@pytest.mark.parametrize("dtype", BITS)
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
