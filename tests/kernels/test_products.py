"""dot and dense: shapes, long sums, special values, the fused pass, copies."""

import tracemalloc

import numpy as np
import pytest

import kernels
from kernels.ladder import LADDER

PRODUCTS = [pytest.param(f, id=rung) for rung, f in LADDER["dot"].items() if f.compiled]
PRODUCTS.append(pytest.param(LADDER["vector_dot"]["sums"], id="sums"))
DENSE = [pytest.param(f, id=rung) for rung, f in LADDER["dense"].items() if f.compiled]
EVERY_PRODUCT = [pytest.param(f, id=rung) for rung, f in LADDER["dot"].items()]
EVERY_DENSE = [pytest.param(f, id=rung) for rung, f in LADDER["dense"].items()]
DTYPES = ["float32", "float64"]


def assert_is_product(result, x, y):
    """Within k eps sum |x| |y|, and one eps more for the reference's own rounding."""
    x64, y64 = x.astype(np.float64), y.astype(np.float64)
    expected = np.dot(x64, y64)
    bound = (x.shape[-1] + 1) * np.finfo(x.dtype).eps * np.dot(np.abs(x64), np.abs(y64))
    assert np.shape(result) == expected.shape
    assert result.dtype == x.dtype
    assert (np.abs(result - expected) <= bound).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dot", PRODUCTS)
@pytest.mark.parametrize(
    ("x_shape", "y_shape"),
    [
        ((7,), (7,)),
        ((5, 7), (7,)),
        ((7,), (7, 5)),
        ((1, 7), (7, 1)),
        ((2, 3, 4, 5), (5,)),
        ((2, 3, 4, 5), (5, 6)),
        ((3, 1, 130), (130, 65)),
        ((20, 2, 28, 28), (28, 33)),
        ((1,) * 20 + (3,), (3, 2)),
    ],
)
def test_shapes(dot, dtype, x_shape, y_shape):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal(x_shape).astype(dtype), rng.standard_normal(y_shape).astype(dtype)
    assert_is_product(dot(x, y), x, y)
    x_odd = np.swapaxes(np.ascontiguousarray(np.swapaxes(x, 0, -1)), 0, -1)  # leading axes that cannot be merged
    assert_is_product(dot(x_odd, y[::-1][::-1]), x, y)


