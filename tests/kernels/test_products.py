"""dot and dense: shapes, long sums, special values, the fused pass, copies."""

import tracemalloc

import numpy as np
import pytest
from references import assert_close, dot_reference

import kernels
from kernels import products
from kernels.ladder import LADDER

PRODUCTS = [pytest.param(f, id=rung) for rung, f in LADDER["dot"].items() if f.compiled]
PRODUCTS.append(pytest.param(LADDER["vector_dot"]["sums"], id="sums"))
EVERY_PRODUCT = [pytest.param(f, id=rung) for rung, f in LADDER["dot"].items()]
EVERY_DENSE = [pytest.param(f, id=rung) for rung, f in LADDER["dense"].items()]
DTYPES = ["float32", "float64"]


def assert_is_product(result, x, y):
    assert_close(result, *dot_reference(x, y), x.dtype)


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
@pytest.mark.parametrize("dot", [kernels.dot, products.dot_tiled])
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
def test_narrow_products_of_long_sums(dtype):
    """Dot products of rows, which are computed in parts of 16,384 terms."""
    rng = np.random.default_rng(8)
    for k in (16384, 16385, 50003):
        x, y = rng.standard_normal((7, k)).astype(dtype), rng.standard_normal((k, 3)).astype(dtype)
        for left, right in ((x, y), (x, np.asfortranarray(y)), (np.asfortranarray(x), y), (y.T, x.T)):
            for threads in (1, 3):
                kernels.set_num_threads(threads)
                assert_is_product(kernels.dot(left, right), left, right)


@pytest.mark.parametrize("layout", [np.array, np.asfortranarray, lambda x: np.repeat(x, 2, 1)[:, ::-2]])
def test_matrix_by_its_transpose(layout):
    """Half of the result is computed, or rather little more."""
    rng = np.random.default_rng(6)
    for k in (1, 2, 5, 16, 33, 65):
        x = layout(rng.standard_normal((4099, k)).astype(np.float32))
        for a in (x.T, x[:75], x.T[:, :40], x[:3], x[:17], x[:64]):
            seen = set()
            for threads in (1, 2, 3):
                kernels.set_num_threads(threads)
                out = np.full((a.shape[0],) * 2, np.nan, np.float32)
                assert_is_product(kernels.dot(a, a.T, out=out), a, a.T)
                seen.add(out.tobytes())
            assert len(seen) == 1


@pytest.mark.parametrize(
    ("m", "k", "n"), [(25, 2100, 16), (25, 4200, 17), (26, 2100, 16), (31, 1009, 67), (50, 3000, 9), (49, 900, 300)]
)
def test_blocks_as_high_as_a_tile(m, k, n):
    """More threads than cores cut the rows into blocks of a few: one tile packs, and none is left to read."""
    rng = np.random.default_rng(6)
    for dtype in DTYPES:
        x, y = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
        for threads in range(1, 17):
            kernels.set_num_threads(threads)
            assert_is_product(kernels.dot(x, y), x, y)


@pytest.mark.parametrize("rung", ["ijp", "tiled", "packed", "parallel", "sparse"])
def test_sizes_do_not_overflow(rung):
    """Of operands that repeat one element, and so fill no memory."""
    x = np.broadcast_to(np.float32(1), (3, 2**58))
    with pytest.raises(ValueError, match="adds up to 34359738368 products"):
        LADDER["dot"][rung](x, x.T)


@pytest.mark.parametrize("dot", EVERY_PRODUCT)
def test_mixed_types_are_computed_in_float64(dot):
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((5, 400)).astype(np.float32), rng.standard_normal((400, 7))
    assert_is_product(dot(x, y), x.astype(np.float64), y)
    assert_is_product(dot(y.T, x.T), y.T, x.astype(np.float64).T)


@pytest.mark.parametrize("dense", EVERY_DENSE)
def test_dense_keeps_nan_and_makes_no_negative_zero(dense):
    x, w = np.array([[np.nan], [0.0]], np.float32), np.full((1, 3), -1, np.float32)
    result = dense(x, w, np.array([0.0, -0.0, 1.0], np.float32))
    assert np.isnan(result[0]).all()
    assert result[1].tolist() == [0, 0, 1]
    assert not np.signbit(result[1]).any()


def test_dense_out_over_its_bias():
    x, w, block = np.random.default_rng(2).standard_normal((3, 6, 6))
    expected = kernels.dense(x, w, block[4].copy())
    np.testing.assert_array_equal(kernels.dense(x, w, block[4], out=block), expected)


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
