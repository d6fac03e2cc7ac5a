"""Noise, merging, shaping, normalizing, embedding: properties and errors. Values: test_against_keras.py."""

from __future__ import annotations

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import layers

X = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)
ONES = np.ones((200, 100), np.float32)


@pytest.mark.parametrize(("make", "mean", "variance"), [
    (lambda seed: layers.GaussianNoise(0.5, seed=seed), 1, 0.25),
    (lambda seed: layers.GaussianDropout(0.2, seed=seed), 1, 0.25),
    (lambda seed: layers.Dropout(0.2, seed=seed), 1, 0.25),
])  # fmt: skip
def test_noise(make, mean, variance):
    y = make(3)(ONES, training=True).numpy()
    # standard errors of 20000 draws: of the mean 0.5 / 141, of the variance 0.25 * sqrt(2.25 / 20000); 6 of them
    assert abs(y.mean() - mean) < 0.022 and abs(y.var() - variance) < 0.016 and y.dtype == np.float32
    np.testing.assert_array_equal(make(3)(ONES, training=True), y)
    assert (make(4)(ONES, training=True).numpy() != y).any()
    np.testing.assert_array_equal(make(3)(ONES), ONES)


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(1).standard_normal((200, 100)).astype(np.float32)
    y = layers.AlphaDropout(0.3, seed=1)(x, training=True).numpy()
    assert abs(y.mean()) < 6 / 141 and abs(y.var() - 1) < 6 * (3 / 20000) ** 0.5
    values, counts = np.unique(y, return_counts=True)
    assert abs(counts.max() / y.size - 0.3) < 6 * (0.21 / 20000) ** 0.5 and values[counts.argmax()] < -1


def test_masks_of_another_shape():
    y = layers.Dropout(0.5, noise_shape=(None, 1), seed=1)(ONES, training=True).numpy()
    np.testing.assert_array_equal(y, y[:, :1] * ONES)
    assert set(np.unique(y)) == {0, 2}


def test_batch_normalization_learns_its_statistics_in_training_only():
    layer = layers.BatchNormalization(momentum=0.5)
    layer(X)
    layer.compute_output_shape((None, 4))
    np.testing.assert_array_equal(layer.moving_mean, np.zeros(4))
    layer(X, training=True)
    np.testing.assert_allclose(layer.moving_mean, X.mean(0) / 2, atol=1e-7)
    np.testing.assert_allclose(layer.moving_variance, 0.5 + X.var(0) / 2, atol=1e-6)
    layer.trainable = False
    before = layer.get_weights()
    layer(X, training=True)
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert layer.trainable_weights == [] and len(layer.non_trainable_weights) == 4


def test_normalization_counts_and_states():
    layer = layers.Normalization()
    assert layer.mean is None
    layer.adapt(X)
    assert layer.mean.shape == (1, 4) and layer.count_params() == 9
    layer.set_weights([np.zeros(4), np.full(4, 4.0), 0])
    np.testing.assert_array_equal(layer(X), X / 2)


def test_layers_on_symbols():
    a, b = keras.Input((4,)), keras.Input((4,))
    y = layers.Concatenate()([layers.Reshape((2, 2))(a), layers.Permute((1, 2))(layers.Reshape((2, -1))(b))])
    assert y.shape == (None, 2, 4)
    assert layers.Dot(axes=1)([a, b]).shape == (None, 1) and layers.add([a, b]).shape == (None, 4)
    assert layers.RepeatVector(3)(a).shape == (None, 3, 4) and layers.Embedding(5, 2)(a).shape == (None, 4, 2)
    model = keras.Model([a, b], layers.BatchNormalization()(y))
    assert model.predict([X, X], verbose=0).shape == (6, 2, 4)


def test_older_names():
    assert layers.LeakyReLU(alpha=0.1).negative_slope == 0.1
    assert keras.Sequential([layers.Embedding(5, 2, input_length=3), layers.Flatten()]).output_shape == (None, 6)


