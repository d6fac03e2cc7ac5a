"""Each operation: its first and second derivatives are those of central differences."""

from __future__ import annotations

import numpy as np
import pytest

import pynn as tf
from pynn import nn, ops

RNG = np.random.default_rng(7)
A, B = RNG.standard_normal((3, 5)), RNG.standard_normal((3, 5))
POSITIVE = RNG.uniform(0.5, 2.0, (3, 5))
ROW, COLUMN, SCALAR = RNG.standard_normal(5), RNG.standard_normal((3, 1)), np.float64(0.7)
W, CUBE = RNG.standard_normal((5, 2)), RNG.standard_normal((2, 3, 5))
LABELS = np.array([4, 0, 2])
SHARES = RNG.uniform(0.1, 1.0, (3, 5))  # rows that do not sum to 1: the general case

# name: (function of the arrays, arrays to differentiate by)
CASES = {
    "add": (lambda x, y: x + y, (A, B)),
    "add row": (lambda x, y: x + y, (A, ROW)),
    "add column and scalar": (lambda x, y, z: x + y + z, (A, COLUMN, SCALAR)),
    "subtract": (lambda x, y: x - y, (ROW, A)),
    "multiply": (lambda x, y: x * y, (A, COLUMN)),
    "divide": (lambda x, y: x / y, (A, POSITIVE)),
    "divide row": (lambda x, y: x / y, (ROW, POSITIVE)),
    "divide_no_nan": (tf.math.divide_no_nan, (A, POSITIVE)),
    "pow": (lambda x, y: x**y, (POSITIVE, B)),
    "pow 3": (lambda x: x**3, (A,)),
    "rpow": (lambda x: 2.0**x, (A,)),
    "mod": (lambda x: x % 0.37, (A,)),
    "maximum": (tf.maximum, (A, ROW)),
    "minimum": (tf.minimum, (A, COLUMN)),
    "clip": (lambda x: tf.clip_by_value(x, -0.5, 0.8), (A,)),
    "negative": (lambda x: -x, (A,)),
    "abs": (abs, (A,)),
    "square": (tf.square, (A,)),
    "sqrt": (tf.sqrt, (POSITIVE,)),
    "exp": (tf.exp, (A,)),
    "log": (tf.math.log, (POSITIVE,)),
    "tanh": (tf.tanh, (A,)),
    "sigmoid": (tf.sigmoid, (A,)),
    "where": (lambda x, y: tf.where(A > 0, x, y), (A, ROW)),
    "cast": (lambda x: tf.cast(tf.cast(x, "float64"), tf.float64), (A,)),
    "broadcast_to": (lambda x: tf.broadcast_to(x, (4, 3, 5)), (A,)),
    "reduce_sum": (tf.reduce_sum, (A,)),
    "reduce_sum rows": (lambda x: tf.reduce_sum(x, 0), (A,)),
    "reduce_sum kept": (lambda x: tf.reduce_sum(x, -1, keepdims=True), (CUBE,)),
    "reduce_sum axes": (lambda x: tf.reduce_sum(x, (0, 2)), (CUBE,)),
    "reduce_mean": (lambda x: tf.reduce_mean(x, axis=1), (CUBE,)),
    "reduce_max": (lambda x: tf.reduce_max(x, axis=1), (A,)),
    "reduce_min": (lambda x: tf.reduce_min(x, axis=(0, 1), keepdims=True), (A,)),
    "reshape": (lambda x: tf.reshape(x, (5, -1)), (A,)),
    "transpose": (tf.transpose, (A,)),
    "transpose axes": (lambda x: tf.transpose(x, [2, 0, 1]), (CUBE,)),
    "expand_dims": (lambda x: tf.expand_dims(x, 1), (A,)),
    "squeeze": (tf.squeeze, (COLUMN,)),
    "concat": (lambda x, y: tf.concat([x, y, x], -1), (A, COLUMN)),
    "stack": (lambda x, y: tf.stack([x, y], axis=1), (A, B)),
    "rows": (lambda x: x[1:, ::2], (A,)),
    "element": (lambda x: x[0, -1], (A,)),
    "ellipsis": (lambda x: x[..., None, 1], (CUBE,)),
    "mask": (lambda x: x[A > 0], (A,)),
    "gather": (lambda x: tf.gather(x, [2, 0, 2]), (A,)),
    "gather columns": (lambda x: tf.gather(x, [[0, 4], [4, 1]], axis=1), (A,)),
    "iterate": (lambda x: sum(row * row for row in x), (A,)),
    "matmul": (lambda x, y: x @ y, (A, W)),
    "matmul transposed": (lambda x, y: tf.matmul(x, y, transpose_a=True, transpose_b=True), (A, W[:3].T.copy())),
    "matmul of a stack": (lambda x, y: x @ y, (CUBE, W)),
    "matmul of stacks": (lambda x, y: x @ y, (CUBE, RNG.standard_normal((5, 2)) * np.ones((2, 1, 1)))),
    "matmul of broadcast stacks": (lambda x, y: x @ y, (A, RNG.standard_normal((4, 5, 2)))),
    "relu": (nn.relu, (A,)),
    "dense": (ops.dense, (A, W, W[0])),
    "dense relu": (lambda x, w, b: ops.dense(x, w, b, "relu"), (A, W, W[0])),
    "dense relu of a stack": (lambda x, w: ops.dense(x, w, activation="relu"), (CUBE, W)),
    "softmax": (nn.softmax, (A,)),
    "softmax axis": (lambda x: nn.softmax(x, axis=0), (CUBE,)),
    "log_softmax": (nn.log_softmax, (A,)),
    "sparse cross-entropy": (lambda x: nn.sparse_softmax_cross_entropy_with_logits(LABELS, x), (A,)),
    "cross-entropy": (nn.softmax_cross_entropy_with_logits, (SHARES, A)),
    "cross-entropy of a stack": (nn.softmax_cross_entropy_with_logits, (abs(CUBE), CUBE)),
}  # fmt: skip


