"""Common mistakes of beginners: each error names the remedy."""

import numpy as np
import pytest

import pynn as tf
from pynn import keras

X, Y = np.ones((4, 3), np.float32), np.array([0, 1, 1, 0])


def compiled(*layers):
    model = keras.Sequential(layers)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def test_images_without_flatten():
    with pytest.raises(ValueError, match=r"\(4,\).*\(4, 5, 2\).*Flatten"):
        compiled(keras.layers.Dense(2, "softmax")).fit(np.ones((4, 5, 3)), Y, verbose=0)


def test_one_hot_labels():
    with pytest.raises(ValueError, match="categorical_crossentropy"):
        compiled(keras.layers.Dense(2, "softmax")).fit(X, np.eye(2)[Y], verbose=0)


def test_a_callback_without_parentheses():
    with pytest.raises(TypeError, match=r"EarlyStopping\(\)"):
        compiled(keras.layers.Dense(2, "softmax")).fit(X, Y, callbacks=[keras.callbacks.EarlyStopping], verbose=0)


def test_a_layer_that_comes_after_compile():
    model = compiled(keras.layers.Dense(2))
    model.fit(X, Y, verbose=0)
    model.add(keras.layers.Dense(2, name="late"))
    with pytest.raises(ValueError, match=r"'kernel' of shape \(2, 2\).*compile it again"):
        model.fit(X, Y, verbose=0)


def test_layers_that_no_gradient_reaches_are_named():
    class Cut(keras.Model):
        def __init__(self):
            super().__init__(name="cut")
            self.first, self.second = keras.layers.Dense(3, name="first"), keras.layers.Dense(2, name="second")

        def call(self, x):
            return self.second(self.first(x).numpy())

    model = Cut()
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.warns(UserWarning, match=r"\['cut/first/kernel', 'cut/first/bias'\]"):
        model.fit(X, Y, verbose=0)


def test_a_tensor_as_a_condition():
    with pytest.raises(ValueError, match=r"tf\.reduce_any"):
        bool(tf.ones(3))
