"""Variable: assignment, in place only where nothing else holds the array; values that were read stay the same."""

from __future__ import annotations

import numpy as np
import pytest

import pynn as tf
from pynn import keras


def same(x, y):
    np.testing.assert_array_equal(x, y)


def test_assign():
    v = tf.Variable([1, 2], dtype=tf.float32, name="v")
    assert v.assign([3, 4]) is v and v.assign_add([1, 1]) is v and v.assign_sub(np.array([0.5, 0])) is v
    same(v, [3.5, 5])
    assert v.dtype == tf.float32 and v.shape == (2,) and v.name == "v:0" and v.trainable
    v.numpy()[:] = 0
    np.asarray(v)[:] = 0
    same(v.read_value(), [3.5, 5])
    for wrong in ([1.0], 1.0, tf.constant([1, 2]), tf.ones(2, tf.float64)):
        for method in (v.assign, v.assign_add, v.assign_sub):
            with pytest.raises(ValueError, match=r"incompatible|requested dtype"):
                method(wrong)
    same(v, [3.5, 5])
    assert tf.Variable(lambda: 7).dtype == tf.int32 and tf.Variable(np.ones(2)).dtype == tf.float64
    source = np.ones(2)
    w = tf.Variable(source)
    w.assign(w + 1)
    same(source, 1)


def holders_of_old_values(v):
    """Everything that can hold v's memory: each must keep the value that it read."""
    yield "identity", tf.identity(v)
    yield "value", v.value()
    yield "view by reshape", tf.reshape(v, -1)
    yield "view by transpose", tf.transpose(v)
    yield "view of a view", tf.expand_dims(tf.transpose(v), 0)
    yield "slice", v[1:]
    yield "cast to its own dtype", tf.cast(v, tf.float32)
    yield "rows", next(iter(v))
    yield "squeeze", tf.squeeze(v)
    yield "convert_to_tensor", tf.convert_to_tensor(v)
    yield "stop_gradient", tf.stop_gradient(v)
    yield "linear activation", keras.layers.Activation("linear")(v)
    yield "dropout outside of training", keras.layers.Dropout(0.5)(v)


@pytest.mark.parametrize("update", ["assign", "assign_add", "optimizer"])
def test_old_values_stay(update):
    start = np.arange(1.0, 7, dtype=np.float32).reshape(2, 3)
    for i in range(13):
        v = tf.Variable(start)
        name, held = list(holders_of_old_values(v))[i]
        before = held.numpy()
        if update == "optimizer":
            keras.optimizers.SGD(1.0).apply_gradients([(tf.ones((2, 3)), v)])
        else:
            getattr(v, update)(tf.ones((2, 3)))
        np.testing.assert_array_equal(held, before, err_msg=name)
        assert not np.array_equal(v, start), name


def test_updates_in_place_where_nobody_looks():
    v = tf.Variable(tf.ones((2, 3)))
    optimizer = keras.optimizers.Adam()
    address = v._array.ctypes.data
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.transpose(v) @ v)
        optimizer.apply_gradients([(tape.gradient(loss, v), v)])
        v.assign_add(tf.ones((2, 3)))
        v.assign(v * 2)
    assert v._array.ctypes.data == address


def test_tape_keeps_the_values_it_saw():
    """Two losses on one persistent tape, an update between their gradients, as in adversarial training."""
    v, w = tf.Variable([2.0, 3.0]), tf.Variable([5.0, 7.0])
    with tf.GradientTape(persistent=True) as tape:
        y = tf.reduce_sum(v * w * w)
        z = tf.reduce_sum(v * v * w)
    first, second = keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0)
    first.apply_gradients([(tape.gradient(y, w), w)])
    same(w, [5 - 20, 7 - 42])
    second.apply_gradients([(tape.gradient(z, v), v)])
    same(v, [2 - 20, 3 - 42])  # with the old v and w
    same(tape.gradient(z, w), [4, 9])


def test_assign_from_its_own_views():
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    same(v.assign(tf.transpose(v)), [[1, 3], [2, 4]])
    same(v.assign(v[::-1]), [[2, 4], [1, 3]])
    same(v.assign_add(v), [[4, 8], [2, 6]])
    same(v.assign_sub(tf.transpose(v)), [[0, 6], [-6, 0]])


