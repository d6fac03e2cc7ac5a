"""Operations: values beside those of test_random_ops.py; dtypes and errors are TensorFlow's."""

from __future__ import annotations

import numpy as np
import pytest

import pynn as tf
from pynn import keras, nn

RNG = np.random.default_rng(7)
A, B = RNG.standard_normal((3, 5)), RNG.standard_normal((3, 5))
ROW, SCALAR = RNG.standard_normal(5), np.float64(0.7)
W = RNG.standard_normal((5, 2))
LABELS = np.array([4, 0, 2])

VALUES = {
    "subtract from number": (1 - A, lambda: 1 - tf.constant(A)),
    "ndarray on the left": (A * B, lambda: A * tf.constant(B)),
    "ndarray @ tensor": (A @ W, lambda: A @ tf.constant(W)),
    "float scalar of NumPy on the left": (SCALAR * A, lambda: SCALAR * tf.constant(A)),
    "argmin": (A.argmin(0), lambda: tf.math.argmin(A)),
    "logic": ((A > 0) & ~(B > 0) | (A == B), lambda: (tf.constant(A) > 0) & ~(tf.constant(B) > 0) | tf.equal(A, B)),
    "one_hot": (np.eye(5)[LABELS], lambda: tf.one_hot(LABELS, 5)),
    "one_hot outside": (np.zeros((1, 3)), lambda: tf.one_hot([-1], 3)),
    "fill": (np.full((2, 3), 7), lambda: tf.fill((2, 3), 7)),
    "zeros": (np.zeros(3), lambda: tf.zeros(3)),
    "range": (np.arange(2, 9, 3), lambda: tf.range(2, 9, 3)),
    "range down": (np.arange(5, 0, -2), lambda: tf.range(5, 0, -2)),
    "empty range": (np.arange(0), lambda: tf.range(3, 3)),
    "range of large numbers": (np.arange(3) * 2**61, lambda: tf.range(0, 2**62 + 1, 2**61)),
    "softmax far out": ([[0.5, 0.5, 0]], lambda: nn.softmax([[1e4, 1e4, -1e4]])),
    "log_softmax far out": ([[0.0, -2e4]], lambda: nn.log_softmax([[1e4, -1e4]])),
    "matmul of integers": ([[7]], lambda: tf.matmul([[1, 2]], [[3], [2]])),
    "relu of integers": ([0, 3], lambda: nn.relu([-2, 3])),
    "shape from tensors": ((2, 6), lambda: tf.reshape(tf.range(12), tf.constant([2, 6])).shape),
}


@pytest.mark.parametrize("name", VALUES)
def test_value(name):
    expected, function = VALUES[name]
    np.testing.assert_allclose(function(), expected, rtol=1e-14)


DTYPES = [
    (tf.float32, lambda: tf.constant([1.0, 2])), (tf.int32, lambda: tf.constant([1, 2])),
    (tf.int64, lambda: tf.constant(2**40)), (tf.bool, lambda: tf.constant(True)),
    (tf.float64, lambda: tf.constant(np.ones(2))), (tf.float64, lambda: tf.constant([np.float64(1)])),
    (tf.float16, lambda: tf.constant(np.float16(1)) + 1), (tf.float32, lambda: tf.constant([1.0]) + np.ones(1)),
    (tf.float32, lambda: 2 * tf.constant([1.0])), (tf.int32, lambda: tf.constant([1]) + np.ones(1)),
    (tf.float64, lambda: tf.constant([1]) / 2), (tf.float32, lambda: tf.constant([1], tf.uint8) / 2),
    (tf.int32, lambda: tf.reduce_sum(tf.constant([1, 2]))), (tf.int32, lambda: tf.reduce_mean([1, 2])),
    (tf.uint8, lambda: tf.reduce_sum(tf.constant([200, 50], tf.uint8))), (tf.int64, lambda: tf.argmax([1.0])),
    (tf.float32, lambda: tf.cast([1, 2], "float32")), (tf.float32, lambda: tf.one_hot([1], 2)),
    (tf.int32, lambda: tf.range(3)),
    (tf.float32, lambda: tf.range(3.0)), (tf.float16, lambda: tf.range(np.float16(3))),
    (tf.float16, lambda: nn.softmax(np.ones(2, "f2"))),
]  # fmt: skip


