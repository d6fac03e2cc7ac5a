"""Models: when they are built, which weights they have, weights in files, the summary."""

from __future__ import annotations

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import layers


def test_sequential_is_built_when_its_input_is_known(images, x_train):
    for first in ([keras.Input(shape=(8, 8)), layers.Flatten()], [layers.Flatten(input_shape=(8, 8))]):
        model = keras.Sequential([*first, layers.Dense(3), layers.ReLU()], name="mine")
        assert model.built and [w.shape for w in model.weights] == [(64, 3), (3,)] and len(model.layers) == 3
        assert model.compute_output_shape((None, 8, 8)) == (None, 3)
    model.pop()
    assert len(model.layers) == 2 and model(images).shape == (600, 3)
    model.add(layers.Dense(2))
    assert model(images).shape == (600, 2)
    late = keras.Sequential()
    late.add(layers.Dense(4))
    late.add(keras.Sequential([layers.Dense(2, input_dim=4)]))
    assert len(late.weights) == 2 and not late.built
    late.build((None, 64))
    assert late(x_train).shape == (600, 2) and len(late.trainable_variables) == 4
    line = keras.Sequential([layers.Dense(1, input_shape=[1])])
    line.compile("sgd", "mse")
    xs = np.linspace(-1, 1, 50)
    assert line.fit(xs, 2 * xs + 1, epochs=500, verbose=0).history["loss"][-1] < 1e-3
    assert line.predict(np.array([10.0]), verbose=0)[0, 0] == pytest.approx(21, abs=0.5)


def test_a_layer_that_is_renamed_frees_its_name():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2, name="a")])
    model.layers[0].name = "b"
    model.add(layers.Dense(2, name="a"))
    assert [layer.name for layer in model.layers] == ["b", "a"]


def test_build_of_a_subclass(x_train):
    class Two(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.last = layers.Dense(3), layers.Dense(2)

        def call(self, inputs):
            return self.last(self.first(inputs))

    model = Two()
    model.build((None, 64))
    assert model.built and model.count_params() == 65 * 3 + 4 * 2
    assert Two()(x_train).shape == (600, 2)


def test_building_is_not_recorded(x_train):
    model = keras.Sequential([layers.Dense(3), layers.Dense(2)])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(x_train))
    assert len(tape.watched_variables()) == 4
    assert all(g is not None for g in tape.gradient(loss, model.trainable_variables))


def test_frozen_layers_stay(network, x_train, y_train):
    model = network()
    model.build((None, 64))
    model.layers[0].trainable = False
    before = model.get_weights()
    model.fit(x_train, y_train, epochs=1, verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert not np.array_equal(before[2], after[2])


def test_save_and_load(tmp_path, network, x_train):
    model, other = network(), network()
    model.build((None, 64))
    other.build((None, 64))
    path = tmp_path / "model.weights.npz"
    model.save_weights(path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.weights.npz"]
    names = [f"layers/{layer}/vars/{i}" for layer in ("dense", "dense_1") for i in (0, 1)]  # as in Keras's files
    with np.load(path) as file:
        assert file.files == names
    other.load_weights(str(path))
    np.testing.assert_array_equal(model.predict(x_train, verbose=0), other.predict(x_train, verbose=0))

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
    np.savez_compressed(tmp_path / "bomb.npz", **{name: np.zeros(10**6) for name in names})
    np.savez(tmp_path / "shape.npz", **{name: v.numpy().T for name, v in zip(names, model.weights, strict=True)})
    np.savez(
        tmp_path / "dtype.npz", **{name: v.numpy().astype(int) for name, v in zip(names, model.weights, strict=True)}
    )
    np.savez(tmp_path / "pickle.npz", **{name: np.array([{}]) for name, v in zip(names, model.weights, strict=True)})
    for name in [*broken, "fewer", "bomb", "shape", "dtype", "pickle"]:
        with pytest.raises(ValueError, match=rf"{name}\.npz is not a weights file for this model"):
            model.load_weights(tmp_path / f"{name}.npz")
        for w, b in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(w, b)
    with pytest.raises(FileNotFoundError, match=r"missing\.npz"):
        model.load_weights(tmp_path / "missing.npz")
    for method, name in ((model.save_weights, "model.h5"), (model.load_weights, "model.txt")):
        with pytest.raises(ValueError, match=r"must end in \.weights\.h5 or \.npz"):
            method(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        model.save_weights(tmp_path / "no folder" / "w.npz")
    model.save_weights(path)
    assert len(list(tmp_path.glob(".*"))) == 0


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
    assert "Optimizer" not in text
    model.compile("adam", "mse")
    model.fit(np.zeros((2, 400)), np.zeros((2, 10)), verbose=0)
    model.summary()
    text = capsys.readouterr().out
    # Adam: two slots, its steps (int64) and its learning rate
    assert "Optimizer params: 21,152 (82.63 KB)" in text and "Total params: 31,727 (123.94 KB)" in text
