"""Course programs on the real digits: what fit reaches, a trainer from scratch, the lab's small network, summaries.

Each is written with TensorFlow's names, and its figures are those that courses print for it, which vary with the
seed: the bounds are wide enough for every seed and too narrow for a wrong rule.
"""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import layers, models, optimizers
from pynn.keras.activations import linear
from pynn.keras.datasets import mnist
from pynn.keras.layers import Dense
from pynn.keras.models import Sequential
from pynn.keras.utils import to_categorical


@pytest.fixture(scope="session")
def digits():
    """(x (60000, 784), y (60000,)), (x_test (10000, 784), y_test (10000,)): float32 of 0 to 1, uint8."""
    (x, y), (x_test, y_test) = mnist.load_data()
    assert x.shape == (60000, 28, 28) and x.dtype == y.dtype == np.uint8 and x_test.shape == (10000, 28, 28)
    assert y[:5].tolist() == [5, 0, 4, 1, 9] and y_test[:3].tolist() == [7, 2, 1]
    rows, test_rows = (images.reshape(len(images), 784).astype("float32") / 255 for images in (x, x_test))
    return (rows, y), (test_rows, y_test)


def test_first_look(digits, capsys):
    (x, y), (x_test, y_test) = digits
    tf.random.set_seed(1)
    model = keras.Sequential([layers.Dense(512, activation="relu"), layers.Dense(10, activation="softmax")])
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=5, batch_size=128, validation_data=(x_test, y_test), verbose=2)

    curves = history.history
    assert sorted(curves) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert {len(curve) for curve in curves.values()} == {5}
    assert curves["loss"][0] == pytest.approx(0.26, abs=0.02) and curves["accuracy"][0] == pytest.approx(
        0.925, abs=0.01
    )
    assert curves["loss"] == sorted(curves["loss"], reverse=True)
    assert curves["accuracy"][-1] >= 0.985 and curves["loss"][-1] == pytest.approx(0.038, abs=0.008)
    printed = capsys.readouterr().out
    assert printed.count("469/469") == 5
    for key, curve in curves.items():
        values = re.findall(rf"(?<!val_)\b{key}: (\d\.\d+)", printed)
        np.testing.assert_allclose([float(value) for value in values], curve, rtol=0, atol=5.1e-5)

    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    assert accuracy >= 0.975 and loss == pytest.approx(0.066, abs=0.015)
    # the same 10,000 digits in batches of 32 and of 128: only the order of the sums differs
    assert (loss, accuracy) == pytest.approx((curves["val_loss"][-1], curves["val_accuracy"][-1]), rel=1e-5)
    predictions = model.predict(x_test[:10], verbose=0)
    assert predictions.shape == (10, 10) and predictions.dtype == np.float32
    np.testing.assert_allclose(predictions.sum(axis=1), 1, atol=1e-6)
    assert predictions[0].argmax() == y_test[0] == 7 and predictions[0][7] > 0.999
    wrong = np.argmax(model.predict(x_test, verbose=0), axis=1) != y_test
    assert wrong.sum() == round(10000 * (1 - accuracy))


def test_network_is_added_layer_by_layer(digits):
    (x, y), (x_test, y_test) = digits
    tf.random.set_seed(2)
    network = models.Sequential()
    network.add(layers.Dense(512, activation="relu", input_shape=(28 * 28,)))
    network.add(layers.Dense(10, activation="softmax"))
    assert network.count_params() == 784 * 512 + 512 + 512 * 10 + 10  # built at once: the input's shape is known
    network.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    labels, test_labels = to_categorical(y), to_categorical(y_test)
    assert labels.shape == (60000, 10) and (labels.argmax(axis=1) == y).all() and (labels.sum(axis=1) == 1).all()
    history = network.fit(x, labels, epochs=2, batch_size=128, verbose=0)
    assert history.history["accuracy"][-1] >= 0.965
    test_loss, test_accuracy = network.evaluate(x_test, test_labels, verbose=0)
    assert test_accuracy >= 0.965 and 0.07 < test_loss < 0.12