@pytest.mark.parametrize("i", range(len(DTYPES)))
def test_dtype(i):
    dtype, function = DTYPES[i]
    assert function().dtype == dtype


ERRORS = [
    (tf.InvalidArgumentError, lambda: tf.constant([1]) + 1.5),
    (tf.InvalidArgumentError, lambda: tf.ones(2) + tf.range(2)), (tf.InvalidArgumentError, lambda: tf.range(3, 1)),
    (tf.InvalidArgumentError, lambda: tf.range(np.inf)), (tf.InvalidArgumentError, lambda: tf.range(0, 1, np.nan)),
    (tf.InvalidArgumentError, lambda: tf.ones(2) + tf.ones(3)),
    (tf.InvalidArgumentError, lambda: tf.ones(2) * tf.ones(3)),
    (tf.InvalidArgumentError, lambda: tf.ones((2, 2)) @ tf.ones(2)),
    (tf.InvalidArgumentError, lambda: tf.matmul(tf.ones((2, 2)), tf.ones((3, 2)))),
    (tf.InvalidArgumentError, lambda: tf.reshape(tf.ones(4), 3)), (tf.InvalidArgumentError, lambda: tf.exp([1])),
    (tf.InvalidArgumentError, lambda: tf.squeeze(tf.ones((2, 1)), 0)), (tf.InvalidArgumentError, lambda: tf.ones(2)[5]),
    (tf.InvalidArgumentError, lambda: tf.reduce_sum(tf.ones(2), 1)),
    (tf.InvalidArgumentError, lambda: tf.gather([1], 1)),
    (tf.InvalidArgumentError, lambda: tf.unstack(tf.ones(2), axis=3)), (tf.InvalidArgumentError, lambda: tf.unstack(1)),
    (tf.InvalidArgumentError, lambda: tf.split(tf.ones(2), 2, axis=3)),
    (tf.InvalidArgumentError, lambda: tf.broadcast_to(tf.ones(2), 3)),
    (tf.InvalidArgumentError, lambda: tf.concat([tf.ones((1, 2)), tf.ones((1, 3))], 0)),
    (tf.InvalidArgumentError, lambda: tf.ones(2)[[0, 1]]),
    (TypeError, lambda: tf.constant("text")),
    (ValueError, lambda: tf.constant({})),
    (TypeError, lambda: tf.cast([1], "complex64")),
    (TypeError, lambda: hash(tf.ones(1))),
    (TypeError, lambda: len(tf.ones(()))),
    (TypeError, lambda: iter(tf.ones(()))),
    (ValueError, lambda: tf.constant([[1, 2], [3]])),
    (ValueError, lambda: bool(tf.ones(2))),
    (ValueError, lambda: tf.convert_to_tensor(tf.ones(1), tf.float64)),
    (ValueError, lambda: tf.random.uniform((2,), 0, dtype=tf.int32)),
    (tf.InvalidArgumentError, lambda: nn.sparse_softmax_cross_entropy_with_logits([3, 0], tf.ones((2, 3)))),
    (tf.InvalidArgumentError, lambda: nn.sparse_softmax_cross_entropy_with_logits([-1, 0], tf.ones((2, 3)))),
    (ValueError, lambda: nn.sparse_softmax_cross_entropy_with_logits([0], tf.ones((2, 3)))),
    (tf.InvalidArgumentError, lambda: nn.softmax_cross_entropy_with_logits(tf.ones((2, 2)), tf.ones((2, 3)))),
]  # fmt: skip


@pytest.mark.parametrize("i", range(len(ERRORS)))
def test_error(i):
    kind, function = ERRORS[i]
    with pytest.raises(Exception) as error:
        function()
    assert error.type is kind or (kind is TypeError and error.type is AttributeError)


