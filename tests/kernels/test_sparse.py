"""Products of a left operand with many zeros: equal to the dense ones, and as careful with infinity and NaN."""

import numpy as np
import pytest

import kernels
from kernels import products

SHAPES = [  # (m, k, n), each work enough for the zeros to be looked at
    (128, 784, 512),  # MNIST's first layer
    (784, 128, 512),  # and the gradient of its weights
    (31, 1009, 67),  # primes: no block, slice, tile or vector is full
    (701, 61, 64),
    (33, 257, 257),
    (5000, 130, 66),  # more rows than are listed at a time
    (17, 4001, 71),
]


def sparse(rng, m, k, dtype, share=0.2):
    x = rng.standard_normal((m, k)).astype(dtype)
    x[rng.random((m, k)) >= share] = 0
    x[rng.random((m, k)) < 0.01] = -0.0
    x[m // 2] = 0  # an empty list
    x[:, k // 3] = 1
    return x


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_the_dense_product(shape, dtype):
    m, k, n = shape
    rng = np.random.default_rng(0)
    x, w, b = sparse(rng, m, k, dtype), rng.standard_normal((k, n)).astype(dtype), rng.standard_normal(n).astype(dtype)
    for right in (w, np.asfortranarray(w), w[::-1, ::-1]):
        exact = x.astype(np.float64) @ right.astype(np.float64)
        bound = (k + 1) * np.finfo(dtype).eps * (np.abs(x).astype(np.float64) @ np.abs(right))
        expected = products.dot_parallel(x, right)
        assert (np.abs(expected - exact) <= bound).all()
        for left in (x, np.asfortranarray(x)):
            for count in (1, 2, 5):
                kernels.set_num_threads(count)
                out = np.full((m, n), np.nan, dtype)
                assert kernels.dot(left, right, out) is out
                np.testing.assert_array_equal(out, expected)
    for left in (x, np.asfortranarray(x)):
        for count in (1, 2, 5):
            kernels.set_num_threads(count)
            dense = kernels.dense(left, w, b, "relu")
            np.testing.assert_array_equal(dense, kernels.relu(kernels.add(products.dot_parallel(x, w), b)))


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("where", [(0, 0), (783, 511), (400, 70)])
def test_zero_times_infinity_is_nan(bad, where):
    rng = np.random.default_rng(1)
    x, w = sparse(rng, 128, 784, "float32"), rng.standard_normal((784, 512)).astype(np.float32)
    w[where] = bad
    for count in (1, 3):
        kernels.set_num_threads(count)
        result = kernels.dot(x, w)
        assert not np.isfinite(result[:, where[1]]).any()
        assert np.isnan(result[x[:, where[0]] == 0, where[1]]).all()
        others = np.arange(512) != where[1]
        np.testing.assert_array_equal(result[:, others], kernels.dot(x, np.where(np.isfinite(w), w, 0))[:, others])


def test_special_values_on_the_left_are_no_zeros():
    rng = np.random.default_rng(2)
    x, w = sparse(rng, 128, 784, "float32"), rng.standard_normal((784, 512)).astype(np.float32)
    x[3, 5], x[7, 9], x[100, 11] = np.nan, np.inf, 1e-42  # the last is subnormal
    with np.errstate(invalid="ignore"):
        result = kernels.dot(x, w)
    assert np.isnan(result[3]).all()
    np.testing.assert_array_equal(result[7], np.where(w[9] > 0, np.inf, -np.inf))
    np.testing.assert_array_equal(result, products.dot_parallel(x, w))


def test_a_product_of_zeros_is_zero():
    x, w = np.zeros((300, 300), np.float32), np.full((300, 300), 7, np.float32)
    np.testing.assert_array_equal(kernels.dot(x, w), 0)
    np.testing.assert_array_equal(kernels.dense(x, w, np.arange(300, dtype=np.float32), "relu")[5], np.arange(300))


MASKS = (np.arange(256)[:, None] >> np.arange(8)) & 1  # what 8 elements can be: 0 or not

PATTERNS = {  # (m, k), with at least 60% zeros
    "one element": np.eye(1, 128 * 784, 100_003).reshape(128, 784),
    "one in each row": np.eye(128, 784, 300),
    "rows that are full": np.where(np.arange(128)[:, None] % 5 == 3, 1.0, np.zeros((128, 784))),
    "columns that are full": np.where(np.arange(784) % 7 == 2, 1.0, np.zeros((128, 784))),
    "dark borders": np.pad(np.ones((128, 200)), ((0, 0), (300, 284))),
    "the ends of slices": np.where(np.isin(np.arange(784) % 112, (0, 111)), 1.0, np.zeros((128, 784))),
    "every mask of 8 lanes": np.concatenate([MASKS, np.zeros((256, 7)), MASKS[::-1], np.zeros((256, 60))], 1),
    "a k that is too long for lists": np.where(np.arange(8200) % 9 == 0, 1.0, np.zeros((33, 8200))),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_patterns_of_zeros(pattern, dtype):
    rng = np.random.default_rng(3)
    (m, k), n = pattern.shape, 130
    x = (pattern * rng.uniform(1, 2, (m, k))).astype(dtype)
    w = rng.standard_normal((k, n)).astype(dtype)
    g = rng.standard_normal((m, max(n, 2_200_000 // (m * k)))).astype(dtype)
    for count in (1, 2):
        kernels.set_num_threads(count)
        np.testing.assert_array_equal(kernels.dot(x, w), products.dot_parallel(x, w))
        np.testing.assert_array_equal(kernels.dot(x.T, g), products.dot_parallel(x.T, g))


def test_not_finite_where_the_left_operand_is_all_zero():
    x, w = np.pad(np.ones((128, 200), np.float32), ((0, 0), (300, 284))), np.ones((784, 512), np.float32)
    for row in (0, 299, 500, 783):
        bad = w.copy()
        bad[row, 130] = np.inf
        result = kernels.dot(x, bad)
        assert np.isnan(result[:, 130]).all() and (np.delete(result, 130, 1) == 200).all()
