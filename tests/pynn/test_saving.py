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


@pytest.mark.parametrize("ending", [".weights.h5", ".npz"])
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


def test_layers_that_store_variables_their_own_way(tmp_path):
    """Keras's hooks: a layer adds to what is stored; if it refuses a file, or another layer does, nothing changes."""

    class Counting(layers.Dense):
        count = 0

        def save_own_variables(self, store):
            super().save_own_variables(store)
            store["count"] = self.count

        def load_own_variables(self, store):
            super().load_own_variables({name: store[name] for name in ("0", "1")})
            self.count = int(store["count"])
            if self.count < 0:
                raise ValueError("a count below 0")

    def make(units=2):
        return keras.Sequential([keras.Input((6,)), Counting(3), layers.Dense(units)])

    for name in ("a.weights.h5", "a.npz", "a.keras"):
        model, other = make(), make()
        model.layers[0].count = 5
        (model.save if name.endswith("keras") else model.save_weights)(tmp_path / name)
        other.load_weights(tmp_path / name)
        assert other.layers[0].count == 5
        assert_same(model, other, X)
    for changed, count, error in ((make(3), 5, "is float32"), (make(), -1, "a count below 0")):
        changed.layers[0].count = count
        changed.save_weights(tmp_path / "b.npz")
        before = other.get_weights()
        with pytest.raises(ValueError, match=error):
            other.load_weights(tmp_path / "b.npz")
        for one, two in zip(before, other.get_weights(), strict=True):
            np.testing.assert_array_equal(one, two)
    kernel = other.layers[0].kernel.numpy()
    changed.layers[0].count = -1
    changed.layers[1].bias.assign([7.0, 7.0])
    changed.save_weights(tmp_path / "b.npz")
    with pytest.warns(UserWarning, match="a count below 0; it keeps its weights"):
        other.load_weights(tmp_path / "b.npz", skip_mismatch=True)
    np.testing.assert_array_equal(other.layers[0].kernel, kernel)
    np.testing.assert_array_equal(other.layers[1].bias, [7.0, 7.0])
    Counting.save_assets = lambda self, folder: None
    with pytest.raises(ValueError, match="such files are not supported"):
        other.save(tmp_path / "c.keras")
    changed.layers[0].count = "many"
    with pytest.raises(TypeError, match="stores 'many' as 'count'"):
        changed.save_weights(tmp_path / "b.npz")
    with pytest.raises(ValueError, match=r"2 variables of its own, the file has \['0'\]"):
        layers.Layer.load_own_variables(other.layers[1], {"0": X})


def test_a_layer_that_fails_after_it_has_changed_the_layers_inside(tmp_path):
    class Meddling(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = layers.Dense(2)

        def call(self, x):
            return self.inner(x)

        def load_own_variables(self, store):
            self.inner.bias.assign([9.0, 9.0])
            raise KeyError("more")

    model = keras.Sequential([keras.Input((6,)), Meddling()])
    model.save_weights(tmp_path / "a.npz")
    with pytest.raises(ValueError, match="does not take what the file has: KeyError: 'more'"):
        model.load_weights(tmp_path / "a.npz")
    np.testing.assert_array_equal(model.layers[0].inner.bias, [0.0, 0.0])


def test_what_layers_hold_beside_layers(tmp_path):
    """Properties that fail are passed by; a layer in a property is found."""

    class Holder(layers.Layer):
        def __init__(self, **options):
            super().__init__(**options)
            self._inner = layers.Dense(3)
            self.around = [self._inner]  # of its names the first in the alphabet that is not private

        @property
        def first(self):
            return self._inner

        @property
        def broken(self):
            raise RuntimeError("not yet")

        def call(self, x):
            return self._inner(x)

    model, other = (keras.Sequential([keras.Input((6,)), Holder(), layers.Dense(1)]) for _ in range(2))
    model.save_weights(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as file:
        assert sorted(file.files)[:2] == [f"layers/dense/vars/{i}" for i in (0, 1)]
        assert [name for name in file.files if "holder" in name] == [
            f"layers/holder/around/dense/vars/{i}" for i in (0, 1)
        ]
    other.load_weights(tmp_path / "a.npz")
    assert_same(model, other, X)


def test_optimizers_beside_the_compiled_one(tmp_path, monkeypatch):
    """Their state is in the file, and taken where they are built; weights load beside it."""

    @keras.saving.register_keras_serializable("tests")
    class Pair(keras.Model):
        def __init__(self, **options):
            super().__init__(**options)
            self.one, self.two = layers.Dense(3), layers.Dense(1)
            self.other = keras.optimizers.SGD(momentum=0.9)

        def call(self, x):
            return self.two(self.one(x))

    model, again = Pair(), Pair()
    for pair in (model, again):
        pair(X)
        pair.other.build(pair.two.trainable_variables)
    model.other.apply([X[:3, :1], X[:1, 0]])
    model.save(tmp_path / "a.keras")
    again.load_weights(tmp_path / "a.keras")
    assert_same(model, again, X)
    with monkeypatch.context() as patch, pytest.raises(ValueError, match=r"Optimizer 'sgd.*' has save_own_variables"):
        patch.setattr(keras.optimizers.SGD, "save_own_variables", lambda self, store: None, raising=False)
        model.save(tmp_path / "b.keras")
    with pytest.warns(UserWarning, match="4 arrays, does not fit its 2 variables"):
        assert_same(model, keras.models.load_model(tmp_path / "a.keras"), X)
