"""TensorFlow: eager operations, and functions compiled by XLA where one fused pass beats several; the update assigns
to Variables.

Calling a tf.function costs 0.2 ms more than an eager operation: dense is faster without. einsum is the shortest of its
ways to a product with a vector, tensordot takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..measure.cases import Case
from .calls import Calls


class Tensorflow(Calls):
    def __init__(self, threads: int) -> None:
        import tensorflow as tf

        compiled = tf.function(jit_compile=True)

        @compiled
        def rmsprop_update(w, v, g, learning_rate, rho, epsilon):
            v.assign(rho * v + (1 - rho) * tf.square(g))
            w.assign_sub(learning_rate * g / tf.sqrt(v + epsilon))

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)  # one operation at a time
        self.tf, self.version = tf, f"TensorFlow {tf.__version__}"
        self.functions = {
            "relu": tf.nn.relu,
            "add": tf.add,
            "add_matrix_and_vector": tf.add,
            "maximum": tf.maximum,
            "add_relu": compiled(lambda x, y: tf.nn.relu(x + y)),
            "vector_dot": lambda x, y: tf.einsum("i,i->", x, y),
            "matrix_vector_dot": lambda x, y: tf.einsum("ij,j->i", x, y),
            "dot": tf.matmul,
            "softmax": tf.nn.softmax,
            "dense": lambda x, w, b: tf.nn.relu(tf.nn.bias_add(tf.matmul(x, w), b)),
            "rmsprop_update": rmsprop_update,
        }

    def function(self, case: Case) -> Callable | None:
        if not case.transposed:
            return super().function(case)
        return partial(self.tf.matmul, transpose_a="x" in case.transposed, transpose_b="y" in case.transposed)

    def own(self, array: np.ndarray, changed: bool) -> Any:
        """Its tensors have no strides: of a transposed view it gets the matrix itself."""
        make = self.tf.Variable if changed else self.tf.constant
        return make(array if array.flags.c_contiguous else array.T)