def test_flatten_and_plain_sgd():
    (x, y), (x_test, y_test) = mnist.load_data()
    x, x_test = x / 255.0, x_test / 255.0
    assert x.dtype == np.float64
    tf.random.set_seed(3)
    model = keras.Sequential(
        [layers.Flatten(), layers.Dense(50), layers.ReLU(), layers.Dense(10, activation="softmax")]
    )
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    curves = model.fit(x=x, y=y, batch_size=256, epochs=10, validation_data=(x_test, y_test), verbose=0).history
    assert [w.dtype for w in model.weights] == ["float32"] * 4
    assert curves["val_accuracy"][-1] == pytest.approx(0.90, abs=0.015)
    # a course prints 1.61, 0.87, 0.63, 0.53, ... 0.37 for the losses, and 1.07 ... 0.35 for those of validation
    expected = [1.61, 0.87, 0.63, 0.53, 0.47, 0.44, 0.41, 0.40, 0.38, 0.37]
    np.testing.assert_allclose(curves["loss"], expected, rtol=0.12)
    assert curves["val_loss"] == sorted(curves["val_loss"], reverse=True)
    assert curves["val_loss"][0] == pytest.approx(1.07, abs=0.12)
    assert curves["val_loss"][-1] == pytest.approx(0.35, abs=0.02)


class OwnDense:
    """activation(x . W + b) with W uniform in [0, 0.1): a start from which plain SGD learns slowly."""

    def __init__(self, inputs, outputs, activation):
        self.activation = activation
        self.W = tf.Variable(tf.random.uniform((inputs, outputs), minval=0, maxval=1e-1))
        self.b = tf.Variable(tf.zeros((outputs,)))
        self.weights = [self.W, self.b]

    def __call__(self, x):
        return self.activation(tf.matmul(x, self.W) + self.b)


class OwnSequential:
    def __init__(self, *parts):
        self.parts = parts
        self.weights = [w for part in parts for w in part.weights]

    def __call__(self, x):
        for part in self.parts:
            x = part(x)
        return x


def by_hand(gradients, weights):
    for g, w in zip(gradients, weights, strict=True):
        w.assign_sub(g * 1e-3)


def batches(x, y, size=128):
    for start in range(0, len(x), size):
        yield x[start : start + size], y[start : start + size]


def train_step(model, images, labels, update):
    with tf.GradientTape() as tape:
        per_sample = keras.losses.sparse_categorical_crossentropy(labels, model(images))
        loss = tf.reduce_mean(per_sample)
    assert per_sample.shape == (len(images),)
    update(tape.gradient(loss, model.weights), model.weights)
    return loss


def own_network():
    return OwnSequential(OwnDense(28 * 28, 512, tf.nn.relu), OwnDense(512, 10, tf.nn.softmax))


def test_trainer_from_scratch(digits):
    (x, y), (x_test, y_test) = digits
    tf.random.set_seed(4)
    model, optimizer = own_network(), optimizers.SGD(learning_rate=1e-3)
    assert len(model.weights) == 4 and float(tf.reduce_max(model.weights[0])) < 0.1
    reported = []
    for _ in range(4):
        losses = [
            train_step(model, images, labels, lambda gs, ws: optimizer.apply_gradients(zip(gs, ws, strict=True)))
            for images, labels in batches(x, y)
        ]
        assert len(losses) == math.ceil(60000 / 128) == 469
        reported.append([float(loss) for loss in losses[::100]])
    assert int(optimizer.iterations) == 4 * 469
    means = np.mean(reported, axis=1)
    # courses print 1.84, 1.53 and 1.29 as the means of the second, third and fourth epoch's reports
    assert (
        reported[0][0] > 3 and means[1:] == pytest.approx([1.84, 1.53, 1.29], abs=0.25) and (np.diff(means) < 0).all()
    )
    predicted = np.argmax(model(x_test).numpy(), axis=1)
    assert (predicted == y_test).mean() == pytest.approx(0.745, abs=0.03)


