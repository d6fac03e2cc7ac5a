"""TensorFlow's `tf.random`."""
# ruff: noqa: F401, I001

from .ops.random import (
    Generator, categorical, gamma, normal, poisson, set_seed, shuffle, stateless_normal, stateless_uniform,
    truncated_normal, uniform,
)  # fmt: skip
from .support.missing import missing

__getattr__ = missing(__name__)
