"""GradientTape and Variable: what is watched, what a gradient is asked for, and values that stay what they were."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import pynn as tf
from pynn import keras


def same(x, y):
    np.testing.assert_array_equal(x, y)


def test_variables_are_watched_when_they_are_read():
    v, w, fixed = tf.Variable(3.0), tf.Variable(4.0, name="w"), tf.Variable(5.0, trainable=False)
    with tf.GradientTape() as tape:
        y = v * v * fixed
    assert tape.watched_variables() == (v,)
    same(tape.gradient(y, {"v": v, "rest": [w, (fixed,)]})["v"], 30)


def test_structure_of_sources_and_unconnected():
    v, w = tf.Variable(3.0), tf.Variable([4.0, 1.0])
    with tf.GradientTape(persistent=True) as tape:
        y = v * 2
    assert tape.gradient(y, [v, w])[1] is None
    grads = tape.gradient(y, {"a": [w], "b": (v,)}, unconnected_gradients="zero")
    same(grads["a"][0], [0, 0])
    assert isinstance(grads["b"], tuple) and float(grads["b"][0]) == 2
    assert tape.gradient(w, v) is None and tape.gradient(tf.ones(2), v) is None
    same(tape.gradient(v, v), 1)
    same(tape.gradient(y, [v, v])[1], 2)


def test_watch_and_watch_accessed_variables():
    x, v = tf.constant(3.0), tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as tape:
        before = x * x
        tape.watch([x, {"more": v}])
        y = x * x * v
    assert tape.gradient(before, x) is None
    same(tape.gradient(y, x), 12)
    with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
        y = v * x
        tape.watch(v)
        z = v * x
    assert tape.gradient(y, v) is None
    same(tape.gradient(z, v), 3)
    with tf.GradientTape(persistent=True) as tape:
        kept = v.value()
        z = kept * v
    same(tape.gradient(z, v), 4)
    outside = v.value()
    with tf.GradientTape() as tape:
        z = outside * v
    same(tape.gradient(z, v), 2)  # the tensor read outside of the tape is a constant


def test_one_gradient_or_persistent():
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = v * v
    same(tape.gradient(y, v), 6)
    with pytest.raises(RuntimeError, match="non-persistent GradientTape can only be used to compute one set"):
        tape.gradient(y, v)
    with tf.GradientTape(persistent=True) as tape:
        y = v * v
        z = y * y
    for _ in range(2):
        same(tape.gradient(z, [y, v]), [18, 108])
        same(tape.gradient([y, z], v), 114)


def test_output_gradients():
    v = tf.Variable([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        y, z = v * v, v * 3
    same(tape.gradient(y, v, output_gradients=tf.constant([10.0, 1.0])), [20, 4])
    same(tape.gradient(y, v, output_gradients=np.array([10.0])), [20, 40])
    same(tape.gradient([y, z], v, output_gradients=[tf.constant([1.0, 0.0]), tf.constant([0.0, 2.0])]), [2, 6])
    with pytest.raises(ValueError, match="2 targets need as many output_gradients, got 1"):
        tape.gradient([y, z], v, output_gradients=tf.ones(2))


def test_stop_recording_reset_and_reuse():
    v = tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        y = v * v
        with tape.stop_recording():
            z = y * y
        w = y * 2
    assert tape.gradient(z, v) is None
    same(tape.gradient(w, v), 12)
    with pytest.raises(ValueError, match="not recording"), tape.stop_recording():
        pass
    with tape:  # goes on
        u = w * w
    same(tape.gradient(u, v), 2 * 18 * 12)
    with tf.GradientTape() as tape:
        y = v * v
        tape.reset()
        w = v * 2
    assert tape.gradient(y, v) is None
    with tape:
        w = v * 5
        with pytest.raises(ValueError, match="still recording"), tape:
            pass
    same(tape.gradient(w, v), 5)


def test_gradient_inside_the_context():
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        g = tape.gradient(v * v, v)
        same(g, 6)
    with tf.GradientTape(persistent=True) as tape:
        y = v * v * v
        slope = tape.gradient(y, v)
    same(tape.gradient(slope, v), 18)


def test_nested_tapes_of_a_network():
    """Hessian of a small dense network's loss against differences of the first gradient."""
    rng = np.random.default_rng(2)
    x, labels = rng.standard_normal((6, 3)), np.array([0, 1, 1, 0, 2, 2])
    w, u = tf.Variable(rng.standard_normal((3, 4))), tf.Variable(rng.standard_normal((4, 3)))

    def slopes():
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, tf.nn.relu(x @ w) @ u)
            loss = tf.reduce_mean(losses)
        return tape.gradient(loss, [w, u])

    with tf.GradientTape() as outer:
        total = sum(tf.reduce_sum(g * g) for g in slopes())
    exact = outer.gradient(total, [w, u])
    step = 1e-6
    for variable, g in zip((w, u), exact, strict=True):
        for index in np.ndindex(*variable.shape):
            start, ends = variable.numpy(), []
            for sign in (step, -step):
                moved = start.copy()
                moved[index] += sign
                variable.assign(moved)
                ends.append(sum(float(tf.reduce_sum(s * s)) for s in slopes()))
            variable.assign(start)
            # rounding: 1e-16 * 1 / 1e-6; truncation: (1e-6)^2
            assert abs(float(g[index]) - (ends[0] - ends[1]) / (2 * step)) < 1e-8


