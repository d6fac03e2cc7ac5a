"""Models of graphs: errors, names, nests. Values: test_against_keras.py."""

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


def test_clones():
    class Twice(layers.Layer):  # not registered: a clone needs no name for it
        def call(self, inputs):
            return inputs * 2

    inputs = keras.Input((6,), name="x")
    inner = keras.Sequential([layers.Dense(3), Twice()], name="inner")
    model = keras.Model(inputs, {"y": inner(inputs) + 1.0, "z": inputs[:, :2]}, name="outer", trainable=False)
    model.compile(keras.optimizers.SGD(0.5), {"y": "mse"})
    copy = keras.models.clone_model(model)
    assert (copy.name, copy.trainable, copy.compiled, copy.optimizer.get_config()["learning_rate"]) == (
        "outer", False, True, 0.5)  # fmt: skip
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(copy(X)["y"], model(X)["y"])
    assert copy.get_layer("inner").layers[0] is not inner.layers[0]
    assert keras.models.clone_model(model, None, lambda layer: layer).get_layer("inner") is inner
    assert [v.shape for v in model.non_trainable_weights] == [(6, 3), (3,)]
    lazy = keras.Sequential([layers.Dense(2)])
    lazy(X)
    assert keras.models.clone_model(lazy).built


def test_sizes_that_are_not_known():
    inputs = keras.Input((None, 4))
    hidden = layers.BatchNormalization()(layers.Dense(8, "relu")(inputs))
    assert hidden.shape == (None, None, 8)
    for layer, shape in (
        (layers.Flatten(), (None, None)), (layers.Permute((2, 1)), (None, 8, None)),
        (layers.LayerNormalization(), (None, None, 8)), (layers.Reshape((-1, 2)), (None, None, 2)),
        (layers.Lambda(lambda x: tf.reduce_sum(x, 1)), (None, 8)),
        (layers.Lambda(lambda x: tf.reduce_sum(x, 0)), (None, 8)),
        (layers.Lambda(lambda x: x[:1]), (1, None, 8)),
    ):  # fmt: skip
        assert layer(hidden).shape == shape and layer.compute_output_shape((None, None, 8)) == shape
    assert layers.Concatenate(1)([hidden, hidden]).shape == (None, None, 8)
    assert layers.Concatenate(2)([hidden, hidden]).shape == (None, None, 16)
    assert layers.Add()([keras.Input((None,)), keras.Input((3,))]).shape == (None, 3)
    assert (hidden + hidden)[:, 0].shape == (None, 8) and hidden[:, 1:].shape == (None, None, 8)
    for part, shape in (  # how much of an unknown size a slice holds is not known either, as in Keras
        (hidden[:, :2], (None, None, 8)), (hidden[:, -2:], (None, None, 8)), (hidden[:1, 0], (None, 8)),
        (hidden[..., :2], (None, None, 2)), (hidden[:, None, 0:1], (None, 1, None, 8)), (hidden[0, ..., 0], (None,)),
        (hidden[:, -1, 1:], (None, 7)), (hidden[..., None], (None, None, 8, 1)),
    ):  # fmt: skip
        assert part.shape == shape
        model = keras.Model(inputs, part)
        assert keras.Model.from_config(model.get_config()).output.shape == shape
    assert layers.Dense(2).compute_output_shape((7, None, 5)) == (7, None, 2)
    model = keras.Model(inputs, layers.Lambda(lambda x: tf.reduce_max(x, 1))(hidden))
    assert model.predict(np.ones((3, 5, 4)), verbose=0).shape == (3, 8) and model.output_shape == (None, 8)
    assert keras.Input((4,), batch_size=3).shape == layers.Dense(4)(keras.Input((4,), batch_size=3)).shape == (3, 4)


