"""Models: fit and the loop of one's own, evaluate, predict, callbacks, weights in files, errors."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import kernels
import pynn as tf
from pynn import keras
from pynn.keras import layers


def digits(n=600, seed=0):
    """Noisy pictures of 10 fixed patterns: uint8 (n, 8, 8) and labels."""
    rng = np.random.default_rng(seed)
    patterns = np.random.default_rng(99).integers(0, 2, (10, 8, 8)) * 160
    labels = rng.integers(0, 10, n)
    return (patterns[labels] + rng.integers(0, 96, (n, 8, 8))).astype(np.uint8), labels.astype(np.uint8)


def network(*more, loss="sparse_categorical_crossentropy", optimizer="rmsprop", metrics=("accuracy",)):
    stack = [layers.Dense(32, activation="relu"), *more, layers.Dense(10, activation="softmax")]
    model = keras.Sequential(stack)
    model.compile(optimizer=optimizer, loss=loss, metrics=metrics)
    return model


IMAGES, LABELS = digits()
X = IMAGES.reshape(-1, 64).astype(np.float32) / 255


def test_fit_learns():
    keras.utils.set_random_seed(1)
    model = network()
    history = model.fit(X, LABELS, epochs=10, batch_size=50, verbose=0, callbacks=[])
    assert (
        history is model.history and history.epoch == list(range(10)) and list(history.history) == ["accuracy", "loss"]
    )
    assert history.params == {"verbose": 0, "epochs": 10, "steps": 12}
    assert history.history["accuracy"][-1] > 0.95 and history.history["loss"][-1] < history.history["loss"][0] / 5
    loss, accuracy = model.evaluate(X, LABELS, verbose=0)
    assert model.evaluate(X, LABELS, verbose=0, return_dict=True) == {"accuracy": accuracy, "loss": loss}
    p = model.predict(X, verbose=0)
    assert (
        isinstance(p, np.ndarray) and p.shape == (600, 10) and (p.argmax(1) == LABELS).mean() == pytest.approx(accuracy)
    )
    np.testing.assert_array_equal(p, model(X).numpy())


class NaiveDense:
    def __init__(self, inputs, outputs, activation):
        self.activation = activation
        self.w = tf.Variable(tf.random.uniform((inputs, outputs), minval=0, maxval=0.1))
        self.b = tf.Variable(tf.zeros((outputs,)))
        self.weights = [self.w, self.b]

    def __call__(self, x):
        return self.activation(tf.matmul(x, self.w) + self.b)


def test_loop_from_scratch_equals_fit():
    """Layers, batches and update by hand give fit's weights: they are the same operations."""
    tf.random.set_seed(5)
    hidden, top = NaiveDense(64, 32, tf.nn.relu), NaiveDense(32, 10, tf.nn.softmax)
    weights = hidden.weights + top.weights
    model = keras.Sequential([keras.Input((64,)), layers.Dense(32, "relu"), layers.Dense(10, "softmax")])
    model.set_weights([w.numpy() for w in weights])
    model.compile("sgd", "sparse_categorical_crossentropy")
    fitted = model.fit(X, LABELS, batch_size=128, epochs=3, shuffle=False, verbose=0).history["loss"]
    optimizer, losses = keras.optimizers.SGD(learning_rate=0.01), []
    for _ in range(3):
        total = 0.0
        for start in range(0, 600, 128):
            images, labels = X[start : start + 128], LABELS[start : start + 128]
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


def test_custom_model_and_loop():
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
    images = IMAGES.astype(np.float32)
    for _ in range(60):
        with tf.GradientTape() as tape:
            p = model(images, training=True)
            loss = keras.losses.SparseCategoricalCrossentropy()(y_true=LABELS, y_pred=p)
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
        )
        mean(loss)
        accuracy(y_true=LABELS, y_pred=p)
    assert 0.5 < float(accuracy.result()) < 1 and float(mean.result()) < 1.5
    assert model.name == "net" and len(model.layers) == 5 and model.count_params() == 65 * 16 + 17 * 10
    model.compile("adam", keras.losses.CategoricalCrossentropy(), metrics=["accuracy", "mse"])
    history = model.fit(images, keras.utils.to_categorical(LABELS), epochs=1, verbose=0).history
    assert list(history) == ["accuracy", "loss", "mse"] and history["accuracy"][0] > 0.9


