"""Derivatives where a function has none, or an infinite one: 0 where no gradient comes back, 0 for norms at 0."""

from __future__ import annotations

import numpy as np
import pytest

import pynn as tf
from pynn import keras

INF, NAN = np.inf, np.nan
POINTS = np.array([0.0, -0.0, 1e-40, -1e-40, 1e-30, 1e30, -1e30, INF, -INF, 1.0, -1.0, 0.5, np.pi / 2], np.float32)
ELEMENTARY = [
    "abs", "acos", "acosh", "asin", "asinh", "atan", "cos", "cosh", "erf", "exp", "expm1", "log", "log1p",
    "log_sigmoid", "negative", "reciprocal", "rsqrt", "sigmoid", "sign", "sin", "sinh", "softplus", "softsign", "sqrt",
    "square", "tan", "tanh",
]  # fmt: skip
ACTIVATIONS = [
    "celu", "elu", "exponential", "hard_sigmoid", "hard_silu", "hard_tanh", "leaky_relu", "mish", "relu", "relu6",
    "selu", "silu",
]  # fmt: skip
BINARY = [
    "add", "atan2", "divide", "divide_no_nan", "maximum", "minimum", "mod", "multiply", "multiply_no_nan", "pow",
    "squared_difference", "subtract", "xdivy", "xlog1py", "xlogy",
]  # fmt: skip
ROWS = np.array([[0, 0, 0], [0, -0.0, 0], [1e-40, 0, 0], [1e-30, 1e-30, 0], [1e30, 1, 1], [3, 4, 0], [0, 0, 4]], "f")


def gradient(f, *points, weight=1.0):
    """Of the sum of f's results times the weight, by each point."""
    variables = [tf.Variable(np.asarray(x, np.float32)) for x in points]
    with tf.GradientTape() as tape:
        y = f(*variables)
    slopes = tape.gradient(y, variables, output_gradients=tf.fill(y.shape, np.float32(weight)))
    return slopes[0].numpy() if len(points) == 1 else [g.numpy() for g in slopes]


@pytest.mark.parametrize("f", [getattr(tf.math, n) for n in ELEMENTARY]
                         + [getattr(keras.activations, n) for n in ACTIVATIONS])  # fmt: skip
def test_no_gradient_from_functions_that_the_result_does_not_use(f):
    np.testing.assert_array_equal(gradient(f, POINTS, weight=0), np.zeros(len(POINTS)))


@pytest.mark.parametrize("name", BINARY)
def test_no_gradient_from_operations_that_the_result_does_not_use(name):
    x, y = np.meshgrid(np.append(POINTS, NAN), np.append(POINTS, NAN))
    for slope in gradient(getattr(tf.math, name), x, y, weight=0):
        np.testing.assert_array_equal(slope, np.zeros(x.shape))


def _unit(x):
    return tf.linalg.normalize(x, axis=1)[0]


NORMS = {
    "euclidean": lambda x: tf.norm(x, axis=1),
    "norm 3": lambda x: tf.norm(x, 3, axis=1),
    "matrix": lambda x: tf.norm(x[None], axis=(1, 2)),
    "reduce_euclidean_norm": lambda x: tf.math.reduce_euclidean_norm(x, 1),
    "reduce_std": lambda x: tf.math.reduce_std(x, 1),
    "clip_by_norm": lambda x: tf.clip_by_norm(x, 2.0, 1),
    "l2_normalize": lambda x: tf.nn.l2_normalize(x, 1),
    "keras normalize": keras.utils.normalize,
    "unit layer": keras.layers.UnitNormalization(),
    "layer": keras.layers.LayerNormalization(),
    "batch": lambda x: keras.layers.BatchNormalization()(x, training=True),
    "cosine": lambda x: keras.losses.cosine_similarity(np.ones((len(ROWS), 3), "f"), x),
    "dot": lambda x: keras.layers.Dot(1, normalize=True)([x, x * 0 + 1]),
    "orthogonal": keras.regularizers.OrthogonalRegularizer(),
    "unit norm": keras.constraints.UnitNorm(1),
    "max norm": keras.constraints.MaxNorm(1.0, 1),
}


@pytest.mark.parametrize("f", NORMS.values(), ids=NORMS)
@pytest.mark.parametrize("weight", [0, 1])
def test_a_row_of_zeros_leaves_every_gradient_finite(f, weight):
    slope = gradient(f, ROWS, weight=weight)
    assert np.isfinite(slope).all()
    assert weight or not slope.any()


