"""TensorFlow's `tf.random`: tensors of random values, by default float32.

Drawn from the generator that `set_seed` seeds, or, with a seed of their own, from one of it: the numbers are not
TensorFlow's. InvalidArgumentError: a shape, dtype or limit that does not fit.
"""
# ruff: noqa: F401, I001

from .ops.random import (
    Generator, categorical, gamma, normal, poisson, set_seed, shuffle, stateless_normal, stateless_uniform,
    truncated_normal, uniform,
)  # fmt: skip
from .support.missing import missing

__getattr__ = missing(__name__)
