"""A course's way from a line to a network: gradient descent by hand, logistic regression, layers, tf.data, metrics.

The regressions start from given weights and see all samples at each step: their losses are facts, which TensorFlow
prints too, and no seed enters. Float32 rounding changes them by about 1e-6.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import pynn as tf
from pynn import keras

# a line with noise, and the losses of 100 steps of gradient descent on it (rate 0.05, from m = 1 and b = 0)
NOISY_LINE = """1.5081716 3.4402354 3.565304 2.9521132 4.642995 5.1984725 4.033718 4.244085 5.6146545 6.6339474
6.4838257 6.9260926 6.266905 6.4089746 6.5717545 6.8176184 7.19166 9.247049 7.9582567 10.14625
8.848628 10.280046 9.729949 10.760101 11.438638 11.2754 11.156017 11.16319 12.735874 13.418887
12.87348 13.070494 13.1910925 13.565499 14.655623 14.032754 15.643642 16.414732 16.290714 16.515282"""
LINE_LOSSES = [
    49.60046,
    0.7179183,
    0.6513835,
    0.5993430,
    0.5586396,
    0.5268036,
    0.5019029,
    0.4824272,
    0.4671940,
    0.4552794,
]

# losses at the steps 0, 100, ... of logistic regression: 1,000 steps on the first 500 digits, 101 on all
LOSSES_500 = [
    2.3025851,
    0.4364985,
    0.2936296,
    0.2247713,
    0.1816231,
    0.1515568,
    0.1293906,
    0.1124672,
    0.0992136,
    0.0886120,
]
ACCURACIES_500 = [0.1, 0.904, 0.944, 0.966, 0.982, 0.986, 0.992, 0.998, 1, 1]
LOSSES_ALL = [2.3025854, 0.6087094]
COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]


class Line:
    """m x + b, from m = 1 and b = 0."""

    def __init__(self):
        self.m, self.b = tf.Variable(1, dtype=tf.float32), tf.Variable(0, dtype=tf.float32)
        self.trainable_variables = [self.m, self.b]

    def __call__(self, x):
        return self.m * x + self.b


class Descent:
    """w <- w - rate g, with the optimizers' method."""

    def __init__(self, rate):
        self.rate = rate

    def apply_gradients(self, grads_and_vars):
        for gradient, variable in grads_and_vars:
            variable.assign_sub(self.rate * gradient)


def mse(y_true, y_pred):
    return tf.reduce_mean((y_true - y_pred) ** 2)


def closed_form(x, y):
    """(m, b) of least squares."""
    dx, dy = x - tf.reduce_mean(x), y - tf.reduce_mean(y)
    m = tf.reduce_mean(dx * dy) / tf.reduce_mean(dx**2)
    return m, tf.reduce_mean(y) - m * tf.reduce_mean(x)


def descend(model, optimizer, x, y, steps, loss_of=mse):
    """The loss before each step."""
    losses = []
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = loss_of(y, model(x))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        losses.append(float(loss.numpy()))
    return losses


@pytest.fixture(scope="module")
def line():
    """x = 1, 1.1, ... 4.9 and y = 3.5 x - 1 + noise, float32."""
    x = tf.range(1.0, 5.0, 0.1)
    assert x.shape == (40,) and x.dtype == tf.float32 and float(x[-1]) == pytest.approx(4.9, rel=1e-6)
    return x, tf.constant([float(value) for value in NOISY_LINE.split()])


def test_line_in_closed_form(line):
    x, y = line
    model = Line()
    assert float(mse(y, model(x))) == pytest.approx(49.60046, rel=1e-6)
    for variable, value in zip(model.trainable_variables, closed_form(x, y), strict=True):
        variable.assign(value)
    assert (float(model.m), float(model.b)) == pytest.approx((3.5368314, -1.1108494), rel=3e-6)
    assert float(mse(y, model(x))) == pytest.approx(0.4125025, rel=1e-6)


def test_closed_form_is_least_squares():
    tf.random.set_seed(1)
    x = tf.range(1.0, 5.0, 0.1)
    noise = tf.random.uniform(shape=(40,), minval=-1, maxval=1, dtype=tf.float32)
    assert -1 <= float(tf.reduce_min(noise)) < -0.5 and 0.5 < float(tf.reduce_max(noise)) < 1
    y = 3.5 * x - 1 + noise
    m, b = closed_form(x, y)
    assert (float(m), float(b)) == pytest.approx(tuple(np.polyfit(x.numpy().astype(float), y.numpy(), 1)), rel=1e-5)
    assert float(m) == pytest.approx(3.5, abs=0.4) and float(b) == pytest.approx(-1, abs=1)


