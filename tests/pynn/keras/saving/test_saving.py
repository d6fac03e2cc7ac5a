"""Models and weights in files: what is written is what is read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import layers

X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 6)
DATA = {"sequential": X, "graph": [X[:, :2], X[:, 2:]]}
TARGETS = {"sequential": np.array([0, 1, 2, 1]), "graph": [X[:, :1], X[:, :2]]}


def leaves(model, data):
    return tf.nest.flatten(model.predict(data, verbose=0))


def assert_same(model, other, data):
    for one, two in zip(leaves(model, data), leaves(other, data), strict=True):
        np.testing.assert_array_equal(one, two)


def sequential():
    model = keras.Sequential([
        keras.Input((6,)), layers.Dense(5, "relu", kernel_regularizer="l2"), layers.BatchNormalization(),
        layers.Dropout(0.5, seed=1), layers.Dense(3, "softmax")])  # fmt: skip
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def graph():
    a, b = keras.Input((2,), name="a"), keras.Input((4,), name="b")
    shared = layers.Dense(3, "tanh", name="shared")
    hidden = layers.Concatenate()([shared(layers.Dense(4)(a)), shared(b)])
    sliced = 1.0 - hidden[:, 1:4] * 2.0 + abs(hidden[..., :1])
    model = keras.Model([a, b], [layers.Dense(1, name="value")(sliced), layers.Dense(2, name="label")(hidden)])
    model.compile("rmsprop", ["mse", keras.losses.Huber(0.5)], loss_weights=[1.0, 0.5], metrics=[["mae"], None])
    return model


@keras.saving.register_keras_serializable("tests")
class Mine(keras.Model):
    def __init__(self, units, **options):
        super().__init__(**options)
        self.first, self.rest = layers.Dense(units, "relu"), [layers.Dense(4), layers.Dense(3, "softmax")]

    def call(self, inputs):
        x = self.first(inputs)
        for layer in self.rest:
            x = layer(x)
        return x


def subclassed():
    model = Mine(5)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy")
    return model


MODELS = {"sequential": sequential, "graph": graph, "subclassed": subclassed}


def kind(name):
    return "graph" if name == "graph" else "sequential"


def train(model, name, epochs=2):
    return model.fit(
        DATA[kind(name)], TARGETS[kind(name)], batch_size=3, epochs=epochs, shuffle=False, verbose=0
    ).history


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_goes_on_where_it_stopped(name, tmp_path):
    model = MODELS[name]()
    train(model, name)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model) and [p.name for p in tmp_path.iterdir()] == ["model.keras"]
    assert_same(model, loaded, DATA[kind(name)])
    assert int(loaded.optimizer.iterations) == int(model.optimizer.iterations) == 4
    if name == "sequential":  # the masks that Dropout draws are no part of a file
        for layer in (model.layers[2], loaded.layers[2]):
            layer.rate = 0.0
    assert train(loaded, name) == train(model, name)
    assert_same(model, loaded, DATA[kind(name)])
    plain = keras.models.load_model(tmp_path / "model.keras", compile=False)
    with pytest.raises(ValueError, match="compile"):
        train(plain, name)


@pytest.mark.parametrize("ending", [".weights.h5", ".npz", ".safetensors"])
@pytest.mark.parametrize("name", MODELS)
def test_weights(name, ending, tmp_path):
    model, other = MODELS[name](), MODELS[name]()
    train(model, name)
    train(other, name, 1)
    file = tmp_path / f"a{ending}"
    model.save_weights(file)
    assert any(not np.array_equal(a, b) for a, b in zip(model.get_weights(), other.get_weights(), strict=True))
    other.load_weights(file)
    assert_same(model, other, DATA[kind(name)])
    with pytest.raises(ValueError, match="exists already"):
        model.save_weights(file, overwrite=False)


def test_a_subclass_of_several_inputs(tmp_path):
    @keras.saving.register_keras_serializable("tests")
    class Both(keras.Model):
        def __init__(self):
            super().__init__()
            self.left, self.right = layers.Dense(2), layers.Dense(2)

        def call(self, inputs):
            return {"sum": self.left(inputs["a"]) + self.right(inputs["b"])}

    model, data = Both(), {"a": X[:, :2], "b": X[:, 2:]}
    model(data)
    model.save(tmp_path / "a.keras")
    loaded = keras.models.load_model(tmp_path / "a.keras")
    assert_same(model, loaded, data)
    assert sorted(loaded.predict(data, verbose=0)) == ["sum"]


def test_a_loss_that_has_no_configuration(tmp_path):
    model = sequential()
    model.compile("sgd", lambda y, p: tf.reduce_mean((y - p) ** 2))
    with pytest.warns(UserWarning, match="leaves out what `compile` was given") as warned:
        model.save(tmp_path / "a.keras")
    assert warned[0].filename == __file__
    loaded = keras.models.load_model(tmp_path / "a.keras")
    assert not loaded.compiled
    assert_same(model, loaded, X)


def test_classes_of_ones_own(tmp_path):
    class Scale(layers.Layer):
        def __init__(self, factor, **options):
            super().__init__(**options)
            self.factor = factor

        def call(self, inputs):
            return inputs * self.factor

    def twice(x):
        return 2 * x

    model = keras.Sequential([keras.Input((6,)), Scale(3.0), layers.Dense(2, activation=twice)])
    model.save(tmp_path / "a.keras")
    with pytest.raises(TypeError, match="Could not locate 'Scale'"):
        keras.models.load_model(tmp_path / "a.keras")
    own = {"Scale": Scale, "twice": twice}
    assert_same(model, keras.models.load_model(tmp_path / "a.keras", custom_objects=own), X)
    with keras.utils.custom_object_scope(own):
        assert_same(model, keras.saving.load_model(tmp_path / "a.keras"), X)
        text = keras.models.model_from_json(model.to_json())
        with ThreadPoolExecutor(1) as others, pytest.raises(TypeError, match="Could not locate 'Scale'"):
            others.submit(keras.saving.load_model, tmp_path / "a.keras").result()
    assert [w.shape for w in text.get_weights()] == [(6, 2), (2,)]


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_model_that_was_not_trained_yet(optimizer, tmp_path):
    model = keras.Sequential([keras.Input((6,)), layers.Dense(2)])
    model.compile(optimizer, "mse")
    model.save(tmp_path / "new.keras")
    loaded = keras.models.load_model(tmp_path / "new.keras")
    for one, two in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert len(loaded.fit(np.ones((4, 6)), np.ones((4, 2)), verbose=0).history["loss"]) == 1


@pytest.mark.parametrize("clock", [0.0, 5e9])  # of a machine that does not know the time, and of the year 2128
def test_whatever_the_clock_says(clock, monkeypatch, tmp_path):
    model = sequential()
    monkeypatch.setattr("time.time", lambda: clock)
    model.save(tmp_path / "a.keras")
    assert_same(model, keras.models.load_model(tmp_path / "a.keras"), X)


def test_names_of_files(tmp_path):
    model = sequential()
    for bad in ("a.h5", "a", "a.txt"):
        with pytest.raises(ValueError, match="must end in"):
            model.save(tmp_path / bad)
        with pytest.raises(ValueError, match="must end in"):
            model.save_weights(tmp_path / bad)
        with pytest.raises(ValueError, match="must end in"):
            keras.callbacks.ModelCheckpoint(tmp_path / bad)
    with pytest.raises(ValueError, match="File not found"):
        keras.models.load_model(tmp_path / "none.keras")
    with pytest.raises(ValueError, match="must end in"):
        keras.callbacks.ModelCheckpoint("a.keras", save_weights_only=True)
    assert list(tmp_path.iterdir()) == []
