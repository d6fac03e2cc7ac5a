"""Training: fit and a user's loop, evaluate, batches, sample weights, errors."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import kernels
import pynn as tf
from pynn import keras
from pynn.keras import layers


def test_fit_learns(network, x_train, y_train):
    keras.utils.set_random_seed(1)
    model = network()
    history = model.fit(x_train, y_train, epochs=10, batch_size=50, verbose=0, callbacks=[])
    assert (
        history is model.history and history.epoch == list(range(10)) and list(history.history) == ["accuracy", "loss"]
    )
    assert history.params == {"verbose": 0, "epochs": 10, "steps": 12}
    assert history.history["accuracy"][-1] > 0.95 and history.history["loss"][-1] < history.history["loss"][0] / 4
    loss, accuracy = model.evaluate(x_train, y_train, verbose=0)
    assert model.evaluate(x_train, y_train, verbose=0, return_dict=True) == {"accuracy": accuracy, "loss": loss}
    p = model.predict(x_train, verbose=0)
    assert (
        isinstance(p, np.ndarray)
        and p.shape == (600, 10)
        and (p.argmax(1) == y_train).mean() == pytest.approx(accuracy)
    )
    np.testing.assert_array_equal(p, model(x_train).numpy())


class NaiveDense:
    def __init__(self, inputs, outputs, activation):
        self.activation = activation
        self.w = tf.Variable(tf.random.uniform((inputs, outputs), minval=0, maxval=0.1))
        self.b = tf.Variable(tf.zeros((outputs,)))
        self.weights = [self.w, self.b]

    def __call__(self, x):
        return self.activation(tf.matmul(x, self.w) + self.b)


def test_loop_from_scratch_equals_fit(images, x_train, y_train):
    """Layers, batches and update by hand give fit's weights: they are the same operations."""
    tf.random.set_seed(5)
    hidden, top = NaiveDense(64, 32, tf.nn.relu), NaiveDense(32, 10, tf.nn.softmax)
    weights = hidden.weights + top.weights
    model = keras.Sequential([keras.Input((64,)), layers.Dense(32, "relu"), layers.Dense(10, "softmax")])
    model.set_weights([w.numpy() for w in weights])
    model.compile("sgd", "sparse_categorical_crossentropy")
    fitted = model.fit(x_train, y_train, batch_size=128, epochs=3, shuffle=False, verbose=0).history["loss"]
    optimizer, losses = keras.optimizers.SGD(learning_rate=0.01), []
    for _ in range(3):
        total = 0.0
        for start in range(0, 600, 128):
            images, labels = x_train[start : start + 128], y_train[start : start + 128]
            with tf.GradientTape() as tape:
                per_sample = keras.losses.sparse_categorical_crossentropy(labels, top(hidden(images)))
                loss = tf.reduce_mean(per_sample)
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            total += float(loss) * len(labels)
        losses.append(total / 600)
    # log(softmax) against the fused form: a few units in the last place of float32 at each of 15 steps
    np.testing.assert_allclose(losses, fitted, rtol=15 * 1e-6)
    for w, v in zip(weights, model.weights, strict=True):
        np.testing.assert_allclose(w, v, rtol=1e-4, atol=1e-6)


def test_custom_model_and_loop(images, y_train):
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.flatten, self.blocks = layers.Flatten(), [layers.Dense(16), layers.ReLU()]
            self.drop, self.out = layers.Dropout(0.1), layers.Dense(10)

        def call(self, inputs, training=False):
            x = self.flatten(inputs) / 255
            for block in self.blocks:
                x = block(x)
            return tf.nn.softmax(self.out(self.drop(x, training=training)))

    keras.utils.set_random_seed(2)
    model, mean = Net(), keras.metrics.Mean()
    optimizer, accuracy = keras.optimizers.Adam(0.01), keras.metrics.SparseCategoricalAccuracy()
    images = images.astype(np.float32)
    for _ in range(60):
        with tf.GradientTape() as tape:
            p = model(images, training=True)
            loss = keras.losses.SparseCategoricalCrossentropy()(y_true=y_train, y_pred=p)
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
        )
        mean(loss)
        accuracy(y_true=y_train, y_pred=p)
    assert 0.5 < float(accuracy.result()) < 1 and float(mean.result()) < 1.5
    assert model.name == "net" and len(model.layers) == 5 and model.count_params() == 65 * 16 + 17 * 10
    model.compile("adam", keras.losses.CategoricalCrossentropy(), metrics=["accuracy", "mse"])
    history = model.fit(images, keras.utils.to_categorical(y_train), epochs=1, verbose=0).history
    assert list(history) == ["accuracy", "loss", "mse"] and history["accuracy"][0] > 0.9


