"""sum_rows, the bias's gradient; total, the sum of all; top_matches, what of the answers is right."""

import numpy as np
import pytest

import kernels


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