@pytest.mark.parametrize("threads", [1, 2])
def test_a_seed_gives_the_same_bits(threads):
    def weights():
        keras.utils.set_random_seed(7)
        model = network(layers.Dropout(0.2))
        model.fit(X, LABELS, epochs=2, batch_size=64, verbose=0)
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
    from pynn.keras._batches import Batches

    keras.utils.set_random_seed(0)
    x, y = np.arange(20.0).reshape(10, 2), np.arange(10)
    for shuffle in (False, True):
        batches = Batches(x, y, None, 4, shuffle)
        seen = [(b.numpy(), labels.numpy(), w) for b, labels, w in batches]
        assert len(batches) == 3 and [len(b) for b, _, _ in seen] == [4, 4, 2]
        rows = np.concatenate([b for b, _, _ in seen])
        labels = np.concatenate([labels for _, labels, _ in seen])
        assert rows.dtype == np.float32 and seen[0][2] is None
        np.testing.assert_array_equal(rows[:, 0], 2 * labels)
        np.testing.assert_array_equal(np.sort(labels), y)
        assert np.array_equal(labels, y) != shuffle
    again = np.concatenate([labels.numpy() for _, labels, _ in batches])
    assert not np.array_equal(again, labels)  # another order each epoch
    big = np.zeros((10, 3), np.float32)
    first = next(iter(Batches(big, batch_size=4)))[0]
    assert np.shares_memory(first._array, big)  # no copy without shuffling


def test_validation():
    keras.utils.set_random_seed(1)
    model = network()
    history = model.fit(
        X, LABELS, epochs=4, batch_size=100, verbose=0, validation_split=0.25, validation_freq=2
    ).history
    assert {k: len(v) for k, v in history.items()} == {"accuracy": 4, "loss": 4, "val_accuracy": 2, "val_loss": 2}
    assert model.history.params["steps"] == 5  # of the first 450
    loss, accuracy = model.evaluate(X[450:], LABELS[450:], verbose=0)
    np.testing.assert_allclose([loss, accuracy], [history["val_loss"][-1], history["val_accuracy"][-1]], rtol=1e-6)
    held = model.fit(X[:450], LABELS[:450], epochs=1, verbose=0, validation_data=(X[450:], LABELS[450:]), shuffle=False)
    assert set(held.history) == set(history)


def test_weights_of_samples_and_classes():
    model = network(optimizer=keras.optimizers.SGD(0.0), metrics=None)
    model(X)
    each = keras.losses.sparse_categorical_crossentropy(LABELS, model(X)).numpy()
    weights = np.linspace(0, 2, 600)
    weighted = model.fit(X, LABELS, sample_weight=weights, verbose=0).history["loss"][0]
    np.testing.assert_allclose(weighted, (each * weights).mean(), rtol=1e-5)
    np.testing.assert_allclose(
        model.evaluate(X, LABELS, sample_weight=weights, verbose=0), (each * weights).mean(), rtol=1e-5
    )
    balanced = model.fit(X, LABELS, class_weight={3: 5.0, 4: 0.0}, verbose=0).history["loss"][0]
    factor = np.where(LABELS == 3, 5.0, np.where(LABELS == 4, 0.0, 1.0))
    np.testing.assert_allclose(balanced, (each * factor).mean(), rtol=1e-5)


def test_callbacks():
    calls = []

    class Recorder(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            calls.append(("epoch", epoch, sorted(logs)))
            self.model.stop_training = epoch == 1

        def on_batch_end(self, batch, logs=None):
            calls.append(("batch", batch, self.params["steps"]))

        def on_train_begin(self, logs=None):
            calls.append("begin")

        def on_train_end(self, logs=None):
            calls.append("end")

        def on_test_end(self, logs=None):
            calls.append("tested")

        def on_predict_batch_end(self, batch, logs=None):
            calls.append(("predicted", batch))

    model = network()
    model.fit(X, LABELS, batch_size=300, epochs=5, verbose=0, callbacks=[Recorder()], validation_data=(X, LABELS))
    epoch = [("batch", 0, 2), ("batch", 1, 2), "tested"]
    names = ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert calls == ["begin", *epoch, ("epoch", 0, names), *epoch, ("epoch", 1, names), "end"]
    assert model.history.epoch == [0, 1]
    calls.clear()
    model.predict(X, batch_size=400, verbose=0, callbacks=[Recorder()])
    assert calls == [("predicted", 0), ("predicted", 1)]
    assert model.fit(X, LABELS, initial_epoch=3, epochs=5, verbose=0).epoch == [3, 4]


def test_interrupt_leaves_model_and_history():
    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if len(self.model.history.epoch) == 2 and batch == 3:
                raise KeyboardInterrupt

    model = network()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, LABELS, epochs=5, verbose=0, callbacks=[Interrupt()])
    assert len(model.history.history["loss"]) == 2
    assert np.isfinite(model.predict(X, verbose=0)).all()
    model.fit(X, LABELS, epochs=1, verbose=0)