@pytest.mark.parametrize("threads", [1, 2])
def test_a_seed_gives_the_same_bits(threads, network, x_train, y_train):
    def weights():
        keras.utils.set_random_seed(7)
        model = network(layers.Dropout(0.2))
        model.fit(x_train, y_train, epochs=2, batch_size=64, verbose=0)
        return model.get_weights()

    before = kernels.get_num_threads()
    reference = weights()
    kernels.set_num_threads(threads)
    try:
        again = weights()
    finally:
        kernels.set_num_threads(before)
    for a, b in zip(reference, again, strict=True):
        np.testing.assert_array_equal(a, b)


def test_batches_cover_the_data():
    from pynn.keras.training.batches import Batches

    keras.utils.set_random_seed(0)
    x, y = np.arange(20.0).reshape(10, 2), np.arange(10)
    for shuffle in (False, True):
        batches = Batches(x, y, None, batch_size=4, shuffle=shuffle)
        seen = [(b.numpy(), labels.numpy()) for b, labels in batches]
        assert len(batches) == 3 and [len(b) for b, _ in seen] == [4, 4, 2]
        rows = np.concatenate([b for b, _ in seen])
        labels = np.concatenate([labels for _, labels in seen])
        assert rows.dtype == np.float32
        np.testing.assert_array_equal(rows[:, 0], 2 * labels)
        np.testing.assert_array_equal(np.sort(labels), y)
        assert np.array_equal(labels, y) != shuffle
    again = np.concatenate([labels.numpy() for _, labels in batches])
    assert not np.array_equal(again, labels)  # another order each epoch
    big = np.zeros((10, 3), np.float32)
    first = next(iter(Batches(big, batch_size=4)))[0]
    assert np.shares_memory(first._array, big)  # no copy without shuffling


def test_validation(network, x_train, y_train):
    keras.utils.set_random_seed(1)
    model = network()
    history = model.fit(
        x_train, y_train, epochs=4, batch_size=100, verbose=0, validation_split=0.25, validation_freq=2
    ).history
    assert {k: len(v) for k, v in history.items()} == {"accuracy": 4, "loss": 4, "val_accuracy": 2, "val_loss": 2}
    assert model.history.params["steps"] == 5  # of the first 450
    loss, accuracy = model.evaluate(x_train[450:], y_train[450:], verbose=0)
    np.testing.assert_allclose([loss, accuracy], [history["val_loss"][-1], history["val_accuracy"][-1]], rtol=1e-6)
    held = model.fit(
        x_train[:450], y_train[:450], epochs=1, verbose=0, validation_data=(x_train[450:], y_train[450:]), shuffle=False
    )
    assert set(held.history) == set(history)


