"""Optimizers: arguments, settings, state, minimize, and errors. Values: test_against_keras.py."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import optimizers

NAMES = ("SGD", "RMSprop", "Adam", "AdamW", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl", "Lion")
G = tf.constant([1.0, -2.0])


@pytest.mark.parametrize("name", NAMES)
def test_the_learning_rate_by_its_older_name(name):
    make = getattr(optimizers, name)
    old, new = make(lr=0.25), make(0.25)
    assert float(old.lr) == float(old.learning_rate) == float(new.learning_rate) == 0.25
    old.lr = 0.5
    assert old.learning_rate.numpy() == np.float32(0.5)
    default = inspect.signature(make).parameters["learning_rate"].default
    assert float(make().learning_rate) == np.float32(default) and repr(default) in ("0.01", "0.001")
    for rate in (0.5, default + 0.0):  # also where it is the default's value
        with pytest.raises(TypeError, match="`lr` is the older name"):
            make(rate, lr=0.1)
    for unknown in ("loss_scale_factor", "learning_rat"):
        with pytest.raises(TypeError, match=unknown):
            make(**{unknown: 2})


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_attributes(name):
    for cls in (getattr(optimizers, name), type("Own", (getattr(optimizers, name),), {})):
        made = cls(lr=0.25, decay=0.5)
        for argument, parameter in inspect.signature(cls).parameters.items():
            if argument not in ("learning_rate", "lr", "name", "decay"):
                assert getattr(made, argument) == parameter.default, argument
        assert made.decay == 0.5 and float(made.learning_rate) == 0.25 and isinstance(made.name, str)


@pytest.mark.parametrize("name", NAMES)
def test_configuration_and_names(name):
    made = getattr(optimizers, name)(0.25, clipnorm=2.0, name="mine", weight_decay=0.5)
    again = type(made).from_config(made.get_config())
    assert again.get_config() == made.get_config() and again.name == "mine" and again.clipnorm == 2
    assert type(optimizers.get(name.upper())) is type(made)
    assert type(optimizers.get(optimizers.serialize(made))) is type(made)


def test_the_configuration_of_a_subclass_has_the_rules_arguments():
    class Own(optimizers.Adam):
        def __init__(self, extra=3, **options):
            super().__init__(**options)
            self.extra = extra

    made = Own(extra=4, learning_rate=0.25)
    made.beta_1 = 0.5
    config = made.get_config()
    assert (config["extra"], config["learning_rate"], config["beta_1"], config["beta_2"]) == (4, 0.25, 0.5, 0.999)
    assert Own.from_config(config).get_config() == config


def test_a_schedule_survives_the_configuration():
    made = optimizers.Adam(optimizers.schedules.ExponentialDecay(0.5, 1, 0.5))
    again = optimizers.Adam.from_config(made.get_config())
    v = tf.Variable([1.0, 2.0])
    again.apply_gradients([(G, v)])
    assert float(again.learning_rate) == 0.25


@pytest.mark.parametrize(("options", "kind", "message"), [
    ({"clipnorm": 1.0, "clipvalue": 1.0}, ValueError, "Only one of"),
    ({"clipnorm": 1.0, "global_clipnorm": 1.0}, ValueError, "Only one of"),
    ({"use_ema": True, "ema_momentum": 2.0}, ValueError, "ema_momentum"),
    ({"use_ema": True, "ema_overwrite_frequency": -1}, ValueError, "ema_overwrite_frequency"),
    ({"learning_rate": "0.1"}, ValueError, "should be a number"),
    ({"learning_rate": None}, ValueError, "should be a number"),
    ({"momentum": 1.5}, ValueError, "momentum"),
])  # fmt: skip
def test_constructor_errors(options, kind, message):
    with pytest.raises(kind, match=message):
        optimizers.SGD(**options)


def test_other_errors():
    with pytest.raises(ValueError, match="weight_decay"):
        optimizers.AdamW(weight_decay=None)
    with pytest.raises(ValueError, match="beta_1"):
        optimizers.Lion(beta_1=0)
    with pytest.raises(ValueError, match="learning_rate_power"):
        optimizers.Ftrl(learning_rate_power=1)
    with pytest.raises(TypeError, match="not settable"):
        optimizers.SGD(optimizers.schedules.CosineDecay(0.1, 2)).learning_rate = 0.5
    with pytest.raises(ValueError, match="No gradients"):
        optimizers.SGD().apply_gradients([])
    with pytest.raises(ValueError, match="shape"):
        optimizers.Adagrad().apply_gradients([(1.0, tf.Variable([1.0, 2.0]))])
    with pytest.raises(AttributeError, match=r"optimizers has no 'legacy'"):
        _ = optimizers.legacy


def test_decay_divides_the_rate():
    optimizer, v = optimizers.SGD(lr=1.0, decay=1.0), tf.Variable([0.0, 0.0])
    for expected in (-1.0, -1.5, -1.5 - 1 / 3):
        optimizer.apply_gradients([(tf.constant([1.0, 0.0]), v)])
        np.testing.assert_allclose(v, [expected, 0], rtol=1e-6)


def test_minimize():
    v, optimizer = tf.Variable([3.0]), optimizers.SGD(0.5)
    optimizer.minimize(lambda: tf.reduce_sum(v * v), [v])
    assert float(v[0]) == 0 and int(optimizer.iterations) == 1
    v.assign([2.0])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(v * v)
    optimizer.minimize(loss, lambda: [v], tape=tape)
    assert float(v[0]) == 0
    with pytest.raises(ValueError, match="tape"):
        optimizer.minimize(loss, [v])


def test_iterations_is_a_variable():
    optimizer, v = optimizers.Adam(), tf.Variable([1.0, 2.0])
    before = optimizer.iterations.value
    assert optimizer.apply_gradients([(G, v)]) is optimizer.iterations
    assert (before.numpy(), optimizer.iterations.numpy()) == (0, 1)
    assert optimizer.iterations.dtype == tf.int64
    optimizer.iterations.assign(0)
    optimizer.apply([G])
    assert int(optimizer.iterations) == 1


def test_the_state_can_be_read_and_set():
    """State copied in the middle goes on as the first optimizer does; what was read stays as it was."""
    first, second = optimizers.Adam(0.1, amsgrad=True), optimizers.Adam(0.1, amsgrad=True)
    v, w = tf.Variable([1.0, 2.0]), tf.Variable([1.0, 2.0])
    first.apply_gradients([(G, v)])
    held = [slot.value for slot in first.variables]
    values = [h.numpy() for h in held]
    second.build([w])
    w.assign(v)
    for mine, other in zip(second.variables, first.variables, strict=True):
        mine.assign(other)
    for _ in range(2):
        first.apply_gradients([(G, v)])
        second.apply_gradients([(G, w)])
    np.testing.assert_array_equal(v, w)
    for h, value in zip(held, values, strict=True):
        np.testing.assert_array_equal(h, value)
    for a, b in zip(first.variables, second.variables, strict=True):
        np.testing.assert_array_equal(a, b)


def test_constraints_hold_after_each_update():
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, "linear", True, "zeros", kernel_constraint="non_neg")]
    )
    model.compile(optimizers.Adam(0.5), "mse")
    model.fit(np.ones((8, 4)), -np.ones((8, 3)), epochs=2, verbose=0)
    kernel, bias = model.get_weights()
    assert (kernel == 0).all() and bias.max() < 0


def test_a_missing_gradient_keeps_its_variable():
    v, w = tf.Variable([1.0, 2.0]), tf.Variable([1.0, 2.0])
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        optimizers.Nadam(0.1, weight_decay=0.5).apply([None, G], [v, w])
    np.testing.assert_array_equal(v, [1, 2])
    assert (w.numpy() != [1, 2]).all()


@pytest.mark.parametrize("options", [{}, {"clipnorm": 0.5}, {"weight_decay": 0.1}, {"use_ema": True}])
@pytest.mark.parametrize("make", [optimizers.SGD, optimizers.Adam, optimizers.RMSprop])
def test_gradients_of_several_steps_make_one_update(make, options):
    """As one update by their mean; only schedules count every step, as in Keras."""
    slopes = [np.array(g, np.float32) for g in ([1, -2], [3, 1], [-4, 0.5], [2, 2])]
    one, two = tf.Variable([1.0, 2.0]), tf.Variable([1.0, 2.0])
    whole, parts = make(0.1, **options), make(0.1, gradient_accumulation_steps=2, **options)
    for i in (0, 2):
        whole.apply_gradients([((tf.constant(slopes[i]) + slopes[i + 1]) / 2, one)])
        before = two.numpy()
        parts.apply_gradients([(tf.constant(slopes[i]), two)])
        np.testing.assert_array_equal(two, before)
        parts.apply_gradients([(tf.constant(slopes[i + 1]), two)])
        np.testing.assert_array_equal(two, one)
    assert int(parts.iterations) == 2 and int(parts.variables[0]) == 4
    steps: list[int] = []

    class Schedule(optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            steps.append(int(step))
            return 0.1

    scheduled = optimizers.SGD(Schedule(), gradient_accumulation_steps=2)
    for _ in range(4):
        scheduled.apply_gradients([(G, two)])
    assert steps == [0, 1, 2, 3]
    for bad in (1, 1.5, True, "2"):
        with pytest.raises(ValueError, match="integer of 2 or more"):
            make(gradient_accumulation_steps=bad)


def test_gradients_of_several_steps_for_a_variable_given_twice():
    """As Keras: each of the two updates is made with its own gradient and what the steps before gathered."""
    v = tf.Variable([1.0, 2.0])
    optimizer = optimizers.SGD(0.1, gradient_accumulation_steps=2)
    for _ in range(2):
        optimizer.apply_gradients([(tf.constant([1.0, 1.0]), v), (tf.constant([2.0, 0.0]), v)])
    np.testing.assert_allclose(v, [1 - 0.1 * 4.5, 2 - 0.1 * 1.5], rtol=1e-6)


def test_a_variable_given_twice_has_one_average():
    v, optimizer = tf.Variable([1.0, 2.0]), optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    for _ in range(2):
        optimizer.apply_gradients([(tf.constant([1.0, 1.0]), v), (tf.constant([2.0, 0.0]), v)])
    np.testing.assert_allclose(v, [0.4, 1.8], rtol=1e-6)
    optimizer.finalize_variable_values([v])
    np.testing.assert_allclose(v, [(0.7 + 0.4) / 2, (1.9 + 1.8) / 2], rtol=1e-6)


@pytest.mark.parametrize("options", [{}, {"use_ema": True, "ema_overwrite_frequency": 1}])
@pytest.mark.parametrize("name", NAMES)
def test_variables_and_state_are_updated_in_place(name, options):
    optimizer = getattr(optimizers, name)(0.1, **options)
    v = tf.Variable([1.0, 2.0], constraint=keras.constraints.NonNeg())
    optimizer.apply([G], [v])
    arrays = [x._array for x in (v, *optimizer.variables[2:])]
    addresses = [array.ctypes.data for array in arrays]
    del arrays
    optimizer.apply([G], [v])
    assert [x._array.ctypes.data for x in (v, *optimizer.variables[2:])] == addresses


@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.1}, {"gradient_accumulation_steps": 2}])
@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_of_another_shape_changes_nothing(name, options):
    optimizer, v, w = getattr(optimizers, name)(0.1, **options), tf.Variable([1.0, 2.0]), tf.Variable([3.0])
    optimizer.build([v, w])
    before = [x.numpy().copy() for x in (v, w, *optimizer.variables)]
    for slope in (G, 1.0, [[1.0]]):
        with pytest.raises(ValueError, match=r"shape .* of shape \(1,\)"):
            optimizer.apply([G, slope], [v, w])
    for x, value in zip((v, w, *optimizer.variables), before, strict=True):
        np.testing.assert_array_equal(x, value)


@pytest.mark.parametrize("name", NAMES)
def test_a_subclass_may_change_the_gradient_of_a_step(name):
    class Own(getattr(optimizers, name)):
        def update_step(self, gradient, variable, learning_rate):
            super().update_step(2 * gradient, variable, learning_rate)

    one, two = tf.Variable([1.0, 2.0]), tf.Variable([1.0, 2.0])
    rule, own = getattr(optimizers, name)(0.1), Own(0.1)
    for _ in range(3):
        rule.apply([2 * G], [one])
        own.apply([G], [two])
    np.testing.assert_array_equal(one, two)


def test_weight_decay_may_change_and_exclude_at_any_time():
    v, w = tf.Variable([1.0]), tf.Variable([1.0])
    optimizer = keras.optimizers.SGD(0.5)
    optimizer.exclude_from_weight_decay([w])
    optimizer.weight_decay = 0.5
    optimizer.apply_gradients([(tf.zeros(1), v), (tf.zeros(1), w)])
    assert float(v[0]) == 0.75 and float(w[0]) == 1.0


@pytest.mark.parametrize("options", [
    {}, {"clipnorm": 0.5}, {"clipvalue": 0.1}, {"global_clipnorm": 0.5}, {"gradient_accumulation_steps": 2},
    {"use_ema": True}, {"weight_decay": 0.1},
])  # fmt: skip
@pytest.mark.parametrize("name", NAMES)
def test_variables_without_axes(name, options):
    """They go the way of vectors of one number; also the copies that pickle makes."""
    found = []
    for value, slope in ((1.0, 2.0), ([1.0], [2.0])):
        v, optimizer = tf.Variable(value), getattr(keras.optimizers, name)(0.1, **options)
        optimizer.build([v])
        for _ in range(4):
            optimizer.apply_gradients([(tf.constant(slope), v)])
            v, optimizer = pickle.loads(pickle.dumps((v, optimizer)))
        found.append(float(v.numpy().reshape(())))
    assert found[0] == found[1] != 1.0
