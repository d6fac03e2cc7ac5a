"""Layers, activations, initializers, losses, metrics and optimizers: shapes, weights, arguments and errors."""

from __future__ import annotations

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import activations, initializers, layers, losses, metrics, optimizers

X = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)


def test_dense():
    layer = layers.Dense(3, activation="relu", kernel_initializer="he_normal", bias_initializer="ones")
    y = layer(X)
    kernel, bias = layer.get_weights()
    # k eps sum|x||w| bounds the rounding of a sum of k products
    np.testing.assert_allclose(y, np.maximum(X @ kernel + bias, 0), atol=5 * 1.2e-7 * (abs(X) @ abs(kernel) + 1).max())
    assert (layer.units, layer.count_params(), layer.kernel.name, layer.bias.shape) == (3, 15, "kernel", (3,))
    assert y.dtype == tf.float32 and layer(X.astype(np.float64)).dtype == tf.float32
    assert layer(np.ones((2, 5, 4), np.uint8)).shape == (2, 5, 3)
    assert layers.Dense(2, dtype="float64")(X).dtype == tf.float64
    assert layers.Dense(2, use_bias=False)(X).shape == (6, 2)
    assert repr(layers.Dense(1, name="out")) == "<Dense name=out, built=False>"


def test_dense_errors():
    layer = layers.Dense(3, name="first")
    layer(X)
    with pytest.raises(ValueError, match=r"layer 'first' is incompatible.*4\), got \(2, 5\)"):
        layer(np.ones((2, 5)))
    with pytest.raises(ValueError, match="incompatible"):
        layer(np.ones(4))
    for units in (0, -1, 2.5, "3", True):
        with pytest.raises(ValueError, match="positive integer"):
            layers.Dense(units)
    with pytest.raises(TypeError, match="unexpected keyword argument 'unit'"):
        layers.Dense(3, unit=3)
    with pytest.raises(ValueError, match="isn't built"):
        layers.Dense(1).count_params()
    with pytest.raises(TypeError, match=r"use keras\.Sequential"):
        layers.Dense(3)(layers.Dense(4))


def test_other_layers():
    np.testing.assert_array_equal(layers.Flatten()(np.arange(12).reshape(2, 3, 2)), np.arange(12).reshape(2, 6))
    assert layers.Flatten()(np.ones((2, 3), np.uint8)).dtype == tf.uint8 and layers.Flatten()(np.ones(3)).shape == (
        3,
        1,
    )
    np.testing.assert_array_equal(layers.ReLU()([-1.0, 2.0]), [0, 2])
    x = [-10.0, -5, 0, 5, 10]
    np.testing.assert_array_equal(layers.ReLU(max_value=6, negative_slope=0.5)(x), [-5, -2.5, 0, 5, 6])
    np.testing.assert_array_equal(layers.ReLU(threshold=5)(x), [0, 0, 0, 0, 10])
    np.testing.assert_array_equal(layers.ReLU(threshold=1, negative_slope=1)(x), [-11, -6, -1, 5, 10])
    np.testing.assert_allclose(np.sum(layers.Softmax(axis=0)(X), 0), np.ones(4), rtol=1e-6)
    np.testing.assert_allclose(layers.Activation("sigmoid")([0.0]), [0.5])
    for arguments in ({"max_value": -1}, {"negative_slope": -1}, {"threshold": -1}):
        with pytest.raises(ValueError, match="cannot be a negative value"):
            layers.ReLU(**arguments)


