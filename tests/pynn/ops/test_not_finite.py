"""NaN and infinities: TensorFlow 2.21's own results on a CPU, and Keras 3.15's."""

from __future__ import annotations

import numpy as np
import pytest

import pynn as tf
from pynn import keras

INF, NAN = np.inf, np.nan
ROWS = np.array(
    [[NAN, 0.3, 0.5], [0.3, NAN, 0.5], [0.5, 0.3, NAN], [NAN, NAN, 0.1], [NAN, -INF, NAN], [NAN, NAN, NAN],
     [INF, NAN, -INF], [0.5, NAN, 0.5]], np.float32,
)  # fmt: skip
LONG = np.array([NAN if i % 7 == 3 else i * i % 23 for i in range(40)], np.float32)
LABELS = np.array([2, 2, 0, 2, 0, 0, 0, 2])
HOT = np.eye(3, dtype=np.float32)[LABELS]

PLACES = {
    "argmax": (lambda x: tf.argmax(x, 1), [2, 2, 0, 2, 0, 0, 0, 0]),
    "argmax of columns": (lambda x: tf.argmax(x, 0), [6, 0, 0]),
    "argmin": (lambda x: tf.argmin(x, 1), [1, 0, 1, 2, 1, 0, 2, 0]),
    "argmin of columns": (lambda x: tf.argmin(x, 0), [1, 4, 6]),
    "argsort": (
        lambda x: tf.argsort(x, 1),
        [[0, 1, 2], [0, 1, 2], [1, 0, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2], [2, 0, 1], [0, 1, 2]],
    ),
    "argsort of columns": (
        lambda x: tf.argsort(x, 0),
        [[0, 4, 6], [1, 0, 3], [2, 1, 0], [3, 2, 1], [4, 3, 2], [5, 5, 4], [7, 6, 5], [6, 7, 7]],
    ),
    "argsort, largest first": (
        lambda x: tf.argsort(x, 1, "DESCENDING"),
        [[0, 2, 1], [2, 0, 1], [0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2]],
    ),
    "argsort of columns, largest first": (
        lambda x: tf.argsort(x, 0, "DESCENDING"),
        [[0, 0, 0], [2, 1, 1], [1, 2, 2], [3, 3, 3], [4, 4, 4], [5, 5, 5], [6, 6, 7], [7, 7, 6]],
    ),
    "top_k": (
        lambda x: tf.math.top_k(x, 2).indices,
        [[0, 2], [1, 2], [0, 1], [0, 1], [0, 1], [0, 1], [0, 1], [0, 1]],
    ),
    "in_top_k": (lambda x: tf.math.in_top_k([2, 2, 0, 2, 1, 0, 0, 0], x, 2), [False] * 8),
}


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", PLACES)
def test_places_beside_nan(name, kind):
    function, expected = PLACES[name]
    np.testing.assert_array_equal(function(ROWS.astype(kind)), expected)


def test_the_first_of_a_long_row_with_nan():
    expected = [3, 8, 15, 4, 10, 19, 27, 6, 29, 9, 14, 17, 31, 32, 37, 20, 26, 13, 33, 36, 11, 12, 34, 35, 2, 21, 23,
                24, 25, 7, 16, 30, 39, 5, 18, 28, 1, 22, 0]  # fmt: skip
    np.testing.assert_array_equal(tf.math.top_k(LONG, 39).indices, expected)
    first = tf.math.top_k(LONG, 10)
    np.testing.assert_array_equal(first.indices, [3, 8, 15, 4, 19, 27, 6, 29, 9, 14])
    np.testing.assert_array_equal(first.values, LONG[first.indices.numpy()])
    assert tf.math.top_k(LONG, 1).indices.numpy().tolist() == [8]
    whole = [8, 4, 2, 1, 0, 3, 6, 9, 7, 5, 10, 15, 14, 13, 11, 12]
    np.testing.assert_array_equal(tf.math.top_k(LONG[:16], 16).indices, whole)
    np.testing.assert_array_equal(tf.sort(LONG[:16], direction="DESCENDING"), LONG[whole])


def test_top_k_of_none_and_of_too_many():
    assert tf.math.top_k([1.0, NAN], 0).indices.shape == (0,)
    for k in (-1, 3):
        with pytest.raises(tf.InvalidArgumentError, match="k columns"):
            tf.math.top_k([1.0, 2.0], k)


