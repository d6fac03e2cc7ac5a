"""Models and weights in files: what is written is what is read, Keras's own files, hostile files."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import layers
from pynn.keras.models import weights
from pynn.keras.models.arrays import write_h5, write_npz

FILES = Path(__file__).with_name("keras_files")
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


@pytest.mark.parametrize("name", DATA)
def test_files_of_keras(name):
    with np.load(FILES / "predictions.npz") as file:
        expected = {key: file[key] for key in file.files}
    model = keras.models.load_model(FILES / f"{name}.keras")
    other = keras.models.clone_model(model)
    other.load_weights(FILES / f"{name}.weights.h5")
    for each in (model, other):
        for i, found in enumerate(leaves(each, DATA[name])):
            np.testing.assert_allclose(found, expected[f"{name} {i}"], atol=1e-6)  # float32, sums of 6, values below 3
    if name == "graph":  # with Dropout the steps differ
        losses = model.fit(DATA[name], TARGETS[name], batch_size=4, epochs=2, shuffle=False, verbose=0).history["loss"]
        np.testing.assert_allclose(losses, expected[f"{name} goes on"], rtol=1e-5)


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
    with pytest.warns(UserWarning, match="leaves out what `compile` was given"):
        model.save(tmp_path / "a.keras")
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
    assert [w.shape for w in text.get_weights()] == [(6, 2), (2,)]


def repacked(path, **changes):
    """The file with members replaced: NAME=bytes; None takes it out."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members |= {name.replace("__", "."): value for name, value in changes.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in members.items():
            if value is not None:
                archive.writestr(name, value)


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


H5_AWAY: dict = {"model.weights.h5": None}
CONFIG = {"class_name": "Sequential", "config": {"name": "a", "trainable": True, "layers": []}}


@pytest.mark.parametrize("change", [
    lambda p: p.write_bytes(b""),
    lambda p: p.write_bytes(b"no zip at all"),
    lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]),
    lambda p: repacked(p, config__json=None),
    lambda p: repacked(p, config__json=b"{"),
    lambda p: repacked(p, config__json=b"[]"),
    lambda p: repacked(p, config__json=b"\xff\xfe"),
    lambda p: repacked(p, config__json=b"0" * 2**25),
    lambda p: repacked(p, config__json=b"[" * 100_000),
    lambda p: repacked(p, config__json=json.dumps(CONFIG | {"config": {"layers": 3}})),
    lambda p: repacked(p, config__json=json.dumps(CONFIG | {"class_name": "Adam", "config": {}})),
    lambda p: repacked(p, **H5_AWAY),
    lambda p: repacked(p, **{"model.weights.h5": b"\x89HDF"}),
    lambda p: repacked(p, **{"model.weights.h5": b"\0" * 2**26}),
    lambda p: repacked(p, **H5_AWAY | {"model.weights.npz": b"PK"}),
    lambda p: repacked(p, **H5_AWAY | {"model.weights.npz": npz(a=np.zeros(3))}),
    lambda p: repacked(p, **H5_AWAY | {"model.weights.npz": npz(a=np.zeros(2**24))}),
    lambda p: repacked(p, **H5_AWAY | {"model.weights.npz": b"\0" * 2**26}),
])  # fmt: skip
def test_hostile_models(change, tmp_path):
    path = tmp_path / "a.keras"
    sequential().save(path)
    change(path)
    with pytest.raises(ValueError, match=r"a\.keras"):
        keras.models.load_model(path)


def test_a_file_calls_nothing(tmp_path):
    """A configuration names classes that the program has, and operations of a graph only from a short list."""
    path = tmp_path / "a.keras"
    sequential().save(path)
    repacked(path, config__json=json.dumps(CONFIG | {"class_name": "os.system"}))
    with pytest.raises(TypeError, match=r"Could not locate 'os.system'"):
        keras.models.load_model(path)
    for name in ("load_model", "get", "missing", "Any"):
        with pytest.raises(TypeError, match="Could not locate"):
            keras.layers.deserialize({"class_name": "function", "config": name})
    for name in ("__loader__", "__builtins__", "reduce_sum"):
        with pytest.raises(ValueError, match="no operation"):
            keras.layers.deserialize({"class_name": "Operation", "config": {"operation": name}})
        with pytest.raises(TypeError, match="Could not locate"):
            keras.saving.deserialize_keras_object({"module": "keras.src.ops.x", "class_name": name, "config": {}})


@pytest.mark.parametrize("ending", [".weights.h5", ".npz"])
@pytest.mark.parametrize("damage", ["empty", "text", "half", "shape", "missing", "more", "dtype"])
def test_weights_that_do_not_fit_change_nothing(damage, ending, tmp_path):
    model, path = sequential(), tmp_path / f"a{ending}"
    before = model.get_weights()
    other = keras.Sequential([keras.Input((6,)), layers.Dense(5), layers.BatchNormalization(), layers.Dense(3)])
    {"shape": lambda: other.pop() and other.add(layers.Dense(4)), "missing": other.pop,
     "more": lambda: other.add(layers.Dense(3))}.get(damage, lambda: None)()  # fmt: skip
    other.save_weights(path)
    content = path.read_bytes()
    if damage == "dtype":
        arrays = {name: v.numpy().astype(np.int32) for name, v in weights.named_variables(model).items()}
        with open(path, "wb") as file:
            (write_npz if ending == ".npz" else write_h5)(file, arrays)
    else:
        damaged = {"empty": b"", "text": b"text" * 99, "half": content[: len(content) // 2]}
        path.write_bytes(damaged.get(damage, content))
    with pytest.raises(ValueError, match="is not a weights file for this model"):
        model.load_weights(path)
    for one, two in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


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