def test_no_gradient_through_integers_and_comparisons():
    v, i = tf.Variable([1.0, 2.0]), tf.constant([1, 2])
    with tf.GradientTape(persistent=True) as tape:
        with pytest.warns(UserWarning, match="watched tensor must be floating"):
            tape.watch(i)
        n = tf.cast(v, tf.int32) + tf.cast(tf.argmax(v), tf.int32)
        y = tf.cast(n, tf.float32) * tf.stop_gradient(v)
    assert tape.gradient(y, v) is None
    with pytest.warns(UserWarning, match="target tensor must be floating"):
        assert tape.gradient(n, v) is None


@pytest.mark.parametrize("call", [
    lambda t, v, y: t.watch("x"), lambda t, v, y: t.gradient(y, v, unconnected_gradients="ones"),
])  # fmt: skip
def test_value_errors(call):
    v = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        y = v * v
    with pytest.raises(ValueError, match=r"not Tensor or Variable|is 'none' or 'zero'"):
        call(tape, v, y)


def test_type_errors():
    v = tf.Variable(1.0)
    with tf.GradientTape(persistent=True) as tape:
        y = v * v
    for target, source in ((3.0, v), (None, v), (y, "v"), (y, None)):
        with pytest.raises(TypeError, match="gradients are Tensors and Variables"):
            tape.gradient(target, source)


def test_only_what_is_needed_is_computed(monkeypatch):
    """The gradient by a dense layer's input, the largest product of a backward pass, is left out for data."""
    products = []
    dot = tf.ops.network.kernels.dot
    monkeypatch.setattr(tf.ops.network.kernels, "dot", lambda *a: products.append(a[0].shape) or dot(*a))
    w, x = tf.Variable(tf.ones((4, 2))), tf.ones((3, 4))
    with tf.GradientTape(persistent=True) as tape:
        y = tf.ops.dense(x, w)
    tape.gradient(y, w)
    assert products == [(4, 3)]


def test_tapes_belong_to_their_thread():
    v, seen = tf.Variable(2.0), []
    with tf.GradientTape() as tape:
        thread = threading.Thread(target=lambda: seen.append(v * v))
        thread.start()
        thread.join()
        y = v * 3
    same(tape.gradient([seen[0], y], v), 3)


# Variables


def test_assign():
    v = tf.Variable([1, 2], dtype=tf.float32, name="v")
    assert v.assign([3, 4]) is v and v.assign_add([1, 1]) is v and v.assign_sub(np.array([0.5, 0])) is v
    same(v, [3.5, 5])
    assert v.dtype == tf.float32 and v.shape == (2,) and v.name == "v" and v.trainable
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


def test_assignment_under_a_tape():
    v = tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as tape:
        y = v * v
        v.assign(5.0)
        z = v * v
    same(tape.gradient(y, v), 4)
    same(tape.gradient(z, v), 10)
    same(tape.gradient([y, z], v), 14)


def test_assign_from_its_own_views():
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    same(v.assign(tf.transpose(v)), [[1, 3], [2, 4]])
    same(v.assign(v[::-1]), [[2, 4], [1, 3]])
    same(v.assign_add(v), [[4, 8], [2, 6]])
    same(v.assign_sub(tf.transpose(v)), [[0, 6], [-6, 0]])
