"""A course's networks on the real digits: by hand, as a Model, as a Sequential; tf.data and running metrics."""

from __future__ import annotations

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras.layers import Dense


@pytest.fixture(scope="session")
def mnist():
    """((x, y), (x_test, y_test)): bytes (n, 28, 28) and (n,), as they are loaded."""
    return keras.datasets.mnist.load_data()


@pytest.fixture(scope="session")
def vectors(mnist):
    """The first 5,000 digits as tensors: x (5000, 784) of 0 to 1, y (5000, 10) one-hot."""
    x, y = (part[:5000] for part in mnist[0])
    return tf.cast(tf.reshape(x, (-1, 28 * 28)), tf.float32) / 255.0, tf.one_hot(y, depth=10)


def accuracy(y_true, y_pred):
    same = tf.math.argmax(y_pred, axis=1) == tf.math.argmax(y_true, axis=1)
    return float(tf.reduce_mean(tf.cast(same, tf.float32)))


def sparse_accuracy(y_true, y_pred):
    same = tf.math.argmax(y_pred, axis=1) == tf.cast(y_true, tf.int64)
    return tf.reduce_mean(tf.cast(same, tf.float32))


class Linear:
    """x . W + b with W normal."""

    def __init__(self, inputs, outputs):
        self.W, self.b = tf.Variable(tf.random.normal([inputs, outputs])), tf.Variable(tf.zeros(outputs))
        self.trainable_variables = [self.W, self.b]

    def __call__(self, x):
        return x @ self.W + self.b


class ByHand:
    """softmax(relu(x . W + b) . V + c), 50 hidden units."""

    def __init__(self, inputs, outputs):
        self.l1, self.l2 = Linear(inputs, 50), Linear(50, outputs)
        self.trainable_variables = self.l1.trainable_variables + self.l2.trainable_variables

    def __call__(self, x):
        return tf.nn.softmax(self.l2(tf.nn.relu(self.l1(x))))


class Subclass(keras.Model):
    """The same as a Model; its second layer learns its own input size, whatever it is told."""

    def __init__(self, input_length, output_length):
        super(Subclass, self).__init__()  # noqa: UP008 the older form, which courses write
        self.layer1 = Dense(50, input_shape=(input_length,), activation="relu")
        self.layer2 = Dense(output_length, input_shape=(output_length,))

    def call(self, x):
        return tf.nn.softmax(self.layer2(self.layer1(x)))


def sequential():
    return keras.Sequential([keras.layers.Dense(50), keras.layers.ReLU(), keras.layers.Dense(10, activation="softmax")])


def train(network, x, y, rate, steps):
    """Losses and accuracies before each step, all samples in each."""
    optimizer, reports = keras.optimizers.SGD(learning_rate=rate), []
    for _ in range(steps):
        with tf.GradientTape() as tape:
            y_pred = network(x)
            loss = tf.reduce_mean(keras.losses.categorical_crossentropy(y_true=y, y_pred=y_pred))
        gradient = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradient, network.trainable_variables, strict=True))
        reports.append((float(loss), accuracy(y, y_pred)))
    return np.array(reports).T


def test_two_layers_by_hand(vectors):
    """Normal weights are far too large: most first answers are sure and wrong, which costs -log(1e-7) = 16.1 each."""
    tf.random.set_seed(1)
    losses, accuracies = train(ByHand(28 * 28, 10), *vectors, rate=0.1, steps=101)
    assert losses[0] == pytest.approx(13.9, abs=1.2) and losses.max() < 16.2 and accuracies[0] < 0.25
    assert losses[100] == pytest.approx(7, abs=2) and 0.35 < accuracies[100] < 0.7


def test_three_ways_are_one_network(vectors):
    """From the same weights, the network by hand, the Model and the Sequential have the same losses at each step."""
    x, y = (part[:1000] for part in vectors)
    tf.random.set_seed(2)
    source = sequential()
    assert source(x).shape == (1000, 10)  # builds it
    start = source.get_weights()
    assert [w.shape for w in start] == [(784, 50), (50,), (50, 10), (10,)]

    by_hand, subclass, stacked = ByHand(28 * 28, 10), Subclass(28 * 28, 10), sequential()
    for network in (subclass, stacked):
        network(x)
        network.set_weights(start)
    for variable, value in zip(by_hand.trainable_variables, start, strict=True):
        variable.assign(value)
    runs = [train(network, x, y, rate=0.05, steps=60) for network in (by_hand, subclass, stacked)]
    losses, accuracies = runs[0]
    assert losses[0] == pytest.approx(2.4, abs=0.3) and losses[-1] < 1.7 and accuracies[-1] > 0.6
    for other in runs[1:]:
        np.testing.assert_allclose(other[0], losses, rtol=1e-5)  # another order of sums in fused layers
        np.testing.assert_allclose(other[1], accuracies, atol=1.5 / 1000)


