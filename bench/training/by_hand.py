"""The network by hand, where a library has arrays and no layers: NumPy and JAX. RMSprop with Keras's rule."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..measure import numpy_operations
from ..network import EPSILON, RATE, RHO, Task


def one_by_one(update: Callable) -> Callable:
    """An update of lists of arrays by that of an array."""

    def updates(w: list, v: list, g: list, *options: float) -> None:
        for arrays in zip(w, v, g, strict=True):
            update(*arrays, *options)

    return updates


class Operations(NamedTuple):
    """What a step of the network is made of; `add`, `relu` and `relu_grad` may write into their first argument. What
    has no ladder NumPy does by default."""

    dot: Callable
    add: Callable
    relu: Callable
    softmax_cross_entropy: Callable
    rmsprop_update: Callable  # of lists
    dense: Callable | None = None  # None: by dot, add and relu
    take_rows: Callable = operator.getitem
    sum_rows: Callable = partial(np.sum, axis=0)
    relu_grad: Callable = lambda g, y: np.multiply(g, y > 0, out=g)
    top_matches: Callable = lambda logits, labels: logits.argmax(axis=1) == labels
    total: Callable = np.sum
    weight_gradient: Callable | None = None  # of x.T and the gradient of the layer's output; None: by dot


class Network:
    """Three sizes, float32, computed by these operations: NumPy's own, or those of a rung of the epoch's ladder."""

    def __init__(self, task: Task, operations: Operations) -> None:
        self.operations, self.batch, self.rng = operations, task.batch, np.random.default_rng(task.seed)
        self.weights = task.weights()
        self.squares = [np.zeros_like(w) for w in self.weights]

    def use(self, x: np.ndarray, labels: np.ndarray) -> None:
        self.x, self.labels = x, labels

    def epoch(self) -> tuple[float, float]:
        order, m = self.rng.permutation(len(self.x)), len(self.x)
        losses, right = zip(*(self.step(order[i : i + self.batch]) for i in range(0, m, self.batch)), strict=True)
        return sum(losses) / m, sum(right) / m

    def step(self, rows: np.ndarray) -> tuple[float, int]:
        """On one batch: the sum of its losses, and how many answers are right."""
        take_rows = self.operations.take_rows
        loss, right, slopes = self.gradients(take_rows(self.x, rows), take_rows(self.labels, rows))
        self.operations.rmsprop_update(self.weights, self.squares, slopes, RATE, RHO, EPSILON)
        return loss, right

    def gradients(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, int, list[np.ndarray]]:
        """As `step`, and the gradient of the mean loss by w1, b1, w2, b2."""
        of = self.operations
        h, logits = self.forward(x)
        losses, g = of.softmax_cross_entropy(logits, labels)
        g /= len(x)
        dh = of.relu_grad(of.dot(g, self.weights[2].T), h)
        product = of.weight_gradient or of.dot
        loss, right = float(of.total(losses)), int(of.total(of.top_matches(logits, labels)))
        return loss, right, [product(x.T, dh), of.sum_rows(dh), product(h.T, g), of.sum_rows(g)]

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The hidden layer's output and the logits."""
        w1, b1, w2, b2 = self.weights
        h = self.layer(x, w1, b1, "relu")
        return h, self.layer(h, w2, b2, None)

    def layer(self, x: np.ndarray, w: np.ndarray, b: np.ndarray, activation: str | None) -> np.ndarray:
        of = self.operations
        if of.dense:
            return of.dense(x, w, b, activation)
        z = of.add(of.dot(x, w), b)
        return of.relu(z) if activation else z

    def evaluate(self, x: np.ndarray, labels: np.ndarray) -> float:
        return np.mean(self.forward(x)[1].argmax(axis=1) == labels)


class Numpy(Network):
    """All that training is measured against. Buffers for its arrays, and weights in one flat vector, gain 2%."""

    def __init__(self, task: Task) -> None:
        self.version = f"NumPy {np.__version__}"
        super().__init__(task, Operations(
            np.dot,
            lambda z, b: np.add(z, b, out=z),
            lambda z: np.maximum(z, 0, out=z),
            numpy_operations.softmax_cross_entropy,
            one_by_one(numpy_operations.rmsprop_update),
        ))  # fmt: skip


class Jax:
    """One jitted scan over a whole epoch; weights and squares are donated."""

    def __init__(self, task: Task) -> None:
        import jax
        from jax import numpy as jnp

        def logits(weights: list, x: Any) -> Any:
            w1, b1, w2, b2 = weights
            return jnp.maximum(x @ w1 + b1, 0) @ w2 + b2

        def loss_and_right(weights: list, x: Any, labels: Any) -> tuple[Any, Any]:
            z = logits(weights, x)
            chosen = jnp.take_along_axis(jax.nn.log_softmax(z), labels[:, None], axis=1)
            return -chosen.mean(), (z.argmax(axis=1) == labels).sum()

        def updated(w: Any, v: Any, g: Any) -> tuple[Any, Any]:
            v = RHO * v + (1 - RHO) * g * g
            return w - RATE * g / jnp.sqrt(v + EPSILON), v

        def epoch(weights: list, squares: list, x: Any, labels: Any, order: Any) -> tuple:
            def step(state: tuple, rows: Any) -> tuple:
                weights, squares, loss_sum, right = state
                gradient = jax.value_and_grad(loss_and_right, has_aux=True)
                (loss, more), slopes = gradient(weights, x[rows], labels[rows])
                weights, squares = map(list, zip(*map(updated, weights, squares, slopes), strict=True))
                return (weights, squares, loss_sum + loss * len(rows), right + more), None

            whole = len(order) // task.batch * task.batch
            state = weights, squares, jnp.zeros(()), jnp.zeros((), jnp.int32)
            state, _ = jax.lax.scan(step, state, order[:whole].reshape(-1, task.batch))
            return step(state, order[whole:])[0] if whole < len(order) else state  # the last, smaller batch

        self.jnp, self.rng, self.version = jnp, np.random.default_rng(task.seed), f"JAX {jax.__version__}"
        self.run, self.logits = jax.jit(epoch, donate_argnums=(0, 1)), jax.jit(logits)
        self.weights = [jnp.asarray(w) for w in task.weights()]
        self.squares = [jnp.zeros_like(w) for w in self.weights]

    def use(self, x: np.ndarray, labels: np.ndarray) -> None:
        self.x, self.labels = self.jnp.asarray(x), self.jnp.asarray(labels, self.jnp.int32)

    def epoch(self) -> tuple[float, float]:
        order = self.jnp.asarray(self.rng.permutation(len(self.x)), self.jnp.int32)
        self.weights, self.squares, loss, right = self.run(self.weights, self.squares, self.x, self.labels, order)
        return float(loss) / len(order), int(right) / len(order)

    def evaluate(self, x: np.ndarray, labels: np.ndarray) -> float:
        return np.mean(np.asarray(self.logits(self.weights, x)).argmax(axis=1) == labels)
