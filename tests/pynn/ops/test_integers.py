"""Integers of every type near their limits: TensorFlow's values, and nothing overflows on the way to what fits."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import pynn as tf
from pynn import keras

TYPES = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
every_type = pytest.mark.parametrize("dtype", TYPES)


@every_type
def test_the_mean_is_the_true_one_cut_off_towards_0(dtype):
    limits = np.iinfo(dtype)
    rng = np.random.default_rng(0)
    numbers = np.array([limits.min, limits.min + 1, limits.min // 2, 0, 1, 5, limits.max // 2, limits.max], dtype)
    for count in range(1, 9):
        a = rng.choice(numbers, (3, count))
        expected = [math.trunc(Fraction(sum(row), count)) for row in a.tolist()]
        mean = tf.reduce_mean(tf.constant(a), 1)
        assert mean.dtype == dtype
        assert mean.numpy().tolist() == expected
        assert tf.reduce_mean(tf.constant(a[0]), 0, keepdims=True).numpy().tolist() == expected[:1]


def test_means_that_tensorflow_gives():
    assert int(tf.reduce_mean(tf.constant([2**31 - 1, 2**31 - 1]))) == 2**31 - 1
    assert int(tf.reduce_mean(tf.constant([200] * 4, tf.uint8))) == 200
    assert int(tf.reduce_mean(tf.constant([100, 100, -3], tf.int8))) == 65
    assert int(tf.reduce_mean(tf.constant([-7, 2, 2], tf.int8))) == -1
    assert int(tf.reduce_mean(tf.zeros([0], tf.int32))) == 0
    assert [int(part) for part in tf.nn.moments(tf.constant([2**31 - 1] * 4), [0])] == [2**31 - 1, 0]


@pytest.mark.parametrize(
    ("f", "dtype", "values", "expected"),  # recorded from TensorFlow 2.21, which wraps here, too
    [
        (tf.reduce_sum, "uint8", [200, 100], 44),
        (tf.reduce_sum, "int32", [2**31 - 1, 1], -(2**31)),
        (tf.reduce_prod, "int8", [100, 2], -56),
        (tf.cumsum, "int8", [100, 100, -3], [100, -56, -59]),
        (tf.math.cumprod, "uint8", [16, 16, 3], [16, 0, 0]),
        (tf.square, "int16", [-7, 300], [49, 24464]),
        (tf.abs, "int8", [-128, -5], [-128, 5]),
        (tf.math.reduce_euclidean_norm, "int32", [3, 4], 5),
        (tf.math.reduce_euclidean_norm, "uint8", [2, 2], 2),
        (tf.math.count_nonzero, "uint8", [0, 7, 255], 2),
    ],
)
def test_what_keeps_the_type(f, dtype, values, expected):
    result = f(tf.constant(values, dtype))
    assert result.numpy().tolist() == expected
    assert result.dtype == ("int64" if f is tf.math.count_nonzero else dtype)


@every_type
def test_floats_from_integers(dtype):
    small = np.dtype(dtype).itemsize <= 2
    result = tf.linspace(tf.constant(1, dtype), tf.constant(100, dtype), 3)
    assert result.dtype == ("float32" if small else "float64")
    assert result.numpy().tolist() == [1, 50.5, 100]
    assert (tf.constant(7, dtype) / tf.constant(2, dtype)).numpy() == 3.5


@every_type
def test_metrics_losses_and_layers_of_integers_are_those_of_their_floats(dtype):
    y, p = np.array([[0, 120, 3], [100, 0, 1]], dtype), np.array([[120, 0, 1], [100, 7, 0]], dtype)
    weight = np.array([100, 100], dtype)
    for name in ("Mean", "Sum"):
        metrics = [getattr(keras.metrics, name)() for _ in range(2)]
        metrics[0].update_state(p, sample_weight=weight)
        metrics[1].update_state(p.astype("float32"), sample_weight=weight.astype("float32"))
        np.testing.assert_allclose(*(metric.result() for metric in metrics), rtol=2**-23)  # a rounding more
    for name in ("MeanSquaredError", "MeanAbsoluteError", "R2Score", "Accuracy", "TruePositives", "FalseNegatives"):
        metrics = [getattr(keras.metrics, name)() for _ in range(2)]
        metrics[0].update_state(y, p, weight)
        metrics[1].update_state(*(a.astype("float32") for a in (y, p, weight)))
        np.testing.assert_allclose(*(metric.result() for metric in metrics), rtol=2**-23)  # a rounding more
    for loss in (keras.losses.MeanSquaredError(), keras.losses.Huber(), keras.losses.CosineSimilarity()):
        assert float(loss(y, p, weight)) == float(loss(*(a.astype("float32") for a in (y, p, weight))))
    layer = keras.layers.Normalization()
    layer.adapt(p)
    np.testing.assert_allclose(layer.mean, [[110, 3.5, 0.5]])
    np.testing.assert_allclose(layer.variance, [[100, 12.25, 0.25]])
    np.testing.assert_allclose(keras.utils.normalize(p, 1)[0], p[0] / np.sqrt(120**2 + 1), rtol=1e-6)
    assert keras.utils.to_categorical(np.array([0, 2], dtype)).tolist() == [[1, 0, 0], [0, 0, 1]]


def test_mean_of_numbers_whose_sum_does_not_fit():
    assert keras.metrics.Mean()(np.full(2, 60000, np.float16)) == 60000
    for values in (np.array([2**62, 2**62, -5, 2**62]), np.full(4, 2**63, np.uint64), np.full(8, 2**61)):
        expected = sum(map(int, values)) / len(values)
        np.testing.assert_allclose(keras.metrics.Mean()(values), expected, rtol=2**-22)


def test_dot_of_int8_adds_up_in_more_bits():
    a = np.array([[100, 120]], np.int8)
    assert keras.layers.Dot(1)([a, a]).numpy().tolist() == [[100**2 + 120**2]]