def test_keras_variables():
    v = keras.Variable([1.0, 2.0], name="mine")
    assert (v.name, v.path, v.dtype, v.shape, v.trainable) == ("mine", "mine", "float32", (2,), True)
    before = v.value
    v.assign_add([1.0, 1.0])
    same(before, [1, 2])
    same(v.value, [2, 3])
    v.assign_sub(tf.constant([1, 1]))  # cast, as in Keras
    v.assign_add(tf.constant([0.5, 0.0], "float64"))
    same(v.assign(v + 0.5), [2, 2.5])
    v.assign(tf.constant([2, 3], "int64"))
    same(keras.Variable("ones", shape=(2,), dtype="int32", autocast=True).numpy(), [1, 1])
    same(keras.Variable(keras.initializers.Constant(4.0), (2,)), [4, 4])
    count = keras.Variable([0, 1])
    same(count.assign([1.7, 2]), [1, 2])  # numbers are cast, too
    count.assign_add([1.5, -1.5])
    same(count, [2, 1])
    with pytest.raises(ValueError, match="`shape` argument should be given"):
        keras.Variable("zeros")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(v.value * v)
    same(tape.gradient(loss, v), [4, 6])
    layer = keras.layers.Dense(1)
    layer.scale = v
    assert v in [w for w in layer.weights if w is v]
    rate = keras.optimizers.Adam(0.25).learning_rate
    assert float(rate.value) == 0.25 and rate.path.endswith("/learning_rate")


def test_paths():
    """The names of the layers that were being built, then the variable's, as in Keras."""

    class Outer(keras.layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight((2,), name="w")
            self.inner = keras.layers.Dense(2, name="inner")
            self.inner.build(input_shape)

        def call(self, inputs):
            return self.inner(inputs)

    class Mine(keras.Model):
        def __init__(self):
            super().__init__(name="mine")
            self.dense = keras.layers.Dense(2, name="d")
            self.failing = True

        def call(self, inputs):
            if self.failing:
                raise RuntimeError("not yet")
            return self.dense(inputs)

    x = np.ones((1, 3), np.float32)
    outer, mine, alone = Outer(name="outer"), Mine(), keras.layers.Dense(2, name="alone")
    with pytest.raises(RuntimeError, match="not yet"):
        mine(x)
    assert not mine.built
    mine.failing = False
    stack = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="d")], name="s")
    stack.add(keras.layers.Dense(1, name="e"))
    for layer in (outer, mine, alone):
        layer(x)
    assert [v.path for v in (*outer.weights, *mine.weights, *alone.weights, *stack.weights)] == [
        "outer/w", "outer/inner/kernel", "outer/inner/bias", "mine/d/kernel", "mine/d/bias", "alone/kernel",
        "alone/bias", "s/d/kernel", "s/d/bias", "s/e/kernel", "s/e/bias"]  # fmt: skip
    traced, nested = Mine(), Outer(name="n")
    traced.failing = False
    graph = keras.Model(entry := keras.Input((3,)), nested(keras.Sequential([traced], name="t")(entry)))
    assert [v.path for v in graph.weights] == [
        "t/mine/d/kernel",
        "t/mine/d/bias",
        "n/w",
        "n/inner/kernel",
        "n/inner/bias",
    ]
    optimizer = keras.optimizers.SGD(momentum=0.9, name="sgd")
    optimizer.build(stack.layers[0].weights[:1])
    assert [v.path for v in optimizer.variables] == ["sgd/iteration", "sgd/learning_rate", "sgd/s_d_kernel_momentum"]
    assert [v.path for v in keras.metrics.AUC(name="area").variables][:1] == ["area/true_positives"]


def test_references():
    v, t = tf.Variable([1.0, 2.0]), tf.constant(1.0)
    found = {v.ref(): "v", t.ref(): "t"}
    assert (found[v.ref()], found[t.ref()]) == ("v", "t") and v.ref().deref() is v
    assert v.ref() != tf.Variable([1.0, 2.0]).ref() and "Reference wrapping <tf.Variable" in repr(v.ref())


@pytest.mark.parametrize(("how", "value"), [("update", [9, 2, 8]), ("add", [10, 2, 11]), ("sub", [-8, 2, -5])])
def test_scatter(how, value):
    v = tf.Variable([1, 2, 3])
    assert getattr(v, f"scatter_nd_{how}")([[0], [2]], [9, 8]) is v
    same(v, value)