def test_in_top_k_knows_nothing_of_a_row_with_infinities():
    rows = np.array([[0.1, 0.2, INF], [0.1, 0.2, -INF], [0.1, 0.2, 0.3], [1, 1, 1]], np.float32)
    np.testing.assert_array_equal(tf.math.in_top_k([0, 0, 0, 3], rows, 3), [False, False, True, False])


def test_accuracies_beside_nan():
    for accuracy in (
        keras.metrics.sparse_categorical_accuracy(LABELS, ROWS), keras.metrics.categorical_accuracy(HOT, ROWS),
        keras.metrics.categorical_accuracy(ROWS, HOT),
    ):  # fmt: skip
        np.testing.assert_array_equal(accuracy, [1, 1, 1, 1, 1, 1, 1, 0])
    np.testing.assert_array_equal(keras.metrics.top_k_categorical_accuracy(HOT, ROWS, 3), np.zeros(8))
    assert float(keras.metrics.Precision(top_k=2)(HOT, ROWS)) == np.float32(2 / 3)
    assert float(keras.metrics.Recall(top_k=2)(HOT, ROWS)) == 0.5


@pytest.mark.parametrize("function, expected", [
    (tf.nn.relu, [NAN, INF, 0, 0]), (tf.nn.relu6, [NAN, 6, 0, 0]), (tf.nn.elu, [NAN, INF, -1, 0]),
    (tf.nn.selu, [NAN, INF, -1.7580993175506592, 0]), (tf.nn.gelu, [NAN, INF, NAN, 0]),
    (tf.nn.silu, [NAN, INF, NAN, 0]), (tf.nn.leaky_relu, [NAN, INF, -INF, 0]),
    (tf.nn.softplus, [NAN, INF, 0, 0.6931471824645996]), (tf.nn.softsign, [NAN, NAN, NAN, 0]),
    (tf.exp, [NAN, INF, 0, 1]), (tf.math.expm1, [NAN, INF, -1, 0]), (tf.math.log, [NAN, INF, NAN, -INF]),
    (tf.math.log1p, [NAN, INF, NAN, 0]), (tf.sigmoid, [NAN, 1, 0, 0.5]), (tf.tanh, [NAN, 1, -1, 0]),
    (tf.math.log_sigmoid, [NAN, 0, -INF, -0.6931471824645996]), (tf.math.rsqrt, [NAN, 0, NAN, -INF]),
    (lambda x: tf.clip_by_value(x, -2, 2), [NAN, 2, -2, 0]), (lambda x: tf.clip_by_value(x, 2, -2), [NAN, 2, 2, 2]),
    (lambda x: x // 2, [NAN, INF, -INF, 0]), (lambda x: 1 // (x + 0.1), [NAN, 0, 0, 10]),
])  # fmt: skip
def test_element_by_element(function, expected):
    y = function(tf.constant([NAN, INF, -INF, -0.0]))
    np.testing.assert_allclose(y, np.array(expected, np.float32), rtol=4 * np.finfo(np.float32).eps)


@pytest.mark.parametrize("function, expected", [
    (tf.reduce_max, [NAN, 2, -INF, INF, INF]), (tf.reduce_min, [NAN, -INF, -INF, 0, -INF]),
    (tf.reduce_sum, [NAN, -INF, -INF, INF, NAN]), (tf.reduce_mean, [NAN, -INF, -INF, INF, NAN]),
    (tf.reduce_logsumexp, [NAN, 2.3132617473602295, -INF, INF, INF]),
])  # fmt: skip
def test_reductions(function, expected):
    rows = [1, NAN, 2], [1, -INF, 2], [-INF, -INF], [INF, 0], [INF, -INF]
    values = [function(tf.constant(row, tf.float32)).numpy() for row in rows]
    np.testing.assert_allclose(values, expected, rtol=4 * np.finfo(np.float32).eps)


@pytest.mark.parametrize("row, expected", [
    ([-INF, 0, 0], [0, 0.5, 0.5]), ([-INF, -INF], [NAN, NAN]), ([NAN, 0], [NAN, NAN]), ([INF, 0], [NAN, NAN]),
])  # fmt: skip
def test_softmax(row, expected):
    """float64's, which is that of float32 without oneDNN, too: with it, [inf, 0] gives [nan, 0]."""
    np.testing.assert_array_equal(tf.nn.softmax(tf.constant(row, tf.float32)), expected)
