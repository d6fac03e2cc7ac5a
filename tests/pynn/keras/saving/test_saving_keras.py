"""Files that Keras 3.15 and older versions of ours wrote, by keras_files/make.py. parity/files.py tries all kinds."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import layers

sys.path.insert(0, str(Path(__file__).with_name("keras_files")))

import architectures

FILES = Path(__file__).with_name("keras_files")
with np.load(FILES / "predictions.npz") as file:
    NUMBERS = {key: file[key] for key in file.files}
ROUNDING = {"atol": 1e-5, "rtol": 1e-5}  # float32, sums of a few numbers below 10


def assert_predicts(model, name):
    for i, found in enumerate(architectures.leaves(model.predict(architectures.ARCHITECTURES[name][1], verbose=0))):
        np.testing.assert_allclose(found, NUMBERS[f"{name} {i}"], **ROUNDING)


@pytest.mark.parametrize("file", sorted(
    path.name for path in FILES.iterdir() if path.stem in architectures.ARCHITECTURES and ".weights" not in path.name
))  # fmt: skip
def test_files_of_keras(file):
    name = Path(file).stem
    architectures.ARCHITECTURES[name][0](keras)  # registers its own classes
    model = keras.models.load_model(FILES / file)
    assert_predicts(model, name)
    other = keras.models.clone_model(model)
    other.load_weights(FILES / file)
    assert_predicts(other, name)


def test_weights_of_keras():
    model = architectures.nested(keras)
    model.load_weights(FILES / "nested.weights.h5")
    assert_predicts(model, "nested")


@pytest.mark.parametrize("name", ["adam", "rmsprop", "amsgrad", "nadam"])
def test_training_goes_on_where_keras_stopped(name):
    model = keras.models.load_model(FILES / f"trained_{name}.keras")
    found = model.evaluate(architectures.X, architectures.X[:, :2], verbose=0)
    np.testing.assert_allclose(found, NUMBERS[f"{name} evaluated"], **ROUNDING)
    np.testing.assert_allclose(architectures.train(model, 3), NUMBERS[f"{name} goes on"], rtol=1e-4)


def test_files_of_older_versions():
    with np.load(FILES / "older_pynn.npz") as file:
        x, predicted, losses = file["x"], file["predicted"], file["goes_on"]
    model = keras.models.load_model(FILES / "older_pynn.keras")
    np.testing.assert_allclose(model.predict(x, verbose=0), predicted, **ROUNDING)
    np.testing.assert_allclose(architectures.train(model, 3), losses, rtol=1e-5)


def test_weights_of_another_type_or_of_other_layers(tmp_path):
    def network(dtype, units):
        keras.config.set_floatx(dtype)
        made = keras.Sequential([keras.Input((4,)), layers.Dense(3, "relu"), layers.Dense(units)])
        keras.config.set_floatx("float32")
        return made

    single, double, other = network("float32", 2), network("float64", 2), network("float32", 5)
    for ending in (".weights.h5", ".npz"):
        single.save_weights(tmp_path / f"a{ending}")
        double.load_weights(tmp_path / f"a{ending}")
        for one, two in zip(single.get_weights(), double.get_weights(), strict=True):
            assert two.dtype == np.float64
            np.testing.assert_array_equal(one, two)
        last = other.get_weights()[2:]
        with pytest.warns(UserWarning, match=r"keep their weights.*layers/dense_1"):
            other.load_weights(tmp_path / f"a{ending}", skip_mismatch=True)
        for one, two in zip([*single.get_weights()[:2], *last], other.get_weights(), strict=True):
            np.testing.assert_array_equal(one, two)


def test_options_of_loading(tmp_path):
    model = architectures.ARCHITECTURES["digits"][0](keras)
    keras.saving.save_model(model, tmp_path / "a.keras", zipped=True)
    assert keras.models.load_model(tmp_path / "a.keras", safe_mode=True).layers
    with pytest.raises(TypeError, match="safe_mode=False is not supported"):
        keras.models.load_model(tmp_path / "a.keras", safe_mode=False)


def test_dropout_of_keras_files_drops_in_training():
    """Keras notes training=False in the graph where nobody said anything; what the model is told goes before it."""
    model = keras.models.load_model(FILES / "graph.keras")
    data = [tf.constant(x) for x in architectures.ARCHITECTURES["graph"][1]]
    outputs = [model(data, training=training)[1].numpy() for training in (True, False, None)]
    assert (outputs[0] == 0).any() and not (outputs[1] == 0).any()
    np.testing.assert_array_equal(outputs[1], outputs[2])


def test_names_stored_as_bytes_of_fixed_length(tmp_path):
    path = tmp_path / "nested.h5"
    shutil.copy(FILES / "nested.h5", path)
    with h5py.File(path, "a") as file:

        def to_bytes(_, item):
            for key in {"layer_names", "weight_names"} & item.attrs.keys():
                names = np.array([str(name).encode() for name in item.attrs[key]])
                del item.attrs[key]
                item.attrs[key] = names

        file.visititems(to_bytes)
    found, expected = (keras.models.load_model(p).get_weights() for p in (path, FILES / "nested.h5"))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)
