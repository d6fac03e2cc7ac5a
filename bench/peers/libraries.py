"""PyTorch, JAX and TensorFlow: what a user writes for each operation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..measure.cases import Case
from ..measure.timing import Statement
from .calls import Calls


class Torch(Calls):
    """Eager and without gradients; the update by its in-place operations."""

    def __init__(self, threads: int) -> None:
        import torch

        def rmsprop_update(w, v, g, learning_rate, rho, epsilon):
            v.mul_(rho).addcmul_(g, g, value=1 - rho)
            w.addcdiv_(g, (v + epsilon).sqrt_(), value=-learning_rate)

        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
        self.from_numpy, self.version = torch.from_numpy, f"PyTorch {torch.__version__.partition('+')[0]}"
        self.functions = {
            "relu": torch.relu,
            "add": torch.add,
            "maximum": torch.maximum,
            "add_relu": Statement("add(x, y).relu_()", add=torch.add),
            "vector_dot": torch.dot,
            "matrix_vector_dot": torch.mv,
            "dot": torch.mm,
            "softmax": Statement("softmax(x, -1)", softmax=torch.softmax),
            "dense": lambda x, w, b: torch.addmm(b, x, w).relu_(),
            "rmsprop_update": rmsprop_update,
        }

    def own(self, array: np.ndarray, changed: bool) -> Any:
        return self.from_numpy(array)


class Jax(Calls):
    """Jitted functions, waited for. Its arrays never change, so an update gives its arrays up (donates them) for the
    results, which may use their memory."""

    strides = False

    def __init__(self, threads: int) -> None:
        """XLA makes a thread for each CPU that the process may use: the worker has confined it to so many."""
        import jax
        from jax import numpy as jnp

        def updated(w, v, g, learning_rate, rho, epsilon):
            v = rho * v + (1 - rho) * g * g
            return w - learning_rate * g / jnp.sqrt(v + epsilon), v

        jitted = jax.jit(updated, donate_argnums=(0, 1), static_argnums=(3, 4, 5))  # the scalars are compiled in

        def rmsprop_update(w, v, *more):  # of lists that hold one array
            w[0], v[0] = jitted(w[0], v[0], *more)
            w[0].block_until_ready()

        jax.config.update("jax_enable_x64", True)  # else float64 becomes float32
        self.jax, self.version = jax, f"JAX {jax.__version__}"
        self.functions = {
            "relu": jax.nn.relu,
            "add": jnp.add,
            "maximum": jnp.maximum,
            "add_relu": lambda x, y: jax.nn.relu(x + y),
            "dot": jnp.dot,
            "softmax": jax.nn.softmax,
            "dense": lambda x, w, b: jax.nn.relu(x @ w + b),
            "rmsprop_update": rmsprop_update,
        }

    def function(self, case: Case) -> Callable | None:
        operation = super().function(case)
        if operation is None or case.operation == "rmsprop_update":
            return operation
        turned = [axis in case.transposed for axis, _ in zip("xyw", case.shapes, strict=False)]

        @self.jax.jit
        def jitted(*arrays):  # inside of it a transpose costs no copy
            return operation(*(a.T if turn else a for a, turn in zip(arrays, turned, strict=True)))

        return lambda *arrays: jitted(*arrays).block_until_ready()

    def own(self, array: np.ndarray, changed: bool) -> Any:
        mine = self.jax.device_put(array)
        return [mine] if changed else mine

    def numpy(self, array: Any) -> np.ndarray:
        return np.asarray(array[0] if isinstance(array, list) else array)


class Tensorflow(Calls):
    """Eager operations, and functions compiled by XLA where one fused pass beats several; the update assigns to
    Variables.

    Calling a tf.function costs 0.2 ms more than an eager operation: dense is faster without. einsum is the shortest of
    its ways to a product with a vector, tensordot takes ten times as long.
    """

    strides = False

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
        return (self.tf.Variable if changed else self.tf.constant)(array)