def test_dropout():
    layer, ones = layers.Dropout(0.25, seed=1), np.ones((400, 50), np.float32)
    np.testing.assert_array_equal(layer(ones), ones)
    y = layer(ones, training=True).numpy()
    assert set(np.unique(y)) == {0, np.float32(1 / 0.75)}
    # the share kept: standard error sqrt(.25 * .75 / 20000) = 0.003; 5 of them
    assert abs((y > 0).mean() - 0.75) < 0.015
    np.testing.assert_array_equal(layers.Dropout(0.25, seed=1)(ones, training=True), y)
    rows = layers.Dropout(0.5, noise_shape=(400, 1))(ones, training=True).numpy()
    np.testing.assert_array_equal(rows, rows[:, :1] * ones)
    np.testing.assert_array_equal(layers.Dropout(1.0)(ones, training=True), 0 * ones)
    layer = layers.Dropout(0.0)
    layer.rate = 1.0  # programs change it between epochs
    np.testing.assert_array_equal(layer(ones, training=True), 0 * ones)
    with pytest.raises(ValueError, match="0 <= rate <= 1"):
        layers.Dropout(1.5)


class Scaled(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = [layers.Dense(2), {"deep": layers.Dense(3)}]
        self.own = tf.Variable(2.0)

    def build(self, input_shape):
        self.scale = self.add_weight((input_shape[-1],), "ones", name="scale")
        self.steps = self.add_weight((), "zeros", dtype="int32", trainable=False, name="steps")

    def call(self, inputs, training=False):
        self.steps.assign_add(1 if training else 0)
        return self.inner[1]["deep"](self.inner[0](inputs * self.scale)) * self.own


def test_custom_layer():
    layer = Scaled(name="mine")
    assert layer.weights == [layer.own] and not layer.built
    assert layer(X).shape == (6, 3) and layer.built
    assert [v.name for v in layer.weights] == ["scale", "Variable:0", "steps", "kernel", "bias", "kernel", "bias"]
    assert len(layer.trainable_variables) == 6 and [v.name for v in layer.non_trainable_variables] == ["steps"]
    layer(X, training=True)
    layer(X, True)
    assert int(layer.steps) == 2
    layer.inner[0].trainable = False
    assert len(layer.trainable_weights) == 4 and len(layer.non_trainable_weights) == 3
    layer.trainable = False
    assert layer.trainable_weights == [] and not layer.inner[1]["deep"].trainable
    assert layer.compute_output_shape((None, 4)) == (None, 3)
    with pytest.raises(NotImplementedError, match="does not have a `call"):
        layers.Layer()(X)


def test_training_reaches_inner_layers():
    seen = []

    class Probe(layers.Layer):
        def call(self, inputs, training=None):
            seen.append(training)
            return inputs

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.probe = Probe()

        def call(self, inputs):
            return self.probe(inputs)

    outer = Outer()
    outer(X, training=True)
    outer(X, training=False)
    outer(X)
    outer.probe(X, training=True)
    assert seen == [True, False, None, True]


def test_set_weights_all_or_none():
    layer = layers.Dense(3)
    layer(X)
    before = layer.get_weights()
    with pytest.raises(ValueError, match="length 1, but the layer was expecting 2"):
        layer.set_weights([np.ones((4, 3))])
    with pytest.raises(ValueError, match=r"\(3,\) is not compatible with provided weight shape \(2,\)"):
        layer.set_weights([np.ones((4, 3)), np.ones(2)])
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    layer.set_weights([np.ones((4, 3)), np.zeros(3)])
    np.testing.assert_array_equal(layer.kernel, np.ones((4, 3)))
    layer.get_weights()[0][:] = 7
    np.testing.assert_array_equal(layer.kernel, np.ones((4, 3)))


# mean of n draws: 5 standard errors; limits: those of the distribution
@pytest.mark.parametrize(("name", "limit", "stddev"), [
    ("glorot_uniform", (6 / 250) ** 0.5, (2 / 250) ** 0.5), ("he_uniform", (6 / 200) ** 0.5, (2 / 200) ** 0.5),
    ("glorot_normal", 2 * (2 / 250) ** 0.5 / 0.8796, (2 / 250) ** 0.5), ("he_normal", 2 * 0.1 / 0.8796, 0.1),
    ("random_uniform", 0.05, 0.1 / 12**0.5), ("truncated_normal", 0.1, 0.05 * 0.8796), ("random_normal", np.inf, 0.05),
])  # fmt: skip
def test_random_initializers(name, limit, stddev):
    keras.utils.set_random_seed(0)
    values = initializers.get(name)((200, 50)).numpy()
    assert values.dtype == np.float32 and abs(values).max() <= limit * (1 + 1e-6)
    assert abs(values.mean()) < 5 * stddev / 100
    assert abs(values.std() / stddev - 1) < 5 / (2 * 10000) ** 0.5
    assert not np.array_equal(values, initializers.get(name)((200, 50)))


def test_other_initializers():
    np.testing.assert_array_equal(initializers.Constant(3)((2,)), [3, 3])
    np.testing.assert_array_equal(initializers.get(lambda shape, dtype: tf.ones(shape))((2,), dtype="float32"), [1, 1])
    a = initializers.RandomNormal(seed=4)
    np.testing.assert_array_equal(a((3,)), a((3,)))
    assert isinstance(initializers.get("HeNormal"), initializers.HeNormal)
    assert isinstance(initializers.get(initializers.Zeros), initializers.Zeros)


@pytest.mark.parametrize("module", [activations, initializers, losses, metrics, optimizers])
def test_unknown_names_list_the_known(module):
    with pytest.raises(ValueError, match=r"Could not interpret .* identifier: 'rmsporp'. Known: \w+, \w+"):
        module.get("rmsporp")


def test_losses():
    assert float(losses.MeanSquaredError("sum")([[0.0, 0.0]] * 3, [[1.0, 3.0]] * 3)) == 15
    y, p = np.array([0, 2]), np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]], np.float32)
    one_hot = np.eye(3, dtype=np.float32)[y]
    each = losses.sparse_categorical_crossentropy(y, p)
    np.testing.assert_allclose(each, [-np.log(0.7)] * 2, rtol=1e-6)
    np.testing.assert_allclose(losses.categorical_crossentropy(one_hot, p), each, rtol=1e-6)
    np.testing.assert_allclose(losses.sparse_categorical_crossentropy(y[:, None].astype(np.float32), p), each)
    logits = np.log(p) + 3
    for loss in (losses.SparseCategoricalCrossentropy, losses.CategoricalCrossentropy):
        target = y if loss is losses.SparseCategoricalCrossentropy else one_hot
        np.testing.assert_allclose(
            loss(from_logits=True, reduction="sum")(target, logits), each.numpy().sum(), rtol=1e-6
        )
        np.testing.assert_allclose(loss(reduction="none")(target, p), each, rtol=1e-6)
        np.testing.assert_allclose(loss()(target, p, sample_weight=[1.0, 3.0]), 2 * -np.log(0.7), rtol=1e-6)
    np.testing.assert_allclose(losses.get("mse")([1.0, 2], [[3.0], [2.0]]), [4, 0])
    np.testing.assert_allclose(losses.MeanSquaredError(reduction=None)([[1.0, 2.0]], [[3.0, 2.0]]), [2])
    with pytest.raises(ValueError, match="Invalid value for argument `reduction`"):
        losses.MeanSquaredError(reduction="average")
    for targets in ([0, 3], [-1, 0]):
        with pytest.raises(ValueError, match="label"):
            losses.sparse_categorical_crossentropy(targets, p)
    with pytest.raises(ValueError, match="one-hot labels use categorical_crossentropy"):
        losses.sparse_categorical_crossentropy(one_hot, p)
    with pytest.raises(ValueError, match="to_categorical"):
        losses.categorical_crossentropy(y, p)


