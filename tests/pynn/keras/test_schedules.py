"""Learning rate schedules: arguments, arrays of steps, users' schedules. Values: test_against_keras."""

from __future__ import annotations

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras.optimizers import schedules


@pytest.mark.parametrize("kind", ["ExponentialDecay", "InverseTimeDecay", "PolynomialDecay", "CosineDecay"])
def test_steps_must_be_positive(kind):
    with pytest.raises(ValueError, match="`decay_steps` must be > 0"):
        getattr(schedules, kind)(0.1, 0, *([0.5] if kind[0] in "EI" else []))


def test_other_arguments():
    with pytest.raises(ValueError, match="`first_decay_steps` must be > 0"):
        schedules.CosineDecayRestarts(0.1, -1)
    with pytest.raises(ValueError, match="1 less"):
        schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2])
    with pytest.raises(TypeError, match="decay"):
        schedules.CosineDecay(0.1, 3, decay=1)
    with pytest.raises(NotImplementedError, match="__call__"):
        schedules.LearningRateSchedule()(0)
    for made in (schedules.ExponentialDecay(0.1, 2, 0.5), schedules.PolynomialDecay(0.1, 2, name=None)):
        assert made.name == made.get_config()["name"] == type(made).__name__


@pytest.mark.parametrize("schedule", [
    schedules.ExponentialDecay(0.5, 3, 0.5, staircase=True),
    schedules.InverseTimeDecay(0.5, 3, 0.5),
    schedules.PiecewiseConstantDecay([2, 5], [0.5, 0.25, 0.125]),
    schedules.PolynomialDecay(0.5, 3, cycle=True),
    schedules.CosineDecay(0.125, 3, warmup_target=0.5, warmup_steps=2),
    schedules.CosineDecayRestarts(0.5, 2),
])  # fmt: skip
def test_many_steps_at_once(schedule):
    rates = schedule(tf.range(9))
    assert rates.dtype == tf.float32 and len(set(rates.numpy())) > 2
    np.testing.assert_array_equal(rates, [float(schedule(step)) for step in range(9)])


def test_a_schedule_of_the_programs_own():
    class Warmup(keras.optimizers.schedules.LearningRateSchedule):
        def __init__(self, top):
            self.top = top

        def __call__(self, step):
            return tf.minimum(tf.cast(step, tf.float32) + 1.0, 4.0) / 4.0 * self.top

    optimizer, v = keras.optimizers.SGD(Warmup(0.5)), tf.Variable([0.0])
    rates = []
    for _ in range(5):
        rates.append(float(optimizer.learning_rate))
        optimizer.apply_gradients([(tf.constant([1.0]), v)])
    assert rates == [0.125, 0.25, 0.375, 0.5, 0.5] and float(v[0]) == -sum(rates)
    assert keras.optimizers.SGD(Warmup(0.5)).get_config()["learning_rate"]["config"] == {"top": 0.5}
