"""JAX: jitted functions, waited for. Its arrays never change, so there is no `out=`, and an update gives its arrays up
(donates them) for the results, which may use their memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ..measure.cases import SCALARS, WRITTEN, Case
from .calls import Calls


def add_relu(x, y):
    return jax.nn.relu(x + y)


def dense(x, w, b):
    return jax.nn.relu(x @ w + b)


def relu_grad(x, y):
    return jnp.where(y > 0, x, 0)


def sum_rows(x):
    return x.sum(axis=0)


def softmax_cross_entropy(logits, labels):
    z, one_hot = jax.nn.log_softmax(logits), jax.nn.one_hot(labels, logits.shape[-1])
    return -(z * one_hot).sum(axis=-1), jnp.exp(z) - one_hot


def sgd_update(w, g, learning_rate):
    return (w - learning_rate * g,)


def momentum_update(w, m, g, learning_rate, momentum):
    m = momentum * m - learning_rate * g
    return w + m, m


def rmsprop_update(w, v, g, learning_rate, rho, epsilon):
    v = rho * v + (1 - rho) * g * g
    return w - learning_rate * g / jnp.sqrt(v + epsilon), v


def adam_update(w, m, v, g, learning_rate, beta_1, beta_2, epsilon, step):
    m = m + (1 - beta_1) * (g - m)
    v = v + (1 - beta_2) * (g * g - v)
    rate = learning_rate * (1 - beta_2**step) ** 0.5 / (1 - beta_1**step)
    return w - rate * m / (jnp.sqrt(v) + epsilon), m, v


def updating(operation: Callable, written: int, scalars: int) -> Callable:
    """Of the arrays to change, each held in a list of one, then the gradient and the scalars, which are compiled in."""
    arrays = written + 1
    jitted = jax.jit(operation, donate_argnums=range(written), static_argnums=range(arrays, arrays + scalars))

    def update(*arguments):
        held = arguments[:written]
        new = jitted(*(one[0] for one in held), *arguments[written:])
        for one, array in zip(held, new, strict=True):
            one[0] = array
        new[0].block_until_ready()

    return update


class Jax(Calls):
    version = f"JAX {jax.__version__}"
    functions: ClassVar = {
        "relu": jax.nn.relu,
        "add": jnp.add,
        "add_matrix_and_vector": jnp.add,
        "maximum": jnp.maximum,
        "add_relu": add_relu,
        "vector_dot": jnp.dot,
        "matrix_vector_dot": jnp.dot,
        "dot": jnp.dot,
        "softmax": jax.nn.softmax,
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
        """XLA makes a thread for each CPU that the process may use: the worker has confined it to so many."""

    def function(self, case: Case) -> Callable | None:
        operation = super().function(case)
        if operation is None:
            return None
        if case.operation in WRITTEN:
            return updating(operation, WRITTEN[case.operation], len(SCALARS[case.operation]))
        turned = [axis in case.transposed for axis, _ in zip("xyw", case.shapes, strict=False)]

        @jax.jit
        def jitted(*arrays):  # inside of it a transpose costs no copy
            return operation(*(a.T if turn else a for a, turn in zip(arrays, turned, strict=True)))

        if case.operation == "softmax_cross_entropy":
            return lambda *arrays: jax.block_until_ready(jitted(*arrays))
        return lambda *arrays: jitted(*arrays).block_until_ready()  # faster, of one array

    def own(self, array: np.ndarray, changed: bool) -> Any:
        """Its arrays have no strides: of a transposed view it gets the matrix itself."""
        mine = jax.device_put(array if array.flags.c_contiguous else array.T)
        return [mine] if changed else mine

    def numpy(self, array: Any) -> np.ndarray:
        return np.asarray(array[0] if isinstance(array, list) else array)