def test_softmax_remembers_its_logits():
    """Probabilities of exactly 0 have a finite loss with the right gradient, which clipped probabilities do not."""
    x = tf.constant([[500.0, 0.0, -500.0]])
    for layer in (layers.Softmax(), layers.Activation("softmax"), activations.softmax):
        for loss, target in (
            (losses.sparse_categorical_crossentropy, [2]),
            (losses.categorical_crossentropy, [[0.0, 0, 1]]),
        ):
            with tf.GradientTape() as tape:
                tape.watch(x)
                value = loss(target, layer(x))
            np.testing.assert_array_equal(value, [1000])
            np.testing.assert_array_equal(tape.gradient(value, x), [[1, 0, -1]])
    clipped = losses.sparse_categorical_crossentropy([2], tf.nn.softmax(x))
    np.testing.assert_allclose(clipped, [-np.log(1e-7)], rtol=1e-6)


def test_metrics():
    y, p = np.array([0, 1, 2, 2]), np.eye(3)[[0, 1, 1, 2]]
    metric = metrics.SparseCategoricalAccuracy()
    assert float(metric(y, p)) == 0.75 and metric.name == "sparse_categorical_accuracy"
    metric.update_state(y_true=y[:1, None], y_pred=p[:1])
    np.testing.assert_allclose(metric.result(), 0.8)
    metric.reset_states()
    assert float(metric.result()) == 0
    assert float(metrics.CategoricalAccuracy()(np.eye(3)[y], p)) == 0.75
    assert float(metrics.BinaryAccuracy(threshold=0.4)([0, 1, 1], [[0.3], [0.45], [0.1]])) == np.float32(2 / 3)
    assert float(metrics.Accuracy()([1, 2], [1, 3], sample_weight=[1, 3])) == 0.25
    assert float(metrics.MeanSquaredError()([[1.0, 2.0]], [[3.0, 2.0]])) == 2
    names = {"mse": "mean_squared_error", "BinaryAccuracy": "binary_accuracy", "accuracy": "accuracy"}
    assert {identifier: metrics.get(identifier).name for identifier in names} == names
    mean = metrics.Mean(name="m")
    assert (float(mean([1.0, 3.0])), float(mean(5.0)), f"{mean.result()}") == (2, 3, "3.0")
    with pytest.raises(ValueError, match="do not match"):
        metric.update_state([[0, 1]], p)


