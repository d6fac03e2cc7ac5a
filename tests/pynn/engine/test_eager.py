"""tf.function, control flow, custom gradients, printing, assertions, modules, shapes, random streams."""

from __future__ import annotations

import io
import operator

import numpy as np
import pytest

import pynn as tf


def same(x, y):
    np.testing.assert_array_equal(x, y)


def test_function_runs_as_it_stands():
    calls = []

    @tf.function(jit_compile=True)
    def double(x):
        calls.append(type(x))
        return {"twice": x * 2, "rest": (1, None)}

    result = double(np.array([1.5]))
    assert calls == [tf.Tensor] and result["rest"][1] is None and result["rest"][0].dtype == tf.int32
    same(result["twice"], [3.0])
    assert double.python_function(2)["twice"] == 4 and double.__name__ == "double"


def test_input_signature():
    class Model:
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def call(self, x):
            return x + 1

    same(Model().call([1, 2]), [2.0, 3.0])
    same(Model().call(x=np.ones(1)), [2.0])
    for wrong in (tf.ones((2, 2)), tf.constant([1])):
        with pytest.raises(TypeError, match="Can not cast"):
            Model().call(wrong)
    with pytest.raises(TypeError, match="takes 1 arguments"):
        Model().call(tf.ones(1), tf.ones(1))


def test_control_flow():
    assert tf.cond(tf.constant(1) > 0, lambda: "yes", lambda: "no") == "yes"
    i, total = tf.while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s + i), (0, 0))
    assert (int(i), int(total)) == (4, 6)
    same(tf.map_fn(lambda x: x[0] * x[1], (tf.range(3.0), tf.ones(3)), fn_output_signature=tf.float32), [0, 1, 2])
    with pytest.raises(tf.errors.InvalidArgumentError, match="fn_output_signature"):
        tf.map_fn(lambda x: tf.cast(x, tf.float32), tf.range(2))
    same(tf.scan(lambda a, x: a + x, tf.constant([1, 2, 3]), reverse=True), [6, 5, 3])
    assert int(tf.foldl(lambda a, x: a * x, tf.constant([2, 3, 4]))) == 24
    same(tf.foldl(lambda a, x: a + x, np.array([2, 3]), 0), np.int64(5))  # a number beside whatever type the rows have


