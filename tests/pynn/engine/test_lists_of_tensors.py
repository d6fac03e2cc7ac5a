"""Lists that hold tensors: an operation of [a, b] has the gradient that it has of tf.stack([a, b])."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest

import pynn as tf
from pynn import keras

M = np.array([[1, 2], [3, 5]], np.float32)
# ways to call an operation of which the matrix x, or some rows of it, are operands
CALLS = [
    lambda f, x: f(x[0]),
    lambda f, x: f(x),
    lambda f, x: f(M, x),
    lambda f, x: f(M[1], x[0]),
    lambda f, x: f(x[0], x[1]),
    lambda f, x: f(x, M),
    lambda f, x: f([True, False], x[0], x[1]),
    lambda f, x: f(x[0], 2),
    lambda f, x: f(x, 0),
    lambda f, x: f(x, [1]),
    lambda f, x: f(x[0], x[1], 3),
    lambda f, x: f(x, M, 1),
    lambda f, x: f(x, 1, 0),
    lambda f, x: f(x, M, 2.0),
    lambda f, x: f(x, [[1, 0], [0, 1]]),
    lambda f, x: f(x, [0, 0], [1, 2]),
    lambda f, x: f("ij,jk->ik", x, x),
    lambda f, x: f([1, 0], x),
    lambda f, x: f([1, 0], x[0]),
    lambda f, x: f([2], x[0][0]),
    lambda f, x: f([2], x[0], x[1]),
    lambda f, x: f([2], M[0], x[1]),
    lambda f, x: f([[0], [1]], x[0], [2]),
    lambda f, x: f(M[0], [[0], [1]], x[0]),
    lambda f, x: f(x, x[0], x[1], x[0], x[1], 0.1),
]
SPACES = {"tf": tf, "math": tf.math, "nn": tf.nn, "linalg": tf.linalg, "losses": keras.losses,
          "activations": keras.activations, "regularizers": keras.regularizers, "random": tf.random}  # fmt: skip
BASES = keras.losses.Loss, keras.losses.LossFunctionWrapper, keras.regularizers.Regularizer
# what has no float operand, or no gradient by it, in TensorFlow either; or takes lists as such; or no call above suits
NO_GRADIENT = {
    "Assert", "add_n", "argmax", "argmin", "argsort", "as_dtype", "cast", "categorical", "ceil",
    "concat", "cond", "confusion_matrix", "count_nonzero", "deserialize", "equal", "embedding_lookup",
    "executing_eagerly", "eye", "floor", "floordiv", "foldl", "function", "generator", "get", "get_logger", "greater",
    "greater_equal",
    "in_top_k", "is_finite", "is_inf", "is_nan", "is_tensor", "less", "less_equal", "linear", "logical_and",
    "logical_not", "logical_or", "logical_xor", "lookup", "map_fn", "missing", "name_scope", "not_equal",
    "one_hot", "ones", "ones_like", "poisson", "print", "range", "rank",
    "reduce_all", "reduce_any", "resolve", "rint", "round", "scan", "searchsorted", "sequence_mask", "serialize",
    "set_random_seed", "set_seed", "shape", "sign", "size", "stop_gradient", "tile", "to_shape",
    "vectorized_map", "while_loop", "wraps", "zero_fraction", "zeros", "zeros_like",
    "custom_gradient", "holds_tensors", "alike", "TensorLike",
}  # fmt: skip


def _operations():
    for space, module in SPACES.items():
        for name, f in sorted(vars(module).items()):
            if name.startswith("_") or inspect.ismodule(f) or not callable(f) or name in NO_GRADIENT:
                continue
            if not inspect.isclass(f):
                yield pytest.param(f, id=f"{space}.{name}")
            elif issubclass(f, (keras.losses.Loss, keras.regularizers.Regularizer)) and f not in BASES:
                yield pytest.param(f(0.1) if "l2" in inspect.signature(f).parameters else f(), id=f"{space}.{name}")


def _value_and_gradients(call, f, pack):
    """Of some scalar of f's results, by four variables that pack arranges in rows."""
    variables = [tf.Variable(v) for v in (0.3, 0.6, 0.25, 0.4)]
    tf.random.set_seed(1)
    with tf.GradientTape() as tape:
        a, b, c, d = variables
        results = tf.nest.flatten(call(f, pack([[a, b], [c, d]])))
        floats = [y for y in results if isinstance(y, tf.Tensor) and y.dtype.is_floating]
        value = tf.add_n([tf.reduce_sum(y * y * (i + 1.0) + y) for i, y in enumerate(floats)])
    return [float(value), *(0.0 if g is None else float(g) for g in tape.gradient(value, variables))]


