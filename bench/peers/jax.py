"""JAX: jitted functions, waited for. Its arrays never change, so an update gives its arrays up (donates them) for the
results, which may use their memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..measure.cases import Case
from .calls import Calls


class Jax(Calls):
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

        self.jax, self.version = jax, f"JAX {jax.__version__}"
        self.functions = {
            "relu": jax.nn.relu,
            "add": jnp.add,
            "add_matrix_and_vector": jnp.add,
            "maximum": jnp.maximum,
            "add_relu": lambda x, y: jax.nn.relu(x + y),
            "vector_dot": jnp.dot,
            "matrix_vector_dot": jnp.dot,
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
        """Its arrays have no strides: of a transposed view it gets the matrix itself."""
        mine = self.jax.device_put(array if array.flags.c_contiguous else array.T)
        return [mine] if changed else mine

    def numpy(self, array: Any) -> np.ndarray:
        return np.asarray(array[0] if isinstance(array, list) else array)