def test_nan_warns_once():
    x = X.copy()
    x[70] = np.nan
    model = network()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(x, LABELS, epochs=2, batch_size=32, shuffle=False, verbose=0)
    assert [str(w.message)[:40] for w in caught] == ["The loss is nan at epoch 1, step 3: the "]
    assert caught[0].category is RuntimeWarning and math.isnan(model.history.history["loss"][0])


@pytest.mark.parametrize(("call", "kind", "message"), [
    (lambda m: keras.Sequential([layers.Dense(1)]).fit(X, LABELS), ValueError, r"call `compile\(\)` before"),
    (lambda m: keras.Sequential([layers.Dense(1)]).evaluate(X, LABELS), ValueError, r"call `compile\(\)` before"),
    (lambda m: m.fit(X, LABELS[:-1]), ValueError, "'x' sizes: 600, 'y' sizes: 599"),
    (lambda m: m.fit(X[:0], LABELS[:0]), ValueError, "The data is empty"),
    (lambda m: m.fit(X), ValueError, "no targets"),
    (lambda m: m.fit(X, LABELS, epoch=3), TypeError, "argument 'epoch'"),
    (lambda m: m.fit(X, LABELS, batch_size=0), ValueError, "batch_size"),
    (lambda m: m.fit(X, 3), ValueError, "one row"),
    (lambda m: m.fit(X, LABELS, verbose=3), ValueError, "verbose"),
    (lambda m: m.fit(X, LABELS + 1), ValueError, "label 10 "),
    (lambda m: m.fit(X, LABELS, validation_split=1.5), ValueError, "between 0 and 1"),
    (lambda m: m.fit(X, LABELS, validation_data=X), ValueError, r"tuple \(x, y\)"),
    (lambda m: m.fit(X, LABELS, class_weight={}, sample_weight=X[:, 0]), ValueError, "at the same time"),
    (lambda m: (m.fit(X, LABELS, verbose=0), m.fit(X[:, :60], LABELS)), ValueError, r"64\), got \(32, 60\)"),
    (lambda m: m.compile("sgd", "mse", metrics="accuracy"), ValueError, "`metrics` argument to be a list"),
    (lambda m: m.compile("sgd", "mse", jit=True), TypeError, "argument 'jit'"),
    (lambda m: (m.compile("sgd"), m.fit(X, LABELS)), ValueError, "No loss to compute"),
    (lambda m: m.add("dense"), ValueError, "Only layers"),
    (lambda m: m.add(keras.Input((3,))), ValueError, "first entry"),
    (lambda m: m.add(m.layers[0]), ValueError, "unique names"),
    (lambda m: keras.Sequential().pop(), ValueError, "no layer"),
    (lambda m: m.save_weights("x.npz"), ValueError, "no weights yet"),
    (lambda m: keras.Model(inputs=1), TypeError, "inputs"),
])  # fmt: skip
def test_errors(call, kind, message):
    with pytest.raises(kind, match=message):
        call(network())


def test_sequential_is_built_when_its_input_is_known():
    for first in ([keras.Input(shape=(8, 8)), layers.Flatten()], [layers.Flatten(input_shape=(8, 8))]):
        model = keras.Sequential([*first, layers.Dense(3), layers.ReLU()], name="mine")
        assert model.built and [w.shape for w in model.weights] == [(64, 3), (3,)] and len(model.layers) == 3
        assert model.compute_output_shape((None, 8, 8)) == (None, 3)
    model.pop()
    assert len(model.layers) == 2 and model(IMAGES).shape == (600, 3)
    model.add(layers.Dense(2))
    assert model(IMAGES).shape == (600, 2)
    late = keras.Sequential()
    late.add(layers.Dense(4))
    late.add(keras.Sequential([layers.Dense(2, input_dim=4)]))
    assert len(late.weights) == 2 and not late.built
    late.build((None, 64))
    assert late(X).shape == (600, 2) and len(late.trainable_variables) == 4
    line = keras.Sequential([layers.Dense(1, input_shape=[1])])
    line.compile("sgd", "mse")
    xs = np.linspace(-1, 1, 50)
    assert line.fit(xs, 2 * xs + 1, epochs=300, verbose=0).history["loss"][-1] < 1e-3
    assert line.predict(np.array([10.0]), verbose=0)[0, 0] == pytest.approx(21, abs=0.5)


def test_build_of_a_subclass():
    class Two(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.last = layers.Dense(3), layers.Dense(2)

        def call(self, inputs):
            return self.last(self.first(inputs))

    model = Two()
    model.build((None, 64))
    assert model.built and model.count_params() == 65 * 3 + 4 * 2
    assert Two()(X).shape == (600, 2)


def test_building_is_not_recorded():
    model = keras.Sequential([layers.Dense(3), layers.Dense(2)])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(X))
    assert len(tape.watched_variables()) == 4
    assert all(g is not None for g in tape.gradient(loss, model.trainable_variables))