def test_fit_trains_what_is_trainable(network, x_train, y_train):
    """A layer frozen between epochs stays as it is; one that is built in the middle of an epoch takes part."""

    class Freeze(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.before = self.model.layers[0].get_weights()
            self.model.layers[0].trainable = epoch != 1

        def on_epoch_end(self, epoch, logs=None):
            changed = not np.array_equal(self.before[0], self.model.layers[0].get_weights()[0])
            assert changed == (epoch != 1)
            if epoch == 2:
                raise KeyboardInterrupt

    model = network()
    model(x_train[:1])
    with pytest.raises(KeyboardInterrupt):
        model.fit(x_train, y_train, epochs=3, verbose=0, callbacks=Freeze())
    model.layers[0].trainable = False  # a step outside of fit sees it at once
    before = model.layers[0].get_weights()
    model.train_step((tf.constant(x_train), tf.constant(y_train), None))
    np.testing.assert_array_equal(before[0], model.layers[0].get_weights()[0])

    class Late(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.steps = layers.Dense(10), layers.Dense(10), 0

        def call(self, inputs):
            self.steps += 1
            return self.first(inputs) + (self.second(inputs) if self.steps > 2 else 0)

    model = Late()
    model.compile(Counting(), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x_train[:128], y_train[:128], batch_size=32, verbose=0)
    assert model.optimizer.counts == [2, 2, 4, 4]


class Counting(keras.optimizers.SGD):
    """Notes how many gradients came with each step."""

    def __init__(self):
        super().__init__()
        self.counts = []

    def apply(self, grads, trainable_variables):
        self.counts.append(len(trainable_variables))


def test_weights_of_samples_and_classes(network, x_train, y_train):
    model = network(optimizer=keras.optimizers.SGD(0.0), metrics=None)
    model(x_train)
    each = keras.losses.sparse_categorical_crossentropy(y_train, model(x_train)).numpy()
    weights = np.linspace(0, 2, 600)
    weighted = model.fit(x_train, y_train, sample_weight=weights, verbose=0).history["loss"][0]
    np.testing.assert_allclose(weighted, (each * weights).mean(), rtol=1e-5)
    np.testing.assert_allclose(
        model.evaluate(x_train, y_train, sample_weight=weights, verbose=0), (each * weights).mean(), rtol=1e-5
    )
    balanced = model.fit(x_train, y_train, class_weight={3: 5.0, 4: 0.0}, verbose=0).history["loss"][0]
    factor = np.where(y_train == 3, 5.0, np.where(y_train == 4, 0.0, 1.0))
    np.testing.assert_allclose(balanced, (each * factor).mean(), rtol=1e-5)


def test_nan_warns_once(network, x_train, y_train):
    x = x_train.copy()
    x[70] = np.nan
    model = network()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(x, y_train, epochs=2, batch_size=32, shuffle=False, verbose=0)
    assert [str(w.message)[:40] for w in caught] == ["The loss is nan at epoch 1, step 3: the "]
    assert caught[0].category is RuntimeWarning and math.isnan(model.history.history["loss"][0])


@pytest.mark.parametrize(("call", "kind", "message"), [
    (lambda m, x, y: keras.Sequential([layers.Dense(1)]).fit(x, y), ValueError, r"call `compile\(\)` before"),
    (lambda m, x, y: keras.Sequential([layers.Dense(1)]).evaluate(x, y), ValueError, r"call `compile\(\)` before"),
    (lambda m, x, y: m.fit(x, y[:-1]), ValueError, "'x' sizes: 600, 'y' sizes: 599"),
    (lambda m, x, y: m.fit(x[:0], y[:0]), ValueError, "The data is empty"),
    (lambda m, x, y: m.fit(x), ValueError, "no targets"),
    (lambda m, x, y: m.fit(None, y), ValueError, "no data"),
    (lambda m, x, y: m.fit(x, y, epoch=3), TypeError, "argument 'epoch'"),
    (lambda m, x, y: m.fit(x, y, batch_size=0), ValueError, "batch_size"),
    (lambda m, x, y: m.fit(x, 3), ValueError, "one row"),
    (lambda m, x, y: m.fit(x, y, verbose=3), ValueError, "verbose"),
    (lambda m, x, y: m.fit(x, y + 1), ValueError, "label 10 "),
    (lambda m, x, y: m.fit(x, y, validation_split=1.5), ValueError, "between 0 and 1"),
    (lambda m, x, y: m.fit(x, y, validation_data=x), ValueError, r"tuple \(x, y\)"),
    (lambda m, x, y: m.fit(x, y, class_weight={0: 1.0}, sample_weight=x[:, 0]), ValueError, "at the same time"),
    (lambda m, x, y: (m.fit(x, y, verbose=0), m.fit(x[:, :60], y)), ValueError, r"64\), got \(32, 60\)"),
    (lambda m, x, y: m.compile("sgd", "mse", metrics="accuracy"), ValueError, "`metrics` argument to be a list"),
    (lambda m, x, y: m.compile("sgd", "mse", jit=True), TypeError, "argument 'jit'"),
    (lambda m, x, y: (m.compile("sgd"), m.fit(x, y)), ValueError, "No loss to compute"),
    (lambda m, x, y: m.add("dense"), ValueError, "Only layers"),
    (lambda m, x, y: m.add(keras.Input((3,))), ValueError, "first entry"),
    (lambda m, x, y: m.add(m.layers[0]), ValueError, "unique names"),
    (lambda m, x, y: keras.Sequential().pop(), ValueError, "no layer"),
    (lambda m, x, y: m.save_weights("x.npz"), ValueError, "no weights yet"),
    (lambda m, x, y: keras.Model(inputs=1), TypeError, "inputs"),
])  # fmt: skip
def test_errors(call, kind, message, network, x_train, y_train):
    with pytest.raises(kind, match=message):
        call(network(), x_train, y_train)


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
def test_a_frozen_model_stays_as_it_is(optimizer):
    model = keras.Sequential([keras.Input(shape=(3,)), keras.layers.Dense(2)])
    model.trainable = False
    model.compile(optimizer=optimizer, loss="mse")
    before = model.get_weights()
    with pytest.warns(UserWarning, match="does not have any trainable weights"):
        history = model.fit(np.ones((8, 3)), np.ones((8, 2)), epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    "make", [keras.optimizers.SGD, lambda: keras.optimizers.SGD(0.1, momentum=0.9), keras.optimizers.RMSprop,
             keras.optimizers.Adam, lambda: keras.optimizers.Adam(amsgrad=True)]
)  # fmt: skip
def test_a_variable_given_twice_is_updated_twice(make):
    optimizer, v, other = make(), tf.Variable([1.0, 2.0]), tf.Variable([5.0])
    optimizer.build([v, other])
    optimizer.apply_gradients(
        [(tf.constant([1.0, -1.0]), v), (tf.constant([1.0]), other), (tf.constant([3.0, 2.0]), v)]
    )
    by_hand, w, w_other = make(), tf.Variable([1.0, 2.0]), tf.Variable([5.0])
    by_hand.build([w, w_other])
    by_hand.apply_gradients([(tf.constant([1.0, -1.0]), w), (tf.constant([1.0]), w_other)])
    by_hand.iterations.assign_sub(1)  # both updates belong to one step
    by_hand.apply_gradients([(tf.constant([3.0, 2.0]), w)])
    np.testing.assert_array_equal(v.numpy(), w.numpy())
    np.testing.assert_array_equal(other.numpy(), w_other.numpy())
    assert (v.numpy() != [1, 2]).all() and int(optimizer.iterations) == 1