def test_a_part_of_a_model_begins_with_an_input_layer():
    inputs = keras.Input((6,))
    hidden = layers.Dense(3, name="hidden")(inputs)
    whole = keras.Model(inputs, layers.Dense(2, name="end")(hidden * 2.0))
    part = keras.Model(hidden, whole.output)
    assert [type(layer).__name__ for layer in part.layers] == ["InputLayer", "Dense"] and len(part.weights) == 2
    h = keras.Model(inputs, hidden).predict(X, verbose=0)
    np.testing.assert_array_equal(part.predict(h, verbose=0), whole.predict(X, verbose=0))
    other = keras.Input((2,), name="other")
    both = keras.Model([hidden, other], layers.Concatenate()([whole.output, other]))
    assert both({both.inputs[0].node.layer.name: h, "other": np.ones((12, 2))}).shape == (12, 4)
    again = keras.Model.from_config(part.get_config())
    again.set_weights(part.get_weights())
    np.testing.assert_array_equal(again.predict(h, verbose=0), part.predict(h, verbose=0))


def test_a_last_axis_of_size_1_may_be_missing_or_more():
    column, flat = keras.Input((6, 1)), keras.Input((6,))
    assert keras.Model(column, layers.Flatten()(column))(X).shape == (12, 6)
    assert keras.Model(flat, layers.Dense(2)(flat))(X[..., None]).shape == (12, 2)
    with pytest.raises(ValueError, match="incompatible with the model"):
        keras.Model(flat, layers.Dense(2)(flat))(X[:, :5, None])


def test_comparisons_and_logic_between_kerastensors():
    inputs = keras.Input((6,))
    low, high = inputs < 0.4, inputs >= 0.6
    answers = [low | high, ~(low & high), low ^ high, inputs <= 0.5, inputs > 0.5, inputs % 0.3, 2.0 // inputs]
    assert [x.dtype for x in answers] == ["bool"] * 5 + ["float32"] * 2
    got = keras.Model(inputs, answers)(X)
    want = [(X < 0.4) | (X >= 0.6), X > -1, (X < 0.4) | (X >= 0.6), X <= 0.5, X > 0.5, X % np.float32(0.3), 2 // X]
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("number", "dtype"), [(2, "float32"), (0.5, "float32"), (2, "int32")])
def test_a_number_to_the_left_of_a_kerastensor(number, dtype, tmp_path):
    inputs, x = keras.Input((6,), dtype=dtype), (X * 9 + 1).astype(dtype)
    answers = [number + inputs, number - inputs, number * inputs, number**inputs, number // inputs, number % inputs]
    assert [answer.dtype for answer in answers] == [dtype] * 6
    model = keras.Model(inputs, answers)
    model.save(tmp_path / "model.keras")
    t = tf.constant(x)
    want = [number + t, number - t, number * t, number**t, number // t, number % t]
    for again in (model, keras.models.load_model(tmp_path / "model.keras")):
        for a, b in zip(again(x), want, strict=True):
            np.testing.assert_array_equal(a, b)


def test_unknown_sizes_stay_unknown():
    """The shapes are Keras 3.15's, but where a merge's unknown size can only be that of its partner."""
    for layer, shape, expected in (
        (layers.LayerNormalization(), (None, None), (None, None)),
        (layers.BatchNormalization(), (None, None), (None, None)),
        (layers.PReLU(), (None, None), (None, None)),
        (layers.Dense(3), (None, None), (None, 3)),
        (layers.Dense(3), (None, 4, None), (None, 4, 3)),
        (layers.Reshape((-1, 2)), (None, None), (None, None, 2)),
        (layers.Reshape((-1, 2)), (None, None, None), (None, None, 2)),
        (layers.Concatenate(), [(None, None, 4), (None, 3, 4)], (None, 3, 8)),
        (layers.Concatenate(axis=1), [(None, None, 4), (None, 4, None)], (None, None, 4)),
        (layers.Add(), [(2, 4), (None, 4)], (2, 4)),
        (layers.Dot(axes=1), [(2, 4), (None, 4)], (2, 1)),
    ):
        assert layer.compute_output_shape(shape) == expected
        assert not layer.weights


def test_compute_output_shape_leaves_no_trace():
    drawn = []
    for ask in (False, True):
        keras.utils.set_random_seed(1)
        layer = layers.Dense(3)
        if ask:
            assert layer.compute_output_shape((None, 4)) == (None, 3) and not layer.built
        layer(X)
        drawn.append(layer.kernel.numpy())
    np.testing.assert_array_equal(*drawn)