def weighted(function, arrays):
    """A scalar of the function's value, with weights that no symmetry hides behind, and its gradient tensors."""
    with tf.GradientTape() as tape:
        xs = [tf.constant(a) for a in arrays]
        tape.watch(xs)
        y = function(*xs)
        loss = tf.reduce_sum(y * np.cos(np.arange(y.numpy().size)).reshape(y.shape))
    return xs, loss, tape


def differences(scalar, arrays, step):
    """Central differences of scalar(*arrays) by every element of every array."""
    result = []
    for i, a in enumerate(arrays):
        slope = np.empty(np.shape(a))
        for index in np.ndindex(slope.shape):
            moved = []
            for sign in (step, -step):
                b = np.array(a, np.float64)
                b[index] += sign
                moved.append(scalar(*arrays[:i], b, *arrays[i + 1 :]))
            slope[index] = (moved[0] - moved[1]) / (2 * step)
        result.append(slope)
    return result


# step h: truncation h^2/6 * third derivative (below 100 here), rounding eps * |f| / h with |f| below 100
STEP = 1e-5
TOLERANCE = STEP**2 / 6 * 100 + 2.3e-16 * 100 / STEP


@pytest.mark.parametrize("name", CASES)
def test_gradient(name):
    function, arrays = CASES[name]
    xs, loss, tape = weighted(function, arrays)
    expected = differences(lambda *a: float(weighted(function, a)[1]), arrays, STEP)
    for g, e, x in zip(tape.gradient(loss, xs), expected, xs, strict=True):
        assert g.shape == x.shape and g.dtype == x.dtype
        np.testing.assert_allclose(g, e, rtol=1e-8, atol=TOLERANCE)


def slope_along(function, arrays):
    """A scalar of the first gradients (zeros for those that are None), under a tape."""
    with tf.GradientTape() as outer:
        xs = [tf.constant(a) for a in arrays]
        outer.watch(xs)
        with tf.GradientTape() as tape:
            tape.watch(xs)
            loss = tf.reduce_sum(function(*xs) ** 2)  # squared: operations that are linear have a curvature too
        grads = tape.gradient(loss, xs, unconnected_gradients="zero")
        total = sum(tf.reduce_sum(g * np.sin(np.arange(g.numpy().size)).reshape(g.shape)) for g in grads)
    return xs, total, outer


@pytest.mark.parametrize("name", CASES)
def test_second_derivative(name):
    function, arrays = CASES[name]
    xs, total, outer = slope_along(function, arrays)
    expected = differences(lambda *a: float(slope_along(function, a)[1]), arrays, STEP)
    for g, e in zip(outer.gradient(total, xs, unconnected_gradients="zero"), expected, strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-6, atol=100 * TOLERANCE)


def test_third_derivative():
    x = tf.constant(1.5, tf.float64)
    with tf.GradientTape() as third:
        third.watch(x)
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                y = tf.exp(x) * x**3
            d1 = first.gradient(y, x)
        d2 = second.gradient(d1, x)
    d3 = third.gradient(d2, x)
    a, e = 1.5, np.exp(1.5)
    expected = e * (a**3 + 3 * a**2), e * (a**3 + 6 * a**2 + 6 * a), e * (a**3 + 9 * a**2 + 18 * a + 6)
    np.testing.assert_allclose([d1, d2, d3], expected, rtol=1e-13)