def test_line_by_gradient_descent(line):
    x, y = line
    with tf.GradientTape() as tape:
        model = Line()
        loss = mse(y_true=y, y_pred=model(x))
    gradient = tape.gradient(loss, model.trainable_variables)
    assert [float(g) for g in gradient] == pytest.approx([-44.360188, -12.745608], rel=1e-6)

    by_hand, by_keras = Line(), Line()
    losses = descend(by_hand, Descent(0.05), x, y, 100)
    assert losses[::10] == pytest.approx(LINE_LOSSES, rel=3e-6)
    assert (float(by_hand.m), float(by_hand.b)) == pytest.approx((3.387526, -0.609135), rel=3e-5)
    optimizer = keras.optimizers.SGD(learning_rate=0.05)
    assert descend(by_keras, optimizer, x, y, 100) == pytest.approx(losses, rel=1e-6)
    assert int(optimizer.iterations) == 100

    descend(by_keras, optimizer, x, y, 1500)
    m, b = closed_form(x, y)
    assert (float(by_keras.m), float(by_keras.b)) == pytest.approx((float(m), float(b)), abs=1e-4)


@pytest.fixture(scope="session")
def mnist():
    """((x, y), (x_test, y_test)): bytes (n, 28, 28) and (n,), as they are loaded."""
    return keras.datasets.mnist.load_data()


def preprocess(x, y):
    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    return tf.cast(tf.reshape(x, (-1, 28 * 28)), tf.float32) / 255.0, tf.one_hot(y, depth=10)


@pytest.fixture(scope="session")
def vectors(mnist):
    """The digits as tensors: x (n, 784) of 0 to 1, y (n, 10) one-hot."""
    train, test = (preprocess(*part) for part in mnist)
    assert train[0].shape == (60000, 784) and test[1].shape == (10000, 10)
    assert {tensor.dtype for part in (train, test) for tensor in part} == {tf.float32}
    return train, test


class Linear:
    """x . W + b with W = initial(shape) and b = 0."""

    def __init__(self, inputs, outputs, initial=tf.ones):
        self.W, self.b = tf.Variable(initial([inputs, outputs])), tf.Variable(tf.zeros(outputs))
        self.trainable_variables = [self.W, self.b]

    def __call__(self, x):
        return x @ self.W + self.b


def accuracy(y_true, y_pred):
    same = tf.math.argmax(y_pred, axis=1) == tf.math.argmax(y_true, axis=1)
    return float(tf.reduce_mean(tf.cast(same, tf.float32)))


def cross_entropy(y_true, y_pred):
    return -tf.reduce_sum(y_true * tf.math.log(y_pred), axis=1)


def regress(x, y, x_test, y_test, steps):
    """Losses and accuracies at each hundredth step, and those on the test digits at the end."""
    optimizer, model, reports = keras.optimizers.SGD(learning_rate=0.1), Linear(28 * 28, 10), []
    for step in range(steps):
        with tf.GradientTape() as tape:
            y_pred = tf.nn.softmax(model(x))
            loss = tf.reduce_mean(cross_entropy(y, y_pred))
        gradient = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradient, model.trainable_variables, strict=True))
        if step % 100 == 0:
            reports.append((float(loss), accuracy(y, y_pred)))
    y_pred = tf.nn.softmax(model(x_test))
    return *zip(*reports, strict=True), (float(tf.reduce_mean(cross_entropy(y_test, y_pred))), accuracy(y_test, y_pred))


def test_labels_are_counted(mnist):
    (x, y), _ = mnist
    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    assert (x.dtype, y.dtype) == (tf.uint8, tf.uint8) and x.shape == (60000, 28, 28)
    assert [int(tf.reduce_sum(tf.cast(y == digit, tf.int32)).numpy()) for digit in range(10)] == COUNTS


def test_plain_softmax_overflows(vectors):
    """exp of more than 88.72 is infinite: inf / inf is nan, the rest / inf is 0; no warnings. tf.nn's is stable."""
    x = vectors[0][0][:500]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        logits = Linear(28 * 28, 10)(x)
        plain = tf.math.exp(logits) / tf.reduce_sum(tf.math.exp(logits))
        stable = tf.nn.softmax(logits)
    assert logits.numpy()[:3, 0] == pytest.approx([107.94119, 121.94121, 76.247055], rel=1e-6)
    np.testing.assert_array_equal(np.isnan(plain), logits.numpy() > 88.7228)
    assert np.nanmax(plain) == 0
    np.testing.assert_array_equal(stable, np.float32(0.1))


def test_logistic_regression_of_500_digits(vectors):
    (x, y), test = vectors
    losses, accuracies, (test_loss, test_accuracy) = regress(x[:500], y[:500], *test, steps=1000)
    assert losses == pytest.approx(LOSSES_500, abs=1e-5)
    assert accuracies == pytest.approx(ACCURACIES_500, abs=1.5 / 500)  # one digit may stand on the border
    assert test_loss == pytest.approx(0.53981, abs=2e-5) and test_accuracy == pytest.approx(0.8337, abs=1.5e-4)


def test_logistic_regression_of_all_digits(vectors):
    (x, y), test = vectors
    losses, accuracies, (_, test_accuracy) = regress(x, y, *test, steps=101)
    assert losses == pytest.approx(LOSSES_ALL, abs=1e-5)
    # equal weights give equal logits: the first of the maxima is 0, so the zeros are right
    assert accuracies == pytest.approx([COUNTS[0] / 60000, 0.861333], abs=5e-5)
    assert test_accuracy > accuracies[-1]  # the test digits are the easier ones
