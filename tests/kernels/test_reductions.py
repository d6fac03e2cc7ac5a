"""sum_rows: the bias's gradient."""

import numpy as np
import pytest

import kernels


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("m", [0, 1, 2, 127, 128, 129, 256, 257, 1000, 60000])
@pytest.mark.parametrize("n", [0, 1, 10, 33])
def test_against_float64(dtype, m, n):
    x = np.random.default_rng([m, n]).standard_normal((m, n)).astype(dtype)
    additions = min(m, 128) + m // 128 + 1  # that one element goes through, in blocks of 128 rows
    for matrix in (x, np.asfortranarray(x), x[::-1, ::-1]):
        expected = matrix.astype(np.longdouble).sum(axis=0)
        bound = additions * np.finfo(dtype).eps * np.abs(matrix).astype(np.float64).sum(axis=0)
        out = np.full(n, np.nan, dtype)
        assert kernels.sum_rows(matrix, out=out) is out
        assert (np.abs(out - expected) <= bound).all()
        np.testing.assert_array_equal(kernels.sum_rows(matrix), out)


def test_nan_and_infinity_stay_in_their_column():
    x = np.ones((300, 5), np.float32)
    x[200, 1], x[100, 3] = np.nan, np.inf
    np.testing.assert_array_equal(kernels.sum_rows(x), [300, np.nan, 300, np.inf, 300])


def test_out_may_be_a_row_of_x():
    x = np.random.default_rng(0).standard_normal((300, 5))
    expected = kernels.sum_rows(x)
    assert np.array_equal(kernels.sum_rows(x, out=x[7]), expected)
    assert np.array_equal(x[7], expected)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 4)])
def test_other_shapes(shape):
    with pytest.raises(ValueError, match=r"matrix \(m, n\)"):
        kernels.sum_rows(np.ones(shape, np.float32))
