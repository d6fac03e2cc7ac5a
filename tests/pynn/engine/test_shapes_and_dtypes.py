"""TensorShape, DType, the checks of tf.debugging, and small functions about them."""

from __future__ import annotations

import numpy as np
import pytest

import pynn as tf
from pynn import keras

UNKNOWN = tf.TensorShape(None)


def test_shapes_are_joined_and_what_is_not_known_stays_so():
    shape = tf.TensorShape([2, None])
    assert shape.concatenate([3]) == [2, None, 3] == shape + [3] and [3] + shape == [3, 2, None]  # noqa: RUF005
    assert shape.dims == [2, None] and UNKNOWN.dims is None
    assert shape.concatenate(None) == UNKNOWN and (shape + UNKNOWN).rank is None


def test_dtypes_tell_their_size_and_limits():
    assert (tf.float64.size, tf.int16.size, tf.bool.size) == (8, 2, 1)
    assert (tf.int8.min, tf.uint8.max) == (-128, 255) and tf.float32.max == np.finfo(np.float32).max
    assert tf.bool.is_bool and not tf.int32.is_bool
    assert {tf.float32: 1}[tf.as_dtype("float32")] == 1
    with pytest.raises(TypeError, match="Cannot find the max of"):
        tf.bool.max  # noqa: B018


@pytest.mark.parametrize(
    "check, right, wrong, error",
    [
        ("assert_all_finite", ([1.0], "m"), ([np.inf], "m"), tf.errors.InvalidArgumentError),
        ("assert_rank_at_least", ([[1]], 2), ([1], 2), ValueError),
        ("assert_rank_in", ([1], (0, 1)), ([[1]], (0, 1)), ValueError),
        ("assert_scalar", (1.0,), ([1.0],), ValueError),
        ("assert_integer", ([1],), ([1.0],), TypeError),
    ],
)
def test_checks(check, right, wrong, error):
    function = getattr(tf.debugging, check)
    function(*right)
    with pytest.raises(error):
        function(*wrong)


def test_small_functions():
    assert tf.executing_eagerly() and tf.rank([[1, 2]]).numpy() == 2
    assert tf.debugging.is_numeric_tensor(tf.constant(1)) and not tf.debugging.is_numeric_tensor(tf.constant(True))
    assert tf.sequence_mask([0, 2]).numpy().tolist() == [[False, False], [True, True]]
    assert tf.sequence_mask([1], maxlen=3, dtype=tf.float32).numpy().tolist() == [[1.0, 0.0, 0.0]]
    assert tf.math.zero_fraction([0.0, 1.0, 0.0, 2.0]).numpy() == 0.5


def test_the_policy_of_dtypes_is_the_default_float_type():
    assert keras.config.backend() == "pynn" and keras.config.dtype_policy() == "float32"
    try:
        keras.config.set_dtype_policy(tf.float64)
        assert keras.config.floatx() == "float64" == keras.layers.Dense(1).dtype
    finally:
        keras.config.set_dtype_policy("float32")
    with pytest.raises(ValueError, match="mixed_float16"):
        keras.config.set_dtype_policy("mixed_float16")
