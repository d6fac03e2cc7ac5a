"""TensorFlow: eager operations, and functions compiled by XLA where one fused pass beats several; updates assign to
Variables. There is no `out=`.

Calling a tf.function costs 0.2 ms more than an eager operation: dense is faster without. einsum is the shortest of its
ways to a product with a vector, tensordot takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from ..measure.cases import Case
from .calls import Calls

compiled = tf.function(jit_compile=True)


@compiled
def add_relu(x, y):
    return tf.nn.relu(x + y)


def vector_dot(x, y):
    return tf.einsum("i,i->", x, y)


def matrix_vector_dot(x, y):
    return tf.einsum("ij,j->i", x, y)


def dense(x, w, b):
    return tf.nn.relu(tf.nn.bias_add(tf.matmul(x, w), b))


def relu_grad(x, y):
    return tf.raw_ops.ReluGrad(gradients=x, features=y)


def sum_rows(x):
    return tf.reduce_sum(x, axis=0)


def softmax_cross_entropy(logits, labels):
    return tuple(tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(features=logits, labels=labels))


@compiled
def sgd_update(w, g, learning_rate):
    w.assign_sub(learning_rate * g)


@compiled
def momentum_update(w, m, g, learning_rate, momentum):
    m.assign(momentum * m - learning_rate * g)
    w.assign_add(m)


@compiled
def rmsprop_update(w, v, g, learning_rate, rho, epsilon):
    v.assign(rho * v + (1 - rho) * tf.square(g))
    w.assign_sub(learning_rate * g / tf.sqrt(v + epsilon))


@compiled
def adam_update(w, m, v, g, learning_rate, beta_1, beta_2, epsilon, step):
    m.assign_add((1 - beta_1) * (g - m))
    v.assign_add((1 - beta_2) * (tf.square(g) - v))
    rate = learning_rate * (1 - beta_2**step) ** 0.5 / (1 - beta_1**step)
    w.assign_sub(rate * m / (tf.sqrt(v) + epsilon))


class Tensorflow(Calls):
    version = f"TensorFlow {tf.__version__}"
    functions: ClassVar = {
        "relu": tf.nn.relu,
        "add": tf.add,
        "add_matrix_and_vector": tf.add,
        "maximum": tf.maximum,
        "add_relu": add_relu,
        "vector_dot": vector_dot,
        "matrix_vector_dot": matrix_vector_dot,
        "dot": tf.matmul,
        "softmax": tf.nn.softmax,
        "dense": dense,
        "relu_grad": relu_grad,
        "sum_rows": sum_rows,
        "softmax_cross_entropy": softmax_cross_entropy,
        "sgd_update": sgd_update,
        "momentum_update": momentum_update,
        "rmsprop_update": rmsprop_update,
        "adam_update": adam_update,
    }

    def __init__(self, threads: int) -> None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)  # one operation at a time

    def function(self, case: Case) -> Callable | None:
        if not case.transposed:
            return super().function(case)
        return partial(tf.matmul, transpose_a="x" in case.transposed, transpose_b="y" in case.transposed)

    def own(self, array: np.ndarray, changed: bool) -> Any:
        """Its tensors have no strides: of a transposed view it gets the matrix itself."""
        make = tf.Variable if changed else tf.constant
        return make(array if array.flags.c_contiguous else array.T)