def test_frozen_layers_stay():
    model = network()
    model.build((None, 64))
    model.layers[0].trainable = False
    before = model.get_weights()
    model.fit(X, LABELS, epochs=1, verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert not np.array_equal(before[2], after[2])


def test_save_and_load(tmp_path):
    model, other = network(), network()
    model.build((None, 64))
    other.build((None, 64))
    path = tmp_path / "model.weights.npz"
    model.save_weights(path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.weights.npz"]
    other.load_weights(str(path))
    np.testing.assert_array_equal(model.predict(X, verbose=0), other.predict(X, verbose=0))

    before = [w + 1 for w in model.get_weights()]
    model.set_weights(before)
    data = path.read_bytes()
    broken = {
        "cut": data[: len(data) // 2],
        "text": b"no zip",
        "empty": b"",
        "flipped": data[:3000] + b"\0" * 40 + data[3040:],
    }
    for name, content in broken.items():
        (tmp_path / f"{name}.npz").write_bytes(content)
    np.savez(tmp_path / "fewer.npz", *before[:2])
    np.savez_compressed(
        tmp_path / "bomb.npz", **{f"{i}/{v.name}": np.zeros(10**6) for i, v in enumerate(model.weights)}
    )
    np.savez(tmp_path / "shape.npz", **{f"{i}/{v.name}": v.numpy().T for i, v in enumerate(model.weights)})
    np.savez(tmp_path / "dtype.npz", **{f"{i}/{v.name}": v.numpy().astype(int) for i, v in enumerate(model.weights)})
    np.savez(tmp_path / "pickle.npz", **{f"{i}/{v.name}": np.array([{}]) for i, v in enumerate(model.weights)})
    for name in [*broken, "fewer", "bomb", "shape", "dtype", "pickle"]:
        with pytest.raises(ValueError, match=rf"{name}\.npz is not a weights file for this model"):
            model.load_weights(tmp_path / f"{name}.npz")
        for w, b in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(w, b)
    with pytest.raises(FileNotFoundError, match=r"missing\.npz"):
        model.load_weights(tmp_path / "missing.npz")
    for method in (model.save_weights, model.load_weights):
        with pytest.raises(ValueError, match=r"must end in \.npz"):
            method(tmp_path / "model.h5")
    with pytest.raises(FileNotFoundError):
        model.save_weights(tmp_path / "no folder" / "w.npz")
    model.save_weights(path)
    assert len(list(tmp_path.glob(".*"))) == 0


def test_printed_progress(capsys):
    model = network()
    model.fit(X, LABELS, epochs=2, batch_size=100, validation_split=0.5)
    lines = capsys.readouterr().out.splitlines()
    assert [lines[0], lines[2], len(lines)] == ["Epoch 1/2", "Epoch 2/2", 4]
    parts = [part.split(":")[0] for part in lines[1].split(" - ")]
    assert parts[0] == "3/3" and parts[1][-1] == "s" and parts[2].endswith("s/step")
    assert parts[3:] == ["accuracy", "loss", "val_accuracy", "val_loss"]
    model.evaluate(X, LABELS)
    model.predict(X[:5])
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines[0].startswith("19/19 - ")
        and "accuracy: " in lines[0]
        and lines[1].startswith("1/1 - ")
        and len(lines) == 2
    )
    model.fit(X, LABELS, verbose=0)
    assert capsys.readouterr().out == ""


def test_live_bar(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich: a terminal
    monkeypatch.setattr("pynn.keras._progress.REDRAW", 0.0)
    network().fit(X, LABELS, epochs=1, batch_size=100)
    out = capsys.readouterr().out
    assert "Epoch 1/1" in out and "6/6" in out and "━" in out and "accuracy: " in out.splitlines()[-1]


def test_summary(capsys):
    model = keras.Sequential([keras.Input(shape=(400,)), layers.Dense(25, name="L1"), layers.Dense(15, name="L2"),
                              layers.Dense(10, name="L3")], name="my_model")  # fmt: skip
    model.summary()
    text = capsys.readouterr().out
    for piece in ('Model: "my_model"', "L1 (Dense)", "(None, 25)", "10,025", "390", "160",
                  "Total params: 10,575 (41.31 KB)", "Non-trainable params: 0 (0.00 B)"):  # fmt: skip
        assert piece in text
    lines = []
    keras.Sequential([layers.Dense(2)]).summary(print_fn=lines.append)
    assert "0 (unbuilt)" in lines[0] and "?" in lines[0]
