"""The network in JAX: one jitted scan over a whole epoch, RMSprop with Keras's rule, parameters donated.

relu inside, softmax and cross-entropy at the end. Made and called as the classes in contestants.py are.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .contestants import Task
from .numpy_mlp import EPSILON, RATE, RHO


def forward(parameters: list, x: Any) -> Any:
    """Logits (m, classes)."""
    (*hidden, last) = parameters
    for w, b in hidden:
        x = jnp.maximum(x @ w + b, 0)
    return x @ last[0] + last[1]


def loss_and_right(parameters: list, x: Any, labels: Any) -> tuple[Any, Any]:
    """The batch's mean loss, and how many answers are right."""
    logits = forward(parameters, x)
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)
    return -chosen.mean(), (logits.argmax(axis=1) == labels).sum()


def step(state: tuple, x: Any, labels: Any) -> tuple:
    parameters, squares, loss_sum, right = state
    (loss, step_right), slopes = jax.value_and_grad(loss_and_right, has_aux=True)(parameters, x, labels)
    squares = jax.tree.map(lambda v, g: RHO * v + (1 - RHO) * g * g, squares, slopes)
    parameters = jax.tree.map(lambda w, v, g: w - RATE * g / jnp.sqrt(v + EPSILON), parameters, squares, slopes)
    return parameters, squares, loss_sum + loss * len(labels), right + step_right


@partial(jax.jit, donate_argnums=(0, 1), static_argnums=5)
def epoch(parameters: list, squares: list, x: Any, labels: Any, order: Any, batch: int) -> tuple:
    full = len(order) // batch * batch
    state = (parameters, squares, jnp.zeros(()), jnp.zeros((), jnp.int32))
    state, _ = jax.lax.scan(
        lambda state, rows: (step(state, x[rows], labels[rows]), None), state, order[:full].reshape(-1, batch)
    )
    if full < len(order):  # the last, smaller batch
        state = step(state, x[order[full:]], labels[order[full:]])
    return state


class Jax:
    def __init__(self, task: Task) -> None:
        if task.optimizer != "rmsprop":
            raise ValueError(f"written for rmsprop, not {task.optimizer}")
        weights = [jnp.asarray(w) for w in task.weights()]
        self.parameters = list(zip(weights[::2], weights[1::2], strict=True))
        self.squares = jax.tree.map(jnp.zeros_like, self.parameters)
        self.batch, self.rng, self.version = task.batch, np.random.default_rng(task.seed), f"JAX {jax.__version__}"
        self.forward = jax.jit(forward)

    def use(self, x: np.ndarray, labels: np.ndarray) -> None:
        self.x, self.labels = jnp.asarray(x), jnp.asarray(labels, jnp.int32)

    def epoch(self) -> tuple[float, float]:
        order = jnp.asarray(self.rng.permutation(len(self.x)), jnp.int32)
        self.parameters, self.squares, loss, right = epoch(
            self.parameters, self.squares, self.x, self.labels, order, self.batch
        )
        return float(loss) / len(order), int(right) / len(order)

    def evaluate(self, x: np.ndarray, labels: np.ndarray) -> float:
        return float((self.forward(self.parameters, x).argmax(axis=1) == labels).mean())