@pytest.mark.parametrize("dot", PRODUCTS)
@pytest.mark.parametrize("x_shape", [(0,), (2, 0), (3, 2, 0), (0, 4), (2, 0, 4), (0, 0)])
@pytest.mark.parametrize("columns", [None, 0, 1, 3])
def test_empty_sums_are_zero(dot, x_shape, columns):
    x = np.ones(x_shape, np.float32)
    y = np.ones(x_shape[-1:] if columns is None else (x_shape[-1], columns), np.float32)
    expected = np.dot(x, y)
    np.testing.assert_array_equal(dot(x, y), expected)
    out = np.full(expected.shape, np.nan, np.float32)
    np.testing.assert_array_equal(dot(x, y, out=out), expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dot", PRODUCTS)
def test_every_length_of_a_sum(dot, dtype):
    rng = np.random.default_rng(1)
    for k in [*range(131), 383, 384, 385, 32767, 32768, 32769, 100003]:
        x, y = rng.standard_normal((2, k)).astype(dtype)
        assert_is_product(dot(x, y), x, y)
        assert_is_product(dot(x, y[::-1]), x, y[::-1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dot", PRODUCTS)
def test_every_tile(dot, dtype):
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((27, 13)).astype(dtype), rng.standard_normal((13, 131)).astype(dtype)
    y_columns = np.asfortranarray(y)
    for m in range(28):
        for n in range(m % 3, 132, 3):
            out = np.full((m, n), np.nan, dtype)
            assert_is_product(dot(x[:m], y[:, :n], out=out), x[:m], y[:, :n])
            assert_is_product(dot(x[:m], y_columns[:, :n]), x[:m], y[:, :n])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("threads", [1, 3])
def test_every_method(dtype, threads):
    """Narrow results, single rows and columns, operands whose rows alias in the caches, several blocks of rows."""
    rng = np.random.default_rng(5)
    before = kernels.get_num_threads()
    kernels.set_num_threads(threads)
    try:
        for m, k, n in [
            *[(m, k, n) for m in (1, 2, 37, 130) for k in (63, 64, 300) for n in (1, 2, 3, 9, 10, 11, 17, 20)],
            (200, 1024, 300), (600, 40, 512), (413, 500, 260), (1, 2000, 517), (517, 2000, 1), (3, 16385, 10),
        ]:  # fmt: skip
            x, y = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
            x_columns, y_columns = np.asfortranarray(x), np.asfortranarray(y)
            x_strided = np.repeat(np.repeat(x, 2, 0), 3, 1)[::2, ::3]
            for left, right in [
                (x, y), (x_columns, y), (x, y_columns), (x_columns, y_columns), (x_strided, y), (x[::-1], y[:, ::-1]),
            ]:  # fmt: skip
                out = np.full((m, n), np.nan, dtype)
                assert_is_product(kernels.dot(left, right, out), left, right)
                np.testing.assert_array_equal(kernels.dense(left, right, out[0], "relu"), np.maximum(out + out[0], 0))
    finally:
        kernels.set_num_threads(before)


@pytest.mark.parametrize(
    ("m", "k", "n"), [(25, 2100, 16), (25, 4200, 17), (26, 2100, 16), (31, 1009, 67), (50, 3000, 9), (49, 900, 300)]
)
def test_blocks_as_high_as_a_tile(m, k, n):
    """More threads than cores cut the rows into blocks of a few: one tile packs, and none is left to read."""
    rng = np.random.default_rng(6)
    before = kernels.get_num_threads()
    x, y = rng.standard_normal((m, k)), rng.standard_normal((k, n))
    try:
        for threads in range(1, 17):
            kernels.set_num_threads(threads)
            for dtype in DTYPES:
                assert_is_product(kernels.dot(x.astype(dtype), y.astype(dtype)), x.astype(dtype), y.astype(dtype))
    finally:
        kernels.set_num_threads(before)


def test_vectors_give_numpy_scalars():
    x = np.ones(3, np.float32)
    assert type(kernels.dot(x, x)) is np.float32
    assert type(kernels.dot(x, x.astype(np.float64))) is np.float64
    assert type(kernels.dense(x, x, activation="relu")) is np.float32


@pytest.mark.parametrize("dot", EVERY_PRODUCT)
def test_mixed_types_are_computed_in_float64(dot):
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((5, 400)).astype(np.float32), rng.standard_normal((400, 7))
    assert_is_product(dot(x, y), x.astype(np.float64), y)
    assert_is_product(dot(y.T, x.T), y.T, x.astype(np.float64).T)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dot", EVERY_PRODUCT)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_special_values_stay_in_their_row_and_column(dot, dtype, bad):
    for m, k, n in [(3, 5, 7), (1, 129, 1), (30, 33, 70), (2, 40, 65)]:
        x, y = np.ones((m, k), dtype), np.ones((k, n), dtype)
        x[m // 2, k // 2] = bad
        result = dot(x, y)
        np.testing.assert_array_equal(result[m // 2], np.full(n, bad))
        np.testing.assert_array_equal(np.delete(result, m // 2, axis=0), np.full((m - 1, n), k))
        x[m // 2, k // 2] = 1
        y[k // 2, n - 1] = bad  # the last column shares its vector with padding
        result = dot(x, y)
        np.testing.assert_array_equal(result[:, n - 1], np.full(m, bad))
        np.testing.assert_array_equal(result[:, : n - 1], np.full((m, n - 1), k))


def test_zero_times_infinity_is_nan():
    x = np.zeros((3, 40), np.float32)
    y = np.full((40, 70), np.inf, np.float32)
    assert np.isnan(kernels.dot(x, y)).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", [None, "relu"])
def test_dense_is_relu_of_add_of_dot_bit_for_bit(dtype, activation):
    rng = np.random.default_rng(4)
    shapes = [(1, 1, 1), (3, 5, 7), (16, 1, 33), (1, 300, 50), (1, 40000, 3), (40, 300, 1), (128, 784, 512), (2, 0, 3)]
    for m, k, n in shapes:
        x, w, b = (rng.standard_normal(s).astype(dtype) for s in ((m, k), (k, n), (n,)))
        for a in (x, np.asfortranarray(x)):
            for c in (w, np.asfortranarray(w)):
                for bias in (None, b):
                    expected = kernels.dot(a, c) if bias is None else kernels.add(kernels.dot(a, c), bias)
                    expected = expected if activation is None else kernels.relu(expected)
                    result = kernels.dense(a, c, bias, activation)
                    np.testing.assert_array_equal(result, expected, f"{m, k, n} {a.strides} {c.strides}")


@pytest.mark.parametrize("dense", DENSE)
def test_dense_of_many_axes_and_of_vectors(dense):
    rng = np.random.default_rng(5)
    x, w, b = rng.standard_normal((2, 3, 40)), rng.standard_normal((40, 5)), rng.standard_normal(5)
    np.testing.assert_allclose(dense(x, w, b), np.maximum(x @ w + b, 0), rtol=0, atol=1e-12)
    np.testing.assert_allclose(dense(x[0, 0], w, b), np.maximum(x[0, 0] @ w + b, 0), rtol=0, atol=1e-12)
    np.testing.assert_allclose(dense(x, w[:, 0], b[:1]), np.maximum(x @ w[:, 0] + b[0], 0), rtol=0, atol=1e-12)
    strided = np.repeat(b, 2)[::2]
    np.testing.assert_array_equal(dense(x, w, strided), dense(x, w, b))


@pytest.mark.parametrize("dense", EVERY_DENSE)
def test_dense_keeps_nan_and_makes_no_negative_zero(dense):
    x, w = np.array([[np.nan], [0.0]], np.float32), np.full((1, 3), -1, np.float32)
    result = dense(x, w, np.array([0.0, -0.0, 1.0], np.float32))
    assert np.isnan(result[0]).all()
    assert result[1].tolist() == [0, 0, 1]
    assert not np.signbit(result[1]).any()


def test_transposed_operands_cost_no_copy():
    x, g = np.ones((512, 784), np.float32), np.ones((512, 256), np.float32)
    out, back = np.empty((784, 256), np.float32), np.empty((512, 512), np.float32)
    tracemalloc.start()  # sees NumPy's allocations
    try:
        kernels.dot(x.T, g, out=out)
        kernels.dot(x, x.T, out=back)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < x.nbytes / 10
    assert (out == 512).all()
    assert (back == 784).all()
