"""TensorFlow's `tf.math`: names for the operations."""
# ruff: noqa: F401, I001

from .ops import (
    abs, add, argmax, argmin, divide, divide_no_nan, equal, exp, floordiv, greater, greater_equal, less, less_equal,
    log, log_softmax, logical_and, logical_not, logical_or, logical_xor, maximum, minimum, mod, multiply, negative,
    not_equal, pow, reduce_all, reduce_any, reduce_max, reduce_mean, reduce_min, reduce_sum, sigmoid, sign, softmax,
    sqrt, square, subtract, tanh,
)  # fmt: skip