@pytest.mark.parametrize(("call", "kind", "message"), [
    (lambda: layers.Add()(X), ValueError, "list of at least one input"),
    (lambda: layers.Add()([X, X[:1]]), ValueError, "different batch sizes"),
    (lambda: layers.Add()([X, X[:, :2]]), ValueError, "shapes"),
    (lambda: layers.Subtract()([X, X, X]), ValueError, "list of 2 inputs"),
    (lambda: layers.Concatenate(axis=0)([X, X[:, :2]]), ValueError, "matching shapes"),
    (lambda: layers.Dot(1)([X, X[:, :2]]), ValueError, "different sizes"),
    (lambda: layers.Dot(0)([X, X]), ValueError, "axis 0"),
    (lambda: layers.Dot(1.5), TypeError, "axes"),
    (lambda: layers.Dot([1]), ValueError, "axes"),
    (lambda: layers.RepeatVector(2.0), TypeError, "integer"),
    (lambda: layers.RepeatVector(0), ValueError, "positive"),
    (lambda: layers.RepeatVector(2)(np.ones((2, 3, 4))), ValueError, "ndim=2"),
    (lambda: layers.Permute((0, 1)), ValueError, "dims"),
    (lambda: layers.Permute((2, 1))(X), ValueError, "ndim=3"),
    (lambda: layers.Reshape((-1, -1)), ValueError, "one -1"),
    (lambda: layers.Reshape((3,))(X), ValueError, "size must be unchanged"),
    (lambda: layers.Embedding(0, 2), ValueError, "input_dim"),
    (lambda: layers.Embedding(3, 2.0), ValueError, "output_dim"),
    (lambda: layers.Embedding(3, 2)(np.array([3])), ValueError, "3"),
    (lambda: layers.Embedding(3, 2, mask_zero=True), TypeError, "mask_zero"),
    (lambda: layers.LayerNormalization(1.5), TypeError, "axis"),
    (lambda: layers.BatchNormalization(renorm=True), TypeError, "renorm"),
    (lambda: layers.GaussianNoise(2.0), ValueError, "0 <= stddev <= 1"),
    (lambda: layers.LeakyReLU(-1), ValueError, "negative_slope"),
    (lambda: layers.LeakyReLU(None), ValueError, "negative_slope"),
    (lambda: layers.Normalization(mean=1.0), ValueError, "Both"),
    (lambda: layers.Normalization(mean=[1.0, 2.0], variance=[1.0]), ValueError, "same shape"),
    (lambda: layers.Normalization(axis=5)(X), ValueError, "range"),
    (lambda: layers.Normalization().adapt(3.0), TypeError, "adapt"),
    (lambda: layers.Normalization().adapt([1.0]), TypeError, "adapt"),
    (lambda: layers.Normalization().adapt([]), ValueError, "no batches"),
    (lambda: layers.CategoryEncoding(), ValueError, "num_tokens"),
    (lambda: layers.CategoryEncoding(3, "bin"), ValueError, "output_mode"),
    (lambda: layers.CategoryEncoding(3)(np.array([-1])), ValueError, "0 or more"),
    (lambda: layers.ActivityRegularization(0.1, activity_regularizer="l2"), TypeError, "activity_regularizer"),
    (lambda: layers.InputLayer(batch_shape=(2, 3), batch_size=7), ValueError, "both `batch_size`"),
    (lambda: layers.InputLayer(batch_shape=(2, 3), input_shape=(4,)), ValueError, "both `shape`"),
    (lambda: layers.Conv2D, AttributeError, "no 'Conv2D'"),
    (lambda: layers.Dense(3).kernel, AttributeError, "must build the layer before accessing `kernel`"),
    (lambda: layers.Dense(3).kernal, AttributeError, "'Dense' object has no attribute 'kernal'"),
    (lambda: layers.Layer().add_weight("w", (3, 3)), TypeError, r"add_weight\(shape, name='w'\)"),
    (lambda: keras.Sequential().compile(keras.optimizers.SGD), ValueError, r"SGD is a class: .* SGD\(\.\.\.\)"),
    (lambda: keras.optimizers.SGD().apply_gradients([tf.constant(1.0)]), TypeError, "pairs"),
])  # fmt: skip
def test_errors(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_a_built_batch_normalization_refuses_other_shapes():
    layer = layers.BatchNormalization()
    layer(X)
    for other in (X[:, :3], X[:, :1], X[None]):
        with pytest.raises(ValueError, match="incompatible"):
            layer(other)


def test_unknown_options():
    for kind in ("BatchNormalization", "Add", "Concatenate", "ELU", "Identity", "UnitNormalization", "PReLU"):
        with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
            getattr(layers, kind)(colour=1)
    assert layers.Add(name="sum", dtype="float64")([X, X]).dtype == tf.float64


class Inner(layers.Dense):
    def __init__(self, outer):
        super().__init__(1)
        self.outer = outer


class Outer(layers.Layer):
    def __init__(self):
        super().__init__()
        self.inner = Inner(self)

    def call(self, x):
        return self.inner(x)


def test_a_layer_may_know_the_one_that_holds_it():
    model = keras.Sequential([Outer()])
    model.compile("sgd", "mse")
    before = model(X)
    model.fit(X, X[:, :1], verbose=0)
    assert len(model.trainable_variables) == len(model.layers[0].inner.weights) == 2
    assert not np.array_equal(before, model(X))
    model.layers[0].trainable = False
    assert model.trainable_variables == [] and len(model.weights) == 2


def test_layers_may_all_know_each_other():
    stack = [Inner(None) for _ in range(20)]
    for layer in stack:
        layer.outer = stack
    model = keras.Sequential(stack)
    assert model(X[:, :1]).shape == (len(X), 1) and len(model.weights) == 40  # ways through them: 20!
    stack[3].trainable = False  # and with it all that it knows
    assert model.trainable_weights == [] and len(model.non_trainable_weights) == 40


def test_what_is_trained_stays_so_in_a_frozen_layer_that_knows_it():
    outer, inner = layers.Dense(2), layers.Dense(3, trainable=False)
    outer.inner, inner.outer = inner, outer
    for layer in (outer, inner):
        layer.build((None, 2))
    assert [w.shape for w in outer.trainable_weights] == [(2, 2), (2,)]
    assert [w.shape for w in outer.non_trainable_weights] == [(2, 3), (3,)]


class Misspelt(layers.Dense):
    @property
    def half(self):
        return self.unit / 2


def test_the_error_inside_a_property_is_seen():
    with pytest.raises(AttributeError, match="no attribute 'unit'"):
        Misspelt(3).half  # noqa: B018


class Forgetful(layers.Layer):
    def call(self, x):
        x * 2


@pytest.mark.parametrize(("network", "loss"), [(Forgetful(), "mse"), (layers.Dense(1), lambda y, p: None)])
def test_what_returns_nothing(network, loss):
    model = keras.Sequential([network])
    model.compile("sgd", loss)
    with pytest.raises(ValueError, match="not return its result"):
        model.fit(X, X[:, :1], verbose=0)