def test_update_by_hand_is_sgd(digits):
    """w.assign_sub(g * rate) and SGD(rate) leave the same weights after 20 steps, but for the rounding of each step."""
    (x, y), _ = digits
    trained = []
    optimizer = optimizers.SGD(learning_rate=1e-3)
    for update in (by_hand, lambda gs, ws: optimizer.apply_gradients(zip(gs, ws, strict=True))):
        tf.random.set_seed(5)
        model = own_network()
        start = [w.numpy().copy() for w in model.weights]
        for images, labels in batches(x[:2560], y[:2560]):
            train_step(model, images, labels, update)
        moves = [np.abs(w - first).max() for w, first in zip(model.weights, start, strict=True)]
        assert min(moves) > 2e-5 and max(moves) > 1e-3
        trained.append([w.numpy() for w in model.weights])
    for one, other in zip(*trained, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=20 * np.spacing(np.float32(0.1)))


@pytest.fixture(scope="session")
def small_digits():
    """x (5000, 400), y (5000, 1): 500 of each digit in order, their middle 20x20 pixels, column by column, float64."""
    (x, y), _ = mnist.load_data()
    chosen = np.concatenate([np.flatnonzero(y == digit)[:500] for digit in range(10)])
    middle = x[chosen, 4:24, 4:24] / 255.0
    return middle.transpose(0, 2, 1).reshape(5000, 400), y[chosen].reshape(5000, 1)


def lab_model():
    return Sequential(
        [
            keras.Input(shape=(400,)),
            Dense(25, activation="relu", name="L1"),
            Dense(15, activation="relu", name="L2"),
            Dense(10, activation="linear", name="L3"),
        ],
        name="my_model",
    )


def test_lab_softmax():
    z = np.array([1.0, 2.0, 3.0, 4.0])
    own, theirs = np.exp(z) / np.sum(np.exp(z)), tf.nn.softmax(z)
    assert theirs.dtype == tf.float64 and theirs.shape == (4,)
    np.testing.assert_allclose(theirs, own, rtol=4 * np.finfo(float).eps)
    np.testing.assert_allclose(theirs, [0.0320586, 0.08714432, 0.23688282, 0.64391426], atol=1e-8)


def test_lab_summary(capsys):
    model = lab_model()
    model.summary()
    printed = capsys.readouterr().out
    assert '"my_model"' in printed
    rows = [[cell.strip() for cell in re.split(r"[│|]", line) if cell.strip()] for line in printed.splitlines()]
    for row in (
        ["L1 (Dense)", "(None, 25)", "10,025"],
        ["L2 (Dense)", "(None, 15)", "390"],
        ["L3 (Dense)", "(None, 10)", "160"],
    ):
        assert row in rows, printed
    for line in (r"Total params: 10,575\b", r"Trainable params: 10,575\b", r"Non-trainable params: 0\b"):
        assert re.search(line, printed), printed
    layer1, layer2, layer3 = model.layers
    shapes = [[w.shape for w in layer.get_weights()] for layer in (layer1, layer2, layer3)]
    assert shapes == [[(400, 25), (25,)], [(25, 15), (15,)], [(15, 10), (10,)]]
    assert [layer.units for layer in model.layers] == [25, 15, 10] and layer3.activation is linear


def test_lab_training(small_digits, capsys):
    """Keras has 0.007 to 0.022 as the last loss, and 0 to 8 errors, on these digits (5 runs without a seed)."""
    x, y = small_digits
    tf.random.set_seed(1234)
    model = lab_model()
    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=keras.optimizers.Adam(learning_rate=0.001),
    )
    losses = model.fit(x, y, epochs=40, verbose=2).history["loss"]
    assert capsys.readouterr().out.count("157/157") == len(losses) == 40  # batches of 32
    assert losses[0] == pytest.approx(1.4, abs=0.35) and losses[9] == pytest.approx(0.17, abs=0.06)
    assert 0.004 < losses[-1] < 0.03
    image_of_two = x[1015]
    logits = model.predict(image_of_two.reshape(1, 400), verbose=0)
    p = tf.nn.softmax(logits)
    assert logits.shape == (1, 10) and logits.min() < 0 and np.argmax(logits) == np.argmax(p) == 2
    assert f"{np.sum(p):0.3f}" == "1.000"
    errors = (model.predict(x, verbose=0).argmax(axis=1) != y[:, 0]).sum()
    assert errors <= 20