def test_tensors_do_not_change():
    source = np.arange(4, dtype=np.float32)
    tensor, viewed = tf.constant(source), tf.reshape(source, (2, 2))
    source[:] = 9
    tensor.numpy()[:] = 9
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(viewed)[:] = 9
    np.testing.assert_array_equal(tensor, [0, 1, 2, 3])
    np.testing.assert_array_equal(viewed, [[0, 1], [2, 3]])
    with pytest.raises(TypeError):
        tensor[0] = 1


def test_text():
    assert (
        repr(tf.constant([1.0, 2.0])) == "<tf.Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>"
    )
    assert repr(tf.constant(3)) == "<tf.Tensor: shape=(), dtype=int32, numpy=3>"
    assert repr(tf.ones((2, 1)))[-33:] == "numpy=\narray([[1.],\n       [1.]], dtype=float32)>"[-33:]
    assert str(tf.constant(1.5)) == "tf.Tensor(1.5, shape=(), dtype=float32)"
    assert str(tf.ones((2, 1))) == "tf.Tensor(\n[[1.]\n [1.]], shape=(2, 1), dtype=float32)"
    assert (
        repr(tf.Variable([1, 2]))
        == "<tf.Variable 'Variable:0' shape=(2,) dtype=int32, numpy=array([1, 2], dtype=int32)>"
    )
    assert f"{tf.constant(3.14159):.2f}" == "3.14"
    assert (repr(tf.float32), str(tf.int8)) == ("tf.float32", "<dtype: 'int8'>")
    assert (repr(tf.ones((2, 3)).shape), str(tf.ones(2).shape)) == ("TensorShape([2, 3])", "(2,)")


def test_numbers_and_shapes():
    x = tf.constant([[1.0, 2.0, 3.0]])
    assert (float(x[0, 1]), int(x[0, 2]), len(x), x.ndim) == (2.0, 3, 1, 2)
    assert [10, 20, 30][tf.constant(1)] == 20 and list(range(tf.constant(3))) == [0, 1, 2]
    assert x.shape == [1, 3] and x.shape[1:] == (3,) and x.shape.as_list() == [1, 3] and x.shape.num_elements() == 3
    assert x.dtype == np.float32 == tf.float32 and x.dtype == "float32" and x.dtype != tf.float64
    assert np.zeros(2, tf.float64.as_numpy_dtype).dtype == tf.float64
    assert (x == None) is False and (x != None) is True  # noqa: E711  a comparison as users write it
    assert float(np.sum(x)) == 6 and np.exp(x).dtype == np.float32
    assert float(tf.range(1.0, 5.0, 0.1)[-1]) == np.float32(4.9)  # the steps do not add up
    assert tf.range(0.0, 0.3, 0.1).shape == (3,)  # 0.3 / 0.1 is 3 in float32, more in wider types
    np.testing.assert_array_equal(tf.range(0.1, 0.7, 0.1, tf.float64), 0.1 + 0.1 * np.arange(6))
    assert float(tf.range(0.1, 0.2, np.float64(1))[0]) == np.float32(0.1)  # 0.1 alone is a float32
    assert isinstance(x.numpy(), np.ndarray) and isinstance(x[0, 0].numpy(), np.float32)


@pytest.mark.parametrize("rows", [(), (2,), (2, 3)])
def test_a_product_of_no_columns_has_gradients(rows):
    x, w = tf.Variable(tf.ones((*rows, 0))), tf.Variable(tf.ones((0, 4)))
    with tf.GradientTape() as tape:
        y = tf.ops.dense(x, w)
    slopes = tape.gradient(y, [x, w])
    assert y.shape == (*rows, 4) and not y.numpy().any()
    assert [g.shape for g in slopes] == [(*rows, 0), (0, 4)]


def test_moments_have_a_second_derivative():
    """The variance's is 2 / n (1 - 1 / n) by one element twice, and -2 / n^2 by two of them."""
    x = tf.constant([1.0, 2.0, 6.0])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            variance = tf.nn.moments(x, [0])[1]
        slope = inner.gradient(variance, x)
    np.testing.assert_allclose(outer.jacobian(slope, x), 2 / 3 * np.eye(3) - 2 / 9, rtol=1e-6, atol=1e-7)


