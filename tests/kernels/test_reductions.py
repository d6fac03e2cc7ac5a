"""sum_rows, the bias's gradient; total, the sum of all; top_matches, what of the answers is right."""

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


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [0, 1, 2, 15, 16, 17, 33, 128, 2047, 2048, 2049, 10**6 + 3])
def test_total_against_longdouble(dtype, n):
    x = np.random.default_rng(n).standard_normal(n).astype(dtype)
    additions = 2048 // 16 + 4 + 1  # that one element goes through; sums of 2,048 are added in double precision
    bound = (additions * np.finfo(dtype).eps + n / 2048 * np.finfo(float).eps) * np.abs(x).astype(float).sum()
    for vector in (x, x[::-1], np.repeat(x, 2)[::2]):
        assert abs(kernels.total(vector) - vector.astype(np.longdouble).sum()) <= bound
    assert kernels.total(x.reshape(-1, 1).T) == kernels.total(x)


def test_total_of_nan_and_infinity():
    x = np.ones((7, 300), np.float32)
    assert kernels.total(x[0, 0]) == 1
    for special in (np.inf, -np.inf, np.nan):
        x[3, 100] = special
        np.testing.assert_equal(kernels.total(x), special)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 2, 3, 10, 15, 16, 17, 33, 100, 1000])
def test_top_matches(dtype, n):
    rng = np.random.default_rng(n)
    scores = rng.integers(-3, 3, (300, n)).astype(dtype)  # with many that are equal
    kind = rng.random(scores.shape)
    for special, low in ((np.nan, 0.9), (-np.inf, 0.8), (np.inf, 0.79)):
        scores[(kind >= low) & (kind < low + 0.1)] = special
    scores[0], scores[1] = np.nan, -np.inf
    top = np.where(scores == scores, scores, -np.inf).argmax(-1)  # NumPy's would be the first NaN
    for labels in (rng.integers(-1, n + 1, 300), np.zeros(300, int), top):
        expected = top == labels
        for x in (scores, np.asfortranarray(scores), np.repeat(scores, 2, axis=1)[:, ::2]):
            result = kernels.top_matches(x, labels)
            assert result.dtype == np.float32
            np.testing.assert_array_equal(result, expected)
        np.testing.assert_array_equal(
            kernels.top_matches(scores.reshape(3, 100, n), labels.reshape(3, 100)), expected.reshape(3, 100)
        )


def test_labels_of_all_types():
    scores = np.eye(4, dtype=np.float32)
    for dtype in "bhilqBHILQ":
        assert kernels.top_matches(scores, np.array([0, 1, 2, 0], dtype)).tolist() == [1, 1, 1, 0]
        assert kernels.top_matches(scores, np.array([0, 9, 1, 9, 2, 9, 0, 9], dtype)[::2]).tolist() == [1, 1, 1, 0]
    assert kernels.top_matches(scores, np.array([2**64 - 1, 2**63, 2, 3], np.uint64)).tolist() == [0, 0, 1, 1]
    assert kernels.top_matches(scores[:0], np.array([], int)).shape == (0,)
    assert kernels.top_matches(scores[:, :0], np.zeros(4, int)).tolist() == [0, 0, 0, 0]
    assert kernels.top_matches(scores[1], 1) == 1


def test_labels_that_do_not_go_with_the_scores():
    scores = np.ones((2, 3), np.float32)
    for labels in ([0], [0, 1, 2], [[0], [1]], 0, [[0, 1, 2]] * 2):
        with pytest.raises(ValueError, match=r"scores \(\.\.\., n\) go with labels"):
            kernels.top_matches(scores, labels)
    with pytest.raises(ValueError, match="go with labels"):
        kernels.top_matches(np.array(1.0, np.float32), 0)
    for labels in ([0.0, 1.0], [True, False], ["0", "1"]):
        with pytest.raises(TypeError, match="labels are integers"):
            kernels.top_matches(scores, labels)
    with pytest.raises(TypeError, match="labels is a masked array"):
        kernels.top_matches(scores, np.ma.array([0, 1]))
