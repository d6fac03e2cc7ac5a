"""GradientTape: watched tensors, targets and sources, persistence, errors."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import pynn as tf


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


def test_a_variable_read_before_and_after_assignments():
    """Each read counts with the value of its time, for the variable as one source; second derivatives likewise."""
    v = tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        a = v * 2
        v.assign(5.0)
        b = v * v
        v.assign_add(2.0)
        c = a * b * v * v * v
    same(tape.gradient([a, b], [v, v]), [12, 12])
    same(tape.gradient(c, v), 2 * 25 * 343 + 6 * 10 * 343 + 6 * 25 * 3 * 49)
    same(tape.gradient(v, v), 1)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as tape:
            y = v * v
            v.assign(2.0)
            y = y * v
        slope = tape.gradient(y, v)  # 2 p q + p^2 at p = 7, q = 2
    same(slope, 28 + 49)
    same(outer.gradient(slope, v), 2 * 2 + 2 * 7 + 2 * 7)


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


def test_third_derivative():
    x = tf.constant(1.5, tf.float64)
    with tf.GradientTape() as third:
        third.watch(x)
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                y = tf.exp(x) * x**3
            d1 = first.gradient(y, x)
        d2 = second.gradient(d1, x)
    d3 = third.gradient(d2, x)
    a, e = 1.5, np.exp(1.5)
    expected = e * (a**3 + 3 * a**2), e * (a**3 + 6 * a**2 + 6 * a), e * (a**3 + 9 * a**2 + 18 * a + 6)
    np.testing.assert_allclose([d1, d2, d3], expected, rtol=1e-13)


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


def test_no_gradient_is_computed_that_is_not_asked_for():
    """Not even for as many sources as were read: an intermediate value, or a variable that was not read."""
    read, other, calls = tf.Variable(2.0), tf.Variable(1.0), []

    @tf.custom_gradient
    def noted(x):
        return x * 1.0, lambda g: calls.append(g) or g

    with tf.GradientTape(persistent=True) as tape:
        value = noted(read)
        y = value * 3.0
    assert tape.gradient(y, value).numpy() == 3 and tape.gradient(y, [other]) == [None] and not calls
    assert tape.gradient(y, read).numpy() == 3 and len(calls) == 1
