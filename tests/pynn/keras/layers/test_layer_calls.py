"""Calls of layers: arguments by name, losses that layers add."""

from __future__ import annotations

import inspect
from collections import OrderedDict, defaultdict, namedtuple
from typing import Generic, TypeVar

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import layers


def test_activity_regularizers_before_the_first_call_and_of_nothing():
    dense = layers.Dense(2, activity_regularizer=lambda x: tf.reduce_sum(x), kernel_initializer="ones")
    model = keras.Sequential([keras.Input((3,)), dense])
    assert dense.losses == model.losses == []
    model(np.ones((4, 3), np.float32))
    assert [float(x) for x in model.losses] == [6.0]  # divided by the batch's size
    model(np.ones((0, 3), np.float32))
    assert [float(x) for x in model.losses] == [0.0]


def test_arguments_by_name():
    class Both(layers.Layer):
        def call(self, left, right=None):
            return left if right is None else left - right

    x, y = np.full((2, 3), 2, np.float32), np.ones((2, 3), np.float32)
    np.testing.assert_array_equal(Both()(left=x, right=y), x - y)
    dense, inputs = layers.Dense(2), keras.Input((3,))
    np.testing.assert_array_equal(dense(inputs=x), dense(x))
    model = keras.Model(inputs, Both()(left=dense(inputs=inputs), right=dense(inputs)))
    np.testing.assert_array_equal(model(inputs=x, training=False), np.zeros((2, 2)))
    np.testing.assert_array_equal(dense(x, mask=None), dense(x))
    with pytest.raises(TypeError, match="without its first argument, 'inputs'"):
        dense(x=x)
    for options in ({"dtype": "int32"}, {"dtype": "bool"}):
        weight = dense.add_weight((2,), **options)
        assert weight.dtype == options["dtype"] and not weight.numpy().any()


def test_asking_for_a_shape_inside_a_call_adds_no_loss():
    class Asking(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = layers.Dense(2, kernel_initializer="ones", activity_regularizer="l2")

        def call(self, x):
            assert self.inner.compute_output_shape((None, 3)) == (None, 2)
            return x

    model = keras.Sequential([keras.Input((3,)), Asking(), layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((4, 3), np.float32)
    expected = np.mean((model.predict(x, verbose=0) - 1) ** 2)
    assert model.evaluate(x, np.ones((4, 1)), verbose=0) == pytest.approx(expected, rel=1e-6)


def test_classes_beside_other_bases():
    class Named:
        def __init_subclass__(cls, title=None, **keywords):
            super().__init_subclass__(**keywords)
            cls.title = title

    class Double(layers.Layer, Named, Generic[TypeVar("T")], title="twice"):
        def call(self, inputs):
            return 2 * inputs

    assert Double[int]()(np.ones(1, "f4")) == 2 and Double.title == "twice"
    assert {"call", "_dtype"} <= dict(inspect.getmembers(Double)).keys()
    for base in (keras.Model, keras.optimizers.SGD, keras.losses.Loss):
        assert type("A", (base, Named), {}, title="a").title == "a"


@pytest.mark.parametrize("container", [
    lambda layer: [layer], lambda layer: (layer,), lambda layer: {layer}, lambda layer: {"a": [layer]},
    lambda layer: OrderedDict(a=layer), lambda layer: defaultdict(list, a=[layer]), namedtuple("One", "layer"),
])  # fmt: skip
def test_layers_in_containers_are_trained_and_saved(container, tmp_path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            dense = layers.Dense(2)
            dense.build((None, 3))
            self.parts, self.built = container(dense), True  # `parts`: no attribute of Layer has this name

    first, second = Own(), Own()
    assert [v.shape for v in first.trainable_weights] == [(3, 2), (2,)]
    first.save_weights(tmp_path / "a.weights.h5")
    second.load_weights(tmp_path / "a.weights.h5")
    np.testing.assert_array_equal(first.get_weights()[0], second.get_weights()[0])


def test_a_layer_may_say_itself_whether_it_is_trainable():
    """As in Keras; and one whose constructor forgot Layer's has no weights."""

    class Frozen(layers.Dense):
        trainable = property(lambda self: False, lambda self, value: None)

    class Forgetful(layers.Layer):
        def __init__(self):
            pass

    layer = Frozen(2)
    model = keras.Sequential([keras.Input((3,)), layer])
    assert (len(layer.trainable_weights), len(model.trainable_weights), len(model.non_trainable_weights)) == (0, 0, 2)
    assert Forgetful().weights == []


def test_weights_keep_their_order_when_one_is_frozen(tmp_path):
    """As in Keras; else a file's gamma is read as beta."""
    first, second = (keras.Sequential([keras.Input((3,)), layers.BatchNormalization()]) for _ in range(2))
    norm = first.layers[0]
    norm.gamma.assign([2, 2, 2])
    norm.beta.assign([5, 5, 5])
    norm.gamma.trainable = False
    assert [v.name for v in first.weights] == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert [v.name for v in first.non_trainable_weights] == ["gamma", "moving_mean", "moving_variance"]
    first.save_weights(tmp_path / "a.weights.h5")
    second.load_weights(tmp_path / "a.weights.h5")
    np.testing.assert_array_equal(second.layers[0].gamma, [2, 2, 2])
