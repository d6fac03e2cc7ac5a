"""Losses: arguments, errors, configurations. Values: test_against_keras.py."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import losses

Y, P = np.array([[0.0], [1.0]], np.float32), np.array([[0.25], [0.5]], np.float32)


def test_the_type_is_float32_unless_another_is_wanted():
    y, p = np.zeros((2, 3)), np.ones((2, 3))
    assert losses.MeanSquaredError()(y, p).dtype == "float32" and losses.MeanSquaredError().dtype == "float32"
    assert losses.MeanSquaredError(dtype="float64")(y, p).dtype == "float64"
    assert losses.mean_squared_error(y, p).dtype == "float64"
    assert float(losses.mean_squared_error([0, 1], [1, 3])) == 2.5  # integers are no reason to drop the fraction
    assert float(losses.MeanSquaredError()(tf.constant([[0.0]], "float64"), tf.constant([[2.0]], "float64"))) == 4


def test_a_loss_of_ones_own_gets_floats_of_one_rank():
    seen = []

    def squares(y_true, y_pred):
        seen.append((y_true.dtype, y_true.shape, y_pred.shape))
        return tf.square(y_true - y_pred)

    assert float(losses.LossFunctionWrapper(squares)(np.array([0, 1]), P)) == pytest.approx((0.0625 + 0.25) / 2)
    assert seen == [("float32", (2, 1), (2, 1))]
    assert losses.LossFunctionWrapper(squares).name == "squares"

    class Own(losses.Loss):
        def call(self, y_true, y_pred):
            return tf.reduce_max(tf.abs(y_true - y_pred), axis=-1)

    assert float(Own()(np.array([[0], [3]]), P)) == 1.375 and Own(name="mine").name == "mine"
    with pytest.raises(NotImplementedError):
        losses.Loss()(Y, P)


@pytest.mark.parametrize("name", [None, "none", "sum", "sum_over_batch_size", "mean", "mean_with_sample_weight"])
def test_reductions_in_formulas(name):
    weight = np.array([1.0, 3.0], np.float32)
    each = np.array([0.0625, 0.75])  # squared errors times weights
    expected = {None: each, "none": each, "sum": each.sum(), "mean_with_sample_weight": each.sum() / 4}
    value = losses.MeanSquaredError(reduction=name)(Y, P, sample_weight=weight)
    np.testing.assert_array_equal(value, expected.get(name, each.mean()))


def test_reductions_by_tensorflows_older_names():
    assert losses.MeanSquaredError(losses.Reduction.SUM).reduction == "sum"
    with pytest.raises(ValueError, match="Invalid value for argument `reduction`"):
        losses.MeanSquaredError(losses.Reduction.AUTO)  # as in Keras 3


def test_sigmoid_remembers_its_logits():
    """A probability of exactly 0 or 1 has a finite loss with the right gradient."""
    x = tf.constant([[200.0], [-200.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = losses.BinaryCrossentropy(reduction="sum")([0, 1], keras.activations.sigmoid(x))
    assert float(value) == 400
    np.testing.assert_array_equal(tape.gradient(value, x), [[1], [-1]])
    clipped = losses.binary_crossentropy([[0.0], [1.0]], tf.nn.sigmoid(x))
    np.testing.assert_allclose(clipped, -np.log(np.float32(1e-7)), rtol=0.2)  # 1 - (1 - 1e-7) has one digit
    with pytest.warns(UserWarning, match="these are no logits"):
        losses.BinaryCrossentropy(from_logits=True)([0, 1], keras.activations.sigmoid(x))
    with pytest.warns(UserWarning, match="these are no logits"):
        losses.CategoricalCrossentropy(from_logits=True)(np.eye(2), keras.activations.softmax(tf.ones((2, 2))))


def test_binary_logits_keep_their_digits():
    """log(1 + exp(-x)) of large x is no 0."""
    tiny = losses.binary_crossentropy([[1.0]], [[20.0]], from_logits=True)
    np.testing.assert_allclose(tiny, np.exp(-20.0), rtol=1e-6)


def test_errors_say_what_to_do():
    with pytest.raises(ValueError, match="one-hot labels use categorical_crossentropy"):
        losses.SparseCategoricalCrossentropy()(np.eye(3), np.ones((3, 3)))
    with pytest.raises(ValueError, match="to_categorical"):
        losses.CategoricalCrossentropy()([0, 1, 2], np.ones((3, 3)))
    with pytest.raises(ValueError, match=r"shape \(2,\) do not match predictions of shape \(2, 1\)"):
        losses.binary_crossentropy([0, 1], P)
    with pytest.raises(ValueError, match="Only axis=-1"):
        losses.SparseCategoricalCrossentropy(axis=0)([0], [[0.5, 0.5]])
    with pytest.raises(ValueError, match="could not be broadcast"):
        losses.mean_squared_error(np.ones((2, 3)), np.ones((2, 4)))
    with pytest.raises(ValueError, match="Did you mean 'mean_squared_error'"):
        losses.get("mean_square_error")
    with pytest.raises(AttributeError, match=r"pynn\.keras\.losses has no 'Dice'"):
        _ = losses.Dice
    with pytest.raises(TypeError, match="unexpected keyword argument 'axis'"):
        losses.MeanSquaredError(axis=0)
    with pytest.warns(SyntaxWarning, match="binary_crossentropy"):
        losses.categorical_crossentropy(Y, P)


def test_names_and_configurations():
    assert losses.get(None) is None and losses.get("bce") is losses.binary_crossentropy
    assert losses.get("MSE") is losses.mean_squared_error and isinstance(losses.get("Huber"), losses.Huber)
    assert losses.Huber().name == "huber_loss" and losses.LogCosh().name == "log_cosh"
    assert losses.KLDivergence().name == "kl_divergence" and losses.MeanSquaredError(name="mine").name == "mine"
    huber = losses.get({"class_name": "Huber", "config": {"delta": 2.0}})
    assert float(huber([[0.0]], [[3.0]])) == 4
    again = losses.deserialize(losses.serialize(losses.BinaryCrossentropy(True, 0.25, reduction="sum")))
    assert (again.from_logits, again.label_smoothing, again.reduction) == (True, 0.25, "sum")
    assert losses.deserialize("mse") is losses.mse


def test_no_warning_at_the_clips():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for loss in (losses.BinaryCrossentropy(), losses.KLDivergence(), losses.Poisson(), losses.CosineSimilarity()):
            assert np.isfinite(loss(np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 0.0]])))


@pytest.mark.parametrize(
    ("cls", "arguments"),  # as in Keras 3.15
    [
        (losses.MeanSquaredError, ["reduction", "name", "dtype"]),
        (losses.Huber, ["delta", "reduction", "name", "dtype"]),
        (losses.SparseCategoricalCrossentropy, ["from_logits", "ignore_class", "reduction", "axis", "name", "dtype"]),
        (keras.metrics.MeanSquaredError, ["name", "dtype"]),
        (keras.metrics.BinaryAccuracy, ["name", "dtype", "threshold"]),
        (keras.metrics.TopKCategoricalAccuracy, ["k", "name", "dtype"]),
        (keras.metrics.BinaryCrossentropy, ["name", "dtype", "from_logits", "label_smoothing"]),
        (keras.metrics.SparseCategoricalCrossentropy, ["name", "dtype", "from_logits", "ignore_class", "axis"]),
    ],
)
def test_the_options_of_a_class_are_its_functions(cls, arguments):
    parameters = inspect.signature(cls).parameters
    defaults = [parameter.default for parameter in parameters.values()]
    made = cls(*defaults)
    assert list(parameters) == list(made.get_config()) == arguments
    assert list(made.get_config().values()) == defaults and made.name == parameters["name"].default
    for option in parameters.keys() - {"reduction", "name", "dtype"}:
        assert getattr(cls(**{option: 3}), option) == cls(**{option: 3}).get_config()[option] == 3
    with pytest.raises(TypeError, match=rf"{cls.__name__}.__init__\(\) got an unexpected keyword argument 'more'"):
        cls(more=1)
    with pytest.raises(TypeError, match=f"{cls.__name__}.* too many positional"):
        cls(*defaults, 1)


def test_classes_of_ones_own_from_losses_of_a_function():
    class Inherits(losses.MeanSquaredError):
        pass

    class Own(losses.Huber):
        def __init__(self, limit, **options):
            super().__init__(limit, reduction="sum", **options)

    assert Inherits().name == "mean_squared_error"  # as in Keras
    own = Own(2.0, name="mine")
    assert (own.name, own.delta, float(own([[0.0]], [[3.0]]))) == ("mine", 2, 4)
    assert own.get_config() == {"limit": 2.0, "name": "mine"}
    assert float(losses.LossFunctionWrapper(losses.huber, delta=2.0)([[0.0]], [[3.0]])) == 4
    with pytest.raises(NotImplementedError, match="no function"):
        losses.base.FunctionLoss()
