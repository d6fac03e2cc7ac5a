"""Files with layers and optimizers of a user that save and load their own variables."""

from __future__ import annotations

import zipfile

import h5py
import numpy as np
import pytest

from pynn import keras
from pynn.keras import layers

X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 6)


def assert_same(model, other, data):
    np.testing.assert_array_equal(*(m.predict(data, verbose=0) for m in (model, other)))


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

    for name in ("a.weights.h5", "a.npz", "a.safetensors", "a.keras"):
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


def test_optimizers_in_lists_are_named_as_in_keras(tmp_path):
    """The names are those of Keras 3.15's file of the same model."""

    class Two(keras.Model):
        def __init__(self):
            super().__init__()
            self.one = layers.Dense(2)
            self.more = [keras.optimizers.SGD(momentum=0.9), keras.optimizers.SGD()]

        def call(self, x):
            return self.one(x)

    model = Two()
    model(X)
    for optimizer in model.more:
        optimizer.build(model.trainable_variables)
    model.save(tmp_path / "a.keras")
    found: list[str] = []
    with zipfile.ZipFile(tmp_path / "a.keras") as archive, h5py.File(archive.open("model.weights.h5")) as file:
        file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    sizes = {"layers/dense": 2, "more/sgd": 4, "more/sgd_1": 2}
    assert sorted(found) == sorted(f"{start}/vars/{i}" for start, size in sizes.items() for i in range(size))