@pytest.mark.parametrize("f", list(_operations()))
def test_an_operation_of_a_list_of_variables_has_the_value_and_gradient_of_their_stack(f):
    walked = 0
    for call in CALLS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                expected = _value_and_gradients(call, f, tf.stack)
            except Exception:  # not a way to call this one
                continue
            if not any(expected[1:]):
                continue
            walked += 1
            found = _value_and_gradients(call, f, list)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert walked, "no call suits it: add one, or name it above"


A, B = 2.0, 3.0


@pytest.mark.parametrize(
    ("f", "slopes"),
    [
        (lambda a, b: tf.convert_to_tensor([[a, b], [b, 1.0]]), (1, 2)),
        (lambda a, b: tf.convert_to_tensor([np.array([1.0, 2.0]), (a, b)]), (1, 1)),
        (lambda a, b: tf.constant([a, b], shape=(2, 1)), (1, 1)),
        (lambda a, b: tf.constant([a], shape=(2, 2)), (4, 0)),
        (lambda a, b: tf.convert_to_tensor([a, b], tf.float64), (1, 1)),
        (lambda a, b: tf.constant([1.0, 2.0], tf.float64) * [a, b], (1, 2)),
        (lambda a, b: [1.0, 2.0] * tf.add([a, b], 1), (1, 2)),
        (lambda a, b: tf.concat([[1, 2], [a, b]], 0), (1, 1)),
        (lambda a, b: tf.stack([[1, 2], [a, b]], 1), (1, 1)),
        (lambda a, b: tf.add_n([[a, b], [1.0, a]]), (2, 1)),
        (lambda a, b: tf.cast([a, b], tf.float64), (1, 1)),
        (lambda a, b: tf.tile([a, b], [3]), (3, 3)),
        (lambda a, b: tf.pad([a, b], [[1, 2]], constant_values=b), (1, 4)),
        (lambda a, b: tf.fill([2, 3], a), (6, 0)),
        (lambda a, b: tf.linspace([a, 1.0], [b, a], 3), (3, 1.5)),
        (lambda a, b: tf.meshgrid([a, b], [1.0, 2.0, 3.0])[0], (3, 3)),
        (lambda a, b: tf.math.confusion_matrix([0, 1], [1, 1], weights=[a, b], dtype=tf.float32), (1, 1)),
        (lambda a, b: tf.math.bincount([0, 1, 1], weights=[a, b, b]), (1, 2)),
        (lambda a, b: tf.nn.embedding_lookup([[[a], [1.0]], [[b]]], [0, 2, 2]), (1, 2)),
        (lambda a, b: tf.scan(lambda s, row: s + row[0] * row[1], (tf.stack([a, b]), tf.stack([b, 1.0])), 0.0), (6, 5)),
        (lambda a, b: tf.foldl(lambda s, row: [s[1], row * s[0]], tf.stack([a, b]), [1.0, 1.0])[1], (0, 1)),
        (lambda a, b: tf.nn.dropout([1.0], a * 1e-9, seed=1) * 1e9, (1, 0)),
        (lambda a, b: keras.layers.Rescaling([a, 1.0], [b, a])([[1.0, 2.0]]), (2, 1)),
        (lambda a, b: keras.layers.Rescaling(2.0)([tf.stack([a, b]), [1.0, 2.0]]), (2, 2)),
        (lambda a, b: keras.layers.Normalization(mean=[a, b], variance=[4.0, 1.0])([[1.0, 2.0]]), (-0.5, -1)),
        (lambda a, b: keras.initializers.Constant([a, b])((2, 2)), (2, 2)),
        (lambda a, b: keras.activations.relu([1.0, 9.0, 8.0], 0.0, a), (2, 0)),
        (lambda a, b: keras.losses.huber([0.0, 0.0], [9.0, 7.0], a), (8 - A, 0)),
        (lambda a, b: tf.random.normal([4], mean=[[a], [b]])[0], (4, 0)),
        (lambda a, b: tf.clip_by_global_norm([[3.0, 4.0]], a)[0][0], (7 / 5, 0)),
        (lambda a, b: keras.layers.CategoryEncoding(3, "count")(np.array([[1, 1]]), count_weights=[[a, b]]), (1, 1)),
        (lambda a, b: keras.losses.MeanSquaredError()([[1.0], [1.0]], [[a], [a]], sample_weight=[a, b]), (5.5, 0.5)),
        (
            lambda a, b: keras.losses.SparseCategoricalCrossentropy(True, ignore_class=0)(
                [1, 1], [[0.0, 0.0], [0.0, 0.0]], sample_weight=[a, b]
            ),
            (np.log(2) / 2, np.log(2) / 2),
        ),
    ],
)
def test_slopes_of_the_sum(f, slopes):
    a, b = tf.Variable(A), tf.Variable(B)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(f(a, b))
    found = [0 if g is None else float(g) for g in tape.gradient(total, [a, b])]
    np.testing.assert_allclose(found, slopes, rtol=1e-6)