def test_optimizers_settings():
    v, w = tf.Variable([1.0, 2.0]), tf.Variable(1.0)
    optimizer = optimizers.SGD(0.5)
    assert int(optimizer.apply_gradients([(tf.constant([1.0, 0.0]), v)])) == 1
    np.testing.assert_array_equal(v, [0.5, 2])
    optimizer.learning_rate = 1.0
    optimizer.apply_gradients(zip([np.array([1, 1])], [v], strict=True))
    np.testing.assert_array_equal(v, [-0.5, 1])
    assert float(optimizer.learning_rate) == 1 and int(optimizer.iterations) == 2
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        optimizer.apply_gradients([(None, v)])
    with pytest.raises(ValueError, match="Unknown variable"):
        optimizer.apply_gradients([(1.0, w)])
    both = optimizers.SGD(1.0)
    with pytest.warns(UserWarning, match=r"Gradients do not exist for variables \['Variable:0'\]"):
        both.apply_gradients([(None, v), (1.0, w)])
    assert float(w) == 0
    assert isinstance(optimizers.get("RMSprop"), optimizers.RMSprop) and optimizers.get(both) is both
    with pytest.raises(ValueError, match="momentum"):
        optimizers.SGD(momentum=2.0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'rate'"):
        optimizers.Adam(rate=1)


POSITIONAL = {
    "optimizer": lambda: optimizers.SGD(0.1, 0.9, True, "mine"),  # weight_decay
    "variable": lambda: tf.Variable(1.0, True, "mine"),  # validate_shape
    "gather": lambda: tf.gather([[1.0]], [0], 1),  # validate_indices
}


@pytest.mark.parametrize("name", POSITIONAL)
def test_no_position_has_another_meaning_than_in_keras(name):
    with pytest.raises(TypeError, match="positional argument"):
        POSITIONAL[name]()


def test_utils():
    np.testing.assert_array_equal(keras.utils.to_categorical([[0], [2]]), np.eye(3)[[0, 2]])
    assert keras.utils.to_categorical([1], 4).shape == (1, 4)
    assert keras.utils.to_categorical(np.int8([1])).dtype == np.float64
    for labels, classes in (([-1], None), ([3], 3), ([0.5], 2)):
        with pytest.raises(ValueError, match="abels"):
            keras.utils.to_categorical(labels, classes)
