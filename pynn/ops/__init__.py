"""The differentiable operations. `tf.*`, `tf.math` and `tf.nn` are names for these."""
# ruff: noqa: F401, I001

from .arithmetic import (
    abs, add, broadcast_to, cast, clip_by_value, divide, divide_no_nan, equal, exp, floordiv, greater, greater_equal,
    less, less_equal, log, logical_and, logical_not, logical_or, logical_xor, maximum, minimum, mod, multiply,
    negative, not_equal, pow, sigmoid, sign, sqrt, square, subtract, tanh, where,
)  # fmt: skip
from .network import dense, log_softmax, matmul, relu, softmax, softmax_cross_entropy
from .reduce import argmax, argmin, reduce_all, reduce_any, reduce_max, reduce_mean, reduce_min, reduce_sum
from .shape import concat, expand_dims, fill, gather, getitem, identity, one_hot, ones, ones_like, range
from .shape import reshape, squeeze, stack, stop_gradient, transpose, zeros, zeros_like