def preprocess(x, y):
    x = tf.reshape(x, (1, 28 * 28))
    return tf.cast(tf.squeeze(x), tf.float32) / 255.0, y


@pytest.fixture(scope="module")
def pipelines(mnist):
    """(train, test) in batches of 256; that of training is shuffled anew on each pass."""
    train_dataset, test_dataset = (tf.data.Dataset.from_tensor_slices(part) for part in mnist)
    train_dataset = train_dataset.map(preprocess).shuffle(buffer_size=5000)
    train_dataset = train_dataset.batch(256).prefetch(buffer_size=tf.data.experimental.AUTOTUNE)
    return train_dataset, test_dataset.map(preprocess).batch(256)


def test_pipeline(mnist, pipelines):
    """The test digits come in their order, as NumPy prepares them."""
    x_test, y_test = mnist[1]
    start = 0
    for x, y in pipelines[1]:
        n = min(256, 10000 - start)
        assert x.shape == (n, 784) and x.dtype == tf.float32 and y.shape == (n,) and y.dtype == tf.uint8
        rows = x_test[start : start + n].reshape(n, 784).astype(np.float32) / 255
        np.testing.assert_array_equal(x, rows)
        np.testing.assert_array_equal(y, y_test[start : start + n])
        start += n
    assert start == 10000


class OwnMean:
    def __init__(self):
        self.values = []

    def add_value(self, x):
        self.values.append(x)

    def result(self):
        return sum(self.values) / len(self.values)

    def reset_states(self):
        self.values = []


def test_batches_and_running_metrics(mnist, pipelines):
    """Two passes over all digits: losses on the way, means of one's own beside the library's, the accuracy after."""
    tf.random.set_seed(3)
    model, optimizer = sequential(), keras.optimizers.SGD(learning_rate=0.05)
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=False)
    own_loss, own_accuracy = OwnMean(), OwnMean()
    loss_metric, accuracy_metric = keras.metrics.Mean(), keras.metrics.SparseCategoricalAccuracy()
    reports, orders = [], []
    for _ in range(2):
        seen = []
        for step, (x, y) in enumerate(pipelines[0]):
            with tf.GradientTape() as tape:
                y_pred = model(x)
                loss = tf.reduce_mean(loss_fn(y_true=y, y_pred=y_pred))
            gradient = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradient, model.trainable_variables, strict=True))
            own_loss.add_value(loss.numpy())
            own_accuracy.add_value(sparse_accuracy(y, y_pred))
            loss_metric(loss)
            accuracy_metric(y_true=y, y_pred=y_pred)
            seen.append(y.numpy())
            if step % 100 == 0:
                reports.append((float(loss_metric.result()), float(accuracy_metric.result())))
                assert float(own_loss.result()) == pytest.approx(reports[-1][0], rel=1e-5)
                # in one's own mean of accuracies the batch of 96 that ends a pass weighs as much as any
                whole = len(reports) != 4
                assert float(own_accuracy.result()) == pytest.approx(reports[-1][1], abs=1e-6 if whole else 5e-3)
                for metric in (own_loss, own_accuracy, loss_metric, accuracy_metric):
                    metric.reset_states()
        assert [len(batch) for batch in seen] == [256] * 234 + [96]
        orders.append(np.concatenate(seen))
    y_train = mnist[0][1]
    for order in orders:  # each pass has every digit once, in an order of its own
        np.testing.assert_array_equal(np.bincount(order), np.bincount(y_train))
    assert not (orders[0] == y_train).all() and not (orders[0] == orders[1]).all()

    losses, accuracies = zip(*reports, strict=True)
    # a course prints 2.35, 1.20, 0.58, 0.43, 0.43, 0.40 for the losses since the report before
    assert losses == pytest.approx([2.35, 1.2, 0.58, 0.46, 0.43, 0.40], rel=0.15)
    assert accuracies[0] < 0.3 and accuracies[1] == pytest.approx(0.70, abs=0.06)
    assert accuracies[2:] == pytest.approx([0.857, 0.885, 0.885, 0.89], abs=0.02)

    on_test = keras.metrics.SparseCategoricalAccuracy()
    for x, y in pipelines[1]:
        on_test.update_state(y, model(x))
    assert float(on_test.result()) == pytest.approx(0.90, abs=0.015)
    model.compile(optimizer, loss_fn, metrics=["accuracy"])
    assert model.evaluate(pipelines[1], verbose=0)[1] == pytest.approx(float(on_test.result()), abs=1e-6)