def test_custom_gradient():
    @tf.custom_gradient
    def log1pexp(x):
        e = tf.exp(x)
        return tf.math.log(1 + e), lambda g: g * (1 - 1 / (1 + e))

    x = tf.Variable(3.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = log1pexp(x)
        slope = inner.gradient(y, x)
    sigmoid = 1 / (1 + np.exp(-3.0))
    np.testing.assert_allclose([slope, outer.gradient(slope, x)], [sigmoid, sigmoid * (1 - sigmoid)], rtol=1e-5)

    @tf.custom_gradient
    def two(x, z):
        return (x * 1, z * 2), lambda a, b: (a * 2 + b * 100, None)

    with tf.GradientTape() as tape:
        a, b = two(x, x)
        y = a + 3 * b
    same(tape.gradient(y, x), 302)
    w = tf.Variable(5.0)
    with pytest.raises(TypeError, match="variables"):
        tf.custom_gradient(lambda x: (x * w, lambda g: g))(x)


class WithMethod:
    @tf.custom_gradient
    def f(self, x):
        return x + 0, lambda g: g * 7


@pytest.mark.parametrize(
    ("call", "slopes"),
    [
        (lambda x, y: tf.custom_gradient(lambda c, x: (c * x, lambda g: (g * 5, g * 7)))(3.0, x), (7, 0)),
        (lambda x, y: tf.custom_gradient(lambda c, x: (c * x, lambda g: (None, g * 7)))(np.array(3.0), x), (7, 0)),
        (lambda x, y: tf.custom_gradient(lambda xs: (tf.add_n(xs), lambda g: (g, g * 5, g * 7)))([1.0, x, y]), (5, 7)),
        (
            lambda x, y: tf.custom_gradient(lambda xs, y: (xs[0] * y, lambda g: ([g, g * 5], g * 7)))([1.0, x], y),
            (5, 7),
        ),
        (lambda x, y: tf.custom_gradient(lambda x, c: (x * c, lambda g: g * 7))(x, c=y), (7, 0)),
        (lambda x, y: WithMethod().f(x), (7, 0)),
        (lambda x, y: tf.custom_gradient(lambda x: (x * y, lambda g, **of: (g * 5, [g * 7] * len(of))))(x), (5, 7)),
    ],
)
def test_custom_gradients_go_to_the_arguments_by_their_places(call, slopes):
    x, y = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        z = call(x, y)
    assert [0 if g is None else float(g) for g in tape.gradient(z, [x, y])] == [*slopes]


@pytest.mark.parametrize(("slopes", "numbers"), [(lambda g: ((g, g), [g]), "2 and 1"), (lambda g: (g, []), "1 and 0")])
def test_a_custom_gradient_that_gives_too_many_or_too_few_is_an_error(slopes, numbers):
    x, w = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = tf.custom_gradient(lambda x: (x * w, lambda g, variables: slopes(g)))(x)
    with pytest.raises(ValueError, match=f"1 gradients of arguments and 1 of variables, got {numbers}"):
        tape.gradient(y, x)


def test_jacobians():
    x = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape(persistent=True) as tape:
        y = x**3
        z = tf.reduce_sum(x * x, 1)
    same(tape.batch_jacobian(y, x), [[[3, 0], [0, 12]], [[27, 0], [0, 48]]])
    same(tape.jacobian(z, [x])[0], [[[2, 4], [0, 0]], [[0, 0], [6, 8]]])
    assert tape.jacobian(z, tf.Variable(1.0)) is None
    same(tape.jacobian(z, tf.Variable(1.0), unconnected_gradients=tf.UnconnectedGradients.ZERO), [0, 0])
    with pytest.raises(ValueError, match="first dimension"):
        tape.batch_jacobian(y[:1], x)


def test_jacobians_of_targets_without_elements():
    x = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape(persistent=True) as tape:
        y = (x * x)[:, :0]
    assert tape.jacobian(y, x).shape == (2, 0, 2, 2) and tape.batch_jacobian(y, x).shape == (2, 0, 2)
    assert tape.jacobian(y, tf.Variable(1.0)) is None
    assert tape.jacobian(y, tf.Variable([1.0]), unconnected_gradients="zero").shape == (2, 0, 1)
    with tf.GradientTape() as tape:
        y = (x * x)[:0]
    tape.jacobian(y, x)
    with pytest.raises(RuntimeError, match="one set of gradients"):
        tape.gradient(y, x)


def test_sliced_assignment():
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    before = v[0]
    v[1, :].assign(7.0)
    v[0, 0].assign(9)
    same(v, [[9, 2], [7, 7]])
    same(before, [1, 2])
    with pytest.raises(tf.errors.InvalidArgumentError):
        v[0].assign([1.0, 2.0, 3.0])
    with pytest.raises(AttributeError):
        tf.ones(2)[0].assign(1.0)
    with pytest.raises(TypeError, match="does not support item assignment"):
        v[0] = 1.0
    with pytest.raises(RuntimeError, match="assign_add"):
        v += 1.0


def test_print():
    out = io.StringIO()
    tf.print("loss:", tf.constant(0.12345678), tf.range(10), {"a": [tf.constant(2.0), 3]}, output_stream=out)
    tf.print(tf.constant([[1.0, 2.5], [1e-5, 1e10]]), sep=", ", end="!", output_stream=out)
    text = "loss: 0.123456784 [0 1 2 ... 7 8 9] {'a': [2, 3]}\n[[1 2.5]\n [1e-05 1e+10]]!"
    assert out.getvalue() == text


def test_assertions():
    tf.debugging.assert_equal([1, 2], [1, 2])
    tf.debugging.assert_near(1.0, 1.0 + 1e-7)
    tf.debugging.assert_shapes([(tf.ones((2, 3)), ("n", 3)), (tf.ones(2), "n")])
    for kind, call in [
        (tf.errors.InvalidArgumentError, lambda: tf.debugging.assert_equal([1, 2], [1, 3])),
        (tf.errors.InvalidArgumentError, lambda: tf.debugging.assert_positive([1, 0])),
        (tf.errors.InvalidArgumentError, lambda: tf.debugging.check_numerics([np.nan], "m")),
        (tf.errors.InvalidArgumentError, lambda: tf.Assert(False, ["x"])),
        (ValueError, lambda: tf.debugging.assert_rank(tf.ones(2), 2)),
        (ValueError, lambda: tf.debugging.assert_shapes([(tf.ones((2, 3)), ("n", "n"))])),
        (TypeError, lambda: tf.debugging.assert_type(1.0, tf.int32)),
    ]:
        with pytest.raises(kind):
            call()


def test_names_and_devices():
    with tf.name_scope("x") as name:
        assert name == "x/"
    assert not tf.config.list_physical_devices("GPU")
    assert tf.config.list_physical_devices()[0].device_type == "CPU"


@pytest.mark.parametrize("name", ["nn.convolution", "device", "py_function", "switch_case", "config.threading"])
def test_what_has_no_use_for_dense_networks_is_missing_by_name(name):
    with pytest.raises(AttributeError, match=f"has no '{name.split('.')[-1]}'"):
        operator.attrgetter(name)(tf)


def test_module():
    class Linear(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable(1.0)
            self.b = [tf.Variable(2.0), tf.Variable(3.0, trainable=False)]

    class TwoLayers(tf.Module):
        def __init__(self):
            super().__init__(name="two")
            self.a, self.z = Linear(), tf.Variable(4.0)

        @tf.Module.with_name_scope
        def new(self):
            return tf.Variable(5.0, name="n")

    model = TwoLayers()
    assert [float(v) for v in model.variables] == [4, 2, 3, 1]
    assert [float(v) for v in model.trainable_variables] == [4, 2, 1]
    assert model.submodules == (model.a,) and (model.name, model.a.name) == ("two", "linear")
    assert model.new().name == "two/n:0"


def test_shapes_and_specs():
    shape = tf.TensorShape([None, 3])
    assert shape.is_compatible_with((2, 3)) and not shape.is_compatible_with((2, 4)) and not shape.is_fully_defined()
    shape.assert_is_compatible_with((2, 3))
    with pytest.raises(ValueError, match=r"Shapes \(None, 3\) and \(2, 4\) are incompatible"):
        shape.assert_is_compatible_with((2, 4))
    assert tf.ones((2, 3)).get_shape() == (2, 3)
    assert tf.TensorShape(None).rank is None and repr(tf.TensorShape(None)) == "TensorShape(None)"
    assert repr(tf.TensorSpec([None], tf.int32, "a")) == "TensorSpec(shape=(None,), dtype=tf.int32, name='a')"


def test_kinds_of_dtypes():
    dtypes = tf.uint8, tf.int8, tf.float32, tf.bool
    assert [d.name for d in dtypes if d.is_unsigned] == ["uint8"] and not any(d.is_complex for d in dtypes)
    assert all(d.base_dtype is d for d in dtypes)


def test_random_streams():
    same(tf.random.stateless_normal((3,), (1, 2)), tf.random.stateless_normal((3,), (1, 2)))
    same(tf.random.Generator.from_seed(1).normal((3,)), tf.random.Generator.from_seed(1).normal((3,)))
    first, second = (tf.random.Generator.from_non_deterministic_state().normal((3,)).numpy() for _ in range(2))
    assert (first != second).any()
    same(np.sort(tf.random.shuffle(tf.range(9))), range(9))
    drawn = tf.random.categorical(tf.math.log([[0.25, 0.75, 0.0]]), 4000, seed=1).numpy()
    assert drawn.shape == (1, 4000) and drawn.max() == 1
    assert abs(drawn.mean() - 0.75) < 5 * (0.75 * 0.25 / 4000) ** 0.5
