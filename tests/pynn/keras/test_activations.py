"""Activations by name, function and configuration. Values and gradients: test_against_keras.py."""

from __future__ import annotations

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import activations


def test_get():
    assert activations.get(None) is activations.linear and activations.get("swish") is activations.silu
    assert activations.get(tf.nn.relu) is activations.relu and activations.get(tf.nn.softmax) is activations.softmax
    own = activations.get(lambda x: x + 1)
    assert float(own(tf.constant(1.0))) == 2
    with pytest.raises(ValueError, match="Did you mean 'sigmoid'"):
        activations.get("sigmiod")
    with pytest.raises(AttributeError, match="has no 'sparsemax'"):
        _ = activations.sparsemax


@pytest.mark.parametrize("name", ["relu", "gelu", "exponential", "hard_silu", "leaky_relu", "log_softmax", "silu"])
def test_serialized_by_name(name):
    function = getattr(activations, name)
    assert activations.serialize(function) == name and activations.deserialize(name) is function


def test_infinities():
    x = tf.constant([-1e4, 1e4])
    np.testing.assert_array_equal(activations.softplus(x), [0, 1e4])
    np.testing.assert_array_equal(activations.elu(x, alpha=0.5), [-0.5, 1e4])
    np.testing.assert_array_equal(activations.mish(x), [0, 1e4])
    np.testing.assert_array_equal(activations.silu(x), [0, 1e4])
    np.testing.assert_array_equal(activations.hard_sigmoid(x), [0, 1])


def test_arrays_and_lists():
    assert activations.celu(np.array([1.0, -2.0])).dtype == "float64"
    np.testing.assert_array_equal(activations.relu([1.0, -2.0], max_value=0.5), [0.5, 0])
    assert activations.gelu([1.0]).dtype == "float32"


def test_in_the_functional_api():
    inputs = keras.Input((3,))
    x = activations.relu(keras.layers.Dense(4)(inputs))
    x = activations.leaky_relu(x - 1.0, negative_slope=0.5)
    model = keras.Model(inputs, activations.softmax(activations.gelu(x, approximate=True)))
    kernel, bias = model.get_weights()
    data = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    hidden = activations.leaky_relu(activations.relu(data @ kernel + bias) - 1.0, 0.5)
    expected = activations.softmax(activations.gelu(hidden, True))
    np.testing.assert_allclose(model(data), expected, rtol=1e-5)


@pytest.mark.parametrize("options, expected", [
    ({}, [0, 0, 2, 7]), ({"max_value": 6.0}, [0, 0, 2, 6]), ({"threshold": 2.5}, [0, 0, 0, 7]),
    ({"negative_slope": 0.5}, [-1.5, -0.5, 2, 7]),
    ({"negative_slope": 0.5, "max_value": 5, "threshold": 3.0}, [-3, -2, -0.5, 5]),
])  # fmt: skip
def test_relu_of_other_types(options, expected):
    """Its options take the type of x; integers with a slope become floats, as in Keras."""
    x = np.array([-3, -1, 2, 7])
    for dtype in (np.float64, np.float32, np.int32):
        y = activations.relu(x.astype(dtype), **options)
        whole = dtype is np.int32 and "negative_slope" not in options
        assert y.dtype == (dtype if dtype is not np.int32 or whole else np.float32)
        np.testing.assert_array_equal(y, expected)
