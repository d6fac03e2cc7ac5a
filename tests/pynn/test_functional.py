"""Models of graphs: what they refuse, names, nests; the numbers are compared with Keras's in test_against_keras."""

from __future__ import annotations

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import layers

X = np.random.default_rng(0).random((12, 6), np.float32)


def test_kinds_of_models():
    keras.backend.clear_session()
    inputs = keras.Input((6,))
    model = keras.Model(inputs, layers.Dense(2)(inputs))
    assert type(model) is keras.models.Functional and isinstance(model, keras.Model) and model.name == "functional"
    keras.Sequential([keras.Input((6,)), layers.Dense(2)])
    assert keras.Model(inputs, layers.Dense(2)(inputs)).name == "functional_2"  # the Sequential's graph counts

    class Mine(keras.Model):
        pass

    assert type(Mine(inputs, layers.Dense(2)(inputs))) is Mine


def test_what_a_graph_refuses():
    inputs, other = keras.Input((6,)), keras.Input((2,))
    for bad in (lambda: keras.Model(other, layers.Dense(1)(inputs)), lambda: keras.Model(X, X),
                lambda: keras.Model(inputs, layers.Dense(1)(inputs))(X[:, :3])):  # fmt: skip
        with pytest.raises(ValueError):
            bad()
    for bad in (lambda: keras.Model(outputs=inputs), lambda: keras.Model(inputs, inputs, colour=1),
                lambda: bool(inputs)):  # fmt: skip
        with pytest.raises(TypeError):
            bad()
    for bad in (lambda: np.exp(inputs), lambda: tf.reduce_mean(inputs), lambda: tf.nn.relu(inputs)):
        with pytest.raises(ValueError, match="holds no values yet"):
            bad()
    with pytest.raises(NotImplementedError, match="Iterating over a symbolic"):
        list(inputs)


def test_nests():
    inputs = {"p": keras.Input((2,)), "q": [keras.Input((3,)), keras.Input((1,))]}
    model = keras.Model(inputs, {"all": layers.Concatenate()([inputs["p"], *inputs["q"]]), "p": inputs["p"]})
    data = {"p": X[:, :2], "q": [X[:, 2:5], X[:, 5:]]}
    np.testing.assert_array_equal(model(data)["all"], X)
    predicted = model.predict(data, batch_size=5, verbose=0)
    np.testing.assert_array_equal(predicted["all"], X)
    np.testing.assert_array_equal(predicted["p"], X[:, :2])


def test_forms_of_data():
    inputs = keras.Input((6,))
    model = keras.Model(inputs, layers.Dense(2)(inputs))
    expected = model(X).numpy()
    for data in (X.astype(np.float64), X.tolist(), tf.constant(X), tf.Variable(X)):
        np.testing.assert_array_equal(model(data), expected)
    for form in ((lambda x: [x]), (lambda x: (x,)), (lambda x: {inputs.name: x})):
        np.testing.assert_allclose(model.predict(form(X), verbose=0), expected, rtol=1e-6)


def test_errors_of_targets():
    inputs = keras.Input((6,))
    outputs = {name: layers.Dense(1, name=name)(inputs) for name in "ab"}
    model, y = keras.Model(inputs, outputs), X[:, :1]
    model.compile("sgd", "mse")
    for bad in (y, {"a": y}, {"a": y, "c": y}, [y, y, y]):
        with pytest.raises(ValueError):
            model.fit(X, bad, verbose=0)
    assert list(model.fit(X, {"a": y, "b": y}, verbose=0).history) == ["a_loss", "b_loss", "loss"]


def test_metrics_keep_their_names():
    inputs, metric = keras.Input((6,)), keras.metrics.MeanAbsoluteError(name="far")
    model = keras.Model(inputs, [layers.Dense(1, name=name)(inputs) for name in "ab"])
    model.compile("sgd", ["mse", "mse"], metrics=[[metric], None])
    assert list(model.fit(X, [X[:, :1], X[:, 1:2]], verbose=0).history) == ["a_far", "a_loss", "b_loss", "loss"]
    assert metric.name == "far"


def test_a_copy_has_the_same_calls():
    inputs, shared = keras.Input((6,)), layers.Dense(6)
    model = keras.Model(inputs, shared(shared(inputs))[:, 1:] ** 2)
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(copy(X), model(X))
    assert [layer.name for layer in copy.layers] == [layer.name for layer in model.layers]