def test_no_warnings_from_infinities():
    with np.errstate(all="raise"):
        x = tf.constant([0.0, -1.0, 1000.0])
        np.testing.assert_array_equal(1 / x, [np.inf, -1, np.float32(1e-3)])
        np.testing.assert_array_equal(tf.math.log(x)[:2], [-np.inf, np.nan])
        np.testing.assert_array_equal(tf.exp(x)[2], np.inf)
        np.testing.assert_array_equal(tf.exp(x) * 0, [0, 0, np.nan])
        np.testing.assert_array_equal(tf.sigmoid(-x)[2], 0)


def test_random():
    tf.random.set_seed(3)
    first = tf.random.uniform((1000,), -2, 3).numpy(), tf.random.normal((1000,), 1, 2).numpy()
    tf.random.set_seed(3)
    again = tf.random.uniform((1000,), -2, 3).numpy(), tf.random.normal((1000,), 1, 2).numpy()
    np.testing.assert_array_equal(first, again)
    assert first[0].min() >= -2 and first[0].max() < 3
    # mean of 1000: standard error 5/sqrt(12)/sqrt(1000) = 0.046 and 2/sqrt(1000) = 0.063; 5 of them
    assert abs(first[0].mean() - 0.5) < 0.23 and abs(first[1].mean() - 1) < 0.32
    assert np.abs(tf.random.truncated_normal((1000,), 0, 2)).max() <= 4
    assert set(tf.random.uniform((100,), 0, 3, tf.int32).numpy()) == {0, 1, 2}
    np.testing.assert_array_equal(tf.random.normal((3,), seed=5), tf.random.normal((3,), seed=5))


def test_counts_of_bytes():
    labels, guesses = np.uint8([2, 0, 2]), np.int64([2, 1, 1])  # as MNIST's labels, and argmax's
    np.testing.assert_array_equal(tf.math.confusion_matrix(labels, guesses), [[0, 1, 0], [0, 0, 0], [0, 1, 1]])
    np.testing.assert_array_equal(tf.math.bincount(labels), [1, 0, 2])
    assert tf.math.bincount(np.uint8([])).shape == (0,)


X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize("function", [
    lambda i: tf.argmax(X, i), lambda i: tf.sort(X, i), lambda i: tf.argsort(X, i), lambda i: tf.reduce_sum(X, i),
    lambda i: tf.reduce_max(X, [0, i]), lambda i: tf.concat([X, X], i), lambda i: tf.stack([X, X], i),
    lambda i: tf.unstack(X, axis=i), lambda i: tf.split(X, 1, i), lambda i: tf.expand_dims(X, i),
    lambda i: tf.squeeze(X, i), lambda i: tf.gather(X, [0], axis=i),
    lambda i: tf.gather(X, [[0], [0]], axis=i, batch_dims=1), lambda i: tf.boolean_mask(X, [True] * 2, axis=i - 1),
    lambda i: tf.nn.softmax(X, i), lambda i: tf.nn.log_softmax(X, i), lambda i: tf.one_hot([0, 1], 3, axis=i),
    lambda i: tf.nn.softmax_cross_entropy_with_logits(X, X, i), lambda i: tf.cumsum(X, i), lambda i: tf.reverse(X, [i]),
    lambda i: tf.roll(X, 1, i), lambda i: tf.repeat(X, 2, i), lambda i: tf.norm(X, axis=i),
    lambda i: tf.linspace(X, X, 3, axis=i), lambda i: tf.tensordot(X, X, [[i], [i]]),
    lambda i: keras.layers.BatchNormalization(axis=i)(X), lambda i: keras.layers.LayerNormalization(axis=i)(X),
    lambda i: keras.layers.Dot(axes=i)([X, X]), lambda i: keras.layers.Concatenate(axis=i)([X, X]),
])  # fmt: skip
@pytest.mark.parametrize("axis", [7, -7])
def test_an_axis_that_is_not_there(function, axis):
    with pytest.raises(tf.InvalidArgumentError, match=r"axis|axes"):
        function(axis)
