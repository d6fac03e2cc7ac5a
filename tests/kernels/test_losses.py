"""softmax, and softmax with cross-entropy: exactness, stability, gradients."""

import numpy as np
import pytest
from references import softmax_reference

import kernels
from kernels.ladder import LADDER

SOFTMAX = [pytest.param(f, id=rung) for rung, f in LADDER["softmax"].items()]
DTYPES = ["float32", "float64"]
INF, NAN = np.inf, np.nan


def test_softmax_of_subnormal_size():
    for dtype, depths in (("float32", np.linspace(80, 120, 999)), ("float64", np.linspace(700, 770, 999))):
        x = np.concatenate([[0], -depths]).astype(dtype)
        expected, bound = softmax_reference(x)
        result = kernels.softmax(x)
        assert (np.abs(result - expected) <= bound).all()
        assert ((result > 0) & (result < np.finfo(dtype).tiny)).any()


@pytest.mark.parametrize("softmax", SOFTMAX)
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([1000, 0, -1000], [1, 0, 0]),
        ([88, 1000, 1000], [0, 0.5, 0.5]),
        ([-1e30, -1e30, -2e30], [0.5, 0.5, 0]),
        ([-INF, 0, 0], [0, 0.5, 0.5]),
        ([-INF, -INF, 5], [0, 0, 1]),
        ([INF, 0, 0], [NAN] * 3),
        ([-INF] * 3, [NAN] * 3),
        ([NAN, 0, 0], [NAN] * 3),
        ([0, NAN, 1], [NAN] * 3),
        ([0, 1, NAN], [NAN] * 3),
    ],
)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the naive rung computes inf - inf with NumPy's scalars
def test_softmax_of_extreme_rows_leaves_the_others_alone(softmax, row, expected, dtype):
    x = np.array([[0, 0, 0], row, [0, 0, 0]], dtype)
    result = softmax(x)
    np.testing.assert_array_equal(result[1], np.array(expected, dtype))
    np.testing.assert_array_equal(result[[0, 2]], np.full((2, 3), 1 / np.asarray(3, dtype), dtype))


def test_gradient_is_that_of_the_loss():
    rng = np.random.default_rng(1)
    x, targets, step = rng.standard_normal((4, 6)), rng.random((4, 6)), 1e-5
    for given in (targets, np.array([0, 5, 2, 2])):
        _, gradient = kernels.softmax_cross_entropy(x, given)
        for j in range(6):
            shift = np.zeros((4, 6))
            shift[:, j] = step
            above = kernels.softmax_cross_entropy(x + shift, given)[0]
            below = kernels.softmax_cross_entropy(x - shift, given)[0]
            # central differences: step**2 for the third derivative, eps * loss / step for rounding
            np.testing.assert_allclose((above - below) / (2 * step), gradient[:, j], rtol=0, atol=1e-9)


@pytest.mark.parametrize("dtype", DTYPES)
def test_cross_entropy_does_not_overflow(dtype):
    x = np.array([[1000, -1000, 0], [-INF, 0, 0], [0, NAN, 0]], dtype)
    losses, gradient = kernels.softmax_cross_entropy(x, [1, 1, 0])
    np.testing.assert_allclose(losses, [2000, np.log(2), NAN], rtol=1e-6)
    np.testing.assert_array_equal(gradient, np.array([[1, -1, 0], [0, -0.5, 0.5], [NAN] * 3], dtype))
    losses, gradient = kernels.softmax_cross_entropy(x[:2], np.array([[0, 1, 0], [0, 0.5, 0.5]], dtype))
    np.testing.assert_allclose(losses, [2000, np.log(2)], rtol=1e-6)
    np.testing.assert_array_equal(gradient, np.array([[1, -1, 0], [0, 0, 0]], dtype))
    assert kernels.softmax_cross_entropy(x[1:2], [0])[0] == INF


@pytest.mark.parametrize("label_type", ["int8", "uint8", "int32", "uint64", "int64", ">i4"])
def test_labels_of_any_integer_type(label_type):
    x = np.random.default_rng(2).standard_normal((8, 3)).astype(np.float32)
    labels = np.array([0, 1, 2, 0, 1, 2, 2, 1])
    expected = kernels.softmax_cross_entropy(x, labels)
    for given in (labels.astype(label_type), np.repeat(labels, 2).astype(label_type)[::2], labels.tolist()):
        for result, wanted in zip(kernels.softmax_cross_entropy(x, given), expected, strict=True):
            np.testing.assert_array_equal(result, wanted)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax_where_out_overlaps_x(dtype):
    for shift in (-37, -10, -1, 0, 1, 10, 37):
        memory = np.random.default_rng(3).standard_normal(200).astype(dtype)
        x, out = (memory[first : first + 100].reshape(10, 10) for first in (50, 50 + shift))
        expected = kernels.softmax(x.copy())
        assert kernels.softmax(x, out=out) is out
        np.testing.assert_array_equal(out, expected)