@pytest.mark.parametrize("f", [_unit, keras.layers.LayerNormalization(epsilon=0.0)])
def test_rows_without_a_direction_that_the_result_does_not_use(f):
    used = np.array([[False]] * 2 + [[True]] * 2)
    slope = gradient(lambda x: tf.where(used, f(x), 0), [[0, 0, 0], [0, 0, 0], [3, 4, 0], [1, 1, 2]])
    assert np.isfinite(slope).all() and not slope[:2].any() and slope[2:].any()


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (lambda x: tf.where(x > 0, tf.sqrt(x), 0), [0, 4], [0, 0.25]),
        (lambda x: tf.where(x > 0, tf.math.rsqrt(x), 0), [0, 4], [0, -0.0625]),
        (lambda x: tf.where(x > 0, tf.square(1 / x), 0), [0, 2], [0, -0.25]),
        (lambda x: tf.where(x > 0, x * tf.math.log(x), 0), [0, 1], [0, 1]),
        (lambda x: tf.where(x < 80, tf.exp(x), 0), [0, 1000], [1, 0]),
        (lambda x: tf.square(tf.sqrt(x)), [0, 4], [0, 1]),
        (tf.sqrt, [0, 4], [INF, 0.25]),
        (lambda x: x**0.5, [0, 4], [INF, 0.25]),
        (lambda x: x**x, [0, 1], [0, 1]),
        (lambda x: x**0, [0, 2], [0, 0]),
        (lambda x: tf.math.xlogy(x, x), [0, 1], [0, 1]),
        (tf.norm, [0, 0], [0, 0]),
        (tf.norm, [3, 4], [0.6, 0.8]),
        (tf.norm, [INF, 1], [0, 0]),
        (lambda x: tf.linalg.global_norm([x, x]), [0, 0], [0, 0]),
        (lambda x: tf.clip_by_global_norm([x], 2.0)[0][0], [0, 0], [1, 1]),
        (tf.math.reduce_std, [3, 3], [0, 0]),
        (tf.reduce_prod, [0, 3, 2], [6, 0, 0]),
        (tf.reduce_prod, [0, 0, 2], [0, 0, 0]),
        (tf.math.cumprod, [3, 2, 5], [13, 18, 6]),
        (tf.math.cumprod, [2, 0, 5], [1, 0, 0]),  # TensorFlow's: the derivative by the 0 would be 12
        (tf.reduce_max, [1, NAN], [NAN, NAN]),
        (lambda x: tf.math.multiply_no_nan(x, [0.0, 2.0]), [INF, 3], [0, 2]),
    ],
)
def test_slopes(f, x, slope):
    np.testing.assert_allclose(gradient(f, x), slope, rtol=1e-6)


def test_values_of_products_where_0_wins():
    y = np.array([0, 0, 0, 2, NAN], np.float32)
    x = np.array([INF, NAN, 1, INF, 0], np.float32)
    np.testing.assert_array_equal(tf.math.multiply_no_nan(x, y), [0, 0, 0, INF, NAN])
    np.testing.assert_array_equal(tf.math.xdivy(y, x), [0, 0, 0, 0, NAN])
    np.testing.assert_array_equal(tf.math.xlogy(y, [0.0, NAN, -1, 1, 1]), [0, 0, 0, 0, NAN])
    np.testing.assert_allclose(tf.math.xlog1py(y[:4], [-1.0, NAN, -2, 1]), [0, 0, 0, 2 * np.log(2)], rtol=1e-6)
    np.testing.assert_array_equal(tf.math.multiply_no_nan(x[:3, None], y[None, :3]), np.zeros((3, 3)))


def test_a_slope_of_0_still_has_a_slope():
    # (log x)^2 has f' = 2 log(x) / x, which is 0 at 1, and f'' = 2 (1 - log x) / x^2
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = tf.square(tf.math.log(x))
        slope = inner.gradient(y, x)
    np.testing.assert_allclose(outer.gradient(slope, x), [2, (1 - np.log(2)) / 2], rtol=1e-6)


@pytest.mark.parametrize(
    "f",
    [
        tf.nn.relu, tf.nn.relu6, tf.nn.leaky_relu, tf.abs, tf.reduce_max, tf.reduce_min, keras.activations.hard_sigmoid,
        keras.activations.hard_tanh, lambda x: tf.maximum(x, 0.5), lambda x: tf.minimum(x, 0.5),
        lambda x: tf.clip_by_value(x, -1.0, 1.0), lambda x: keras.activations.relu(x, 0.1, 2.0, 0.2),
        keras.layers.Dense(2, "relu", kernel_initializer="ones"),
    ],
)  # fmt: skip
def test_second_derivatives_of_piecewise_linear_functions_are_zeros(f):
    x = tf.Variable([[-2.0, 0.0, 0.7, 7.0]])
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = f(x)
        slope = inner.gradient(y, x)
    np.testing.assert_array_equal(outer.gradient(slope, x), np.zeros((1, 4)))