@pytest.mark.parametrize(
    "penalty", [lambda w: tf.reduce_sum([w[0, 0], 2 * w[1, 0]]), lambda w: w[:, 0] * [1, 2], lambda w: [w[0], w[1] * 2]]
)
def test_what_is_added_to_the_loss_is_summed(penalty):
    class Penalized(keras.layers.Dense):
        def call(self, x):
            self.add_loss(penalty(self.kernel))
            return super().call(x)

    for layer in (Penalized(1), keras.layers.Dense(1, kernel_regularizer=penalty)):
        model = keras.Sequential([keras.Input((2,)), layer])
        model.compile(keras.optimizers.SGD(0.25), "mse")
        layer.set_weights([np.zeros((2, 1)), np.zeros(1)])
        model.train_on_batch(np.zeros((3, 2)), np.zeros((3, 1)))
        np.testing.assert_array_equal(layer.kernel, [[-0.25], [-0.5]])


def test_what_has_no_gradient_says_so():
    rate = tf.Variable([1.0])
    for draw in (tf.random.gamma, tf.random.poisson):
        with tf.GradientTape() as tape:
            y = draw([2], rate)
        with pytest.raises(LookupError, match="no gradient"):
            tape.gradient(y, rate)
    for refused in (tf.nn.leaky_relu, lambda x, v: keras.regularizers.L2(v)(x)):
        with pytest.raises((TypeError, ValueError), match="number"):
            refused([1.0, -1.0], rate)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ([tf.Variable(1.0), tf.constant(1.0, tf.float64)], "different dtypes"),
        ([[tf.constant(1.0)], [tf.constant(1)]], "different dtypes"),
        ([tf.constant(1.0), [tf.constant(1.0)]], "Shapes of all inputs must match"),
        ([[tf.constant(1.0)], [1.0, 2.0]], "Shapes of all inputs must match"),
    ],
)
@pytest.mark.parametrize("take", [tf.convert_to_tensor, tf.reduce_sum, tf.Variable, keras.metrics.Sum()])
def test_lists_that_are_no_tensor_are_errors(take, value, error):
    with pytest.raises(tf.errors.InvalidArgumentError, match=error):
        take(value)


def test_numbers_beside_tensors_take_their_dtype_or_are_errors():
    assert tf.convert_to_tensor([1, tf.constant(2.0, tf.float64)]).dtype == tf.float64
    assert tf.convert_to_tensor([[1, 2], [3, tf.constant(2.0, tf.float16)]]).dtype == tf.float16
    with pytest.raises(TypeError, match=r"1\.5"):
        tf.convert_to_tensor([1.5, tf.constant(2)])
