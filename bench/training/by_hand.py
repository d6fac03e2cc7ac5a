"""The network by hand, where a library has arrays and no layers: NumPy and JAX. RMSprop with Keras's rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..measure import numpy_operations
from ..network import EPSILON, RATE, RHO, Task


class Operations(NamedTuple):
    """What a step of the network is made of; `add` and `relu` may write into their first argument."""

    dot: Callable
    add: Callable
    relu: Callable
    softmax_cross_entropy: Callable
    rmsprop_update: Callable


class Network:
    """Three sizes, float32, computed by these operations: NumPy's own, or those of a rung of the ladder. What has no
    ladder (a batch's rows, sums over it, relu's gradient) NumPy does for all."""

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
        loss, right, slopes = self.gradients(self.x[rows], self.labels[rows])
        for w, v, g in zip(self.weights, self.squares, slopes, strict=True):
            self.operations.rmsprop_update(w, v, g, RATE, RHO, EPSILON)
        return loss, right

    def gradients(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, int, list[np.ndarray]]:
        """As `step`, and the gradient of the mean loss by w1, b1, w2, b2."""
        dot, softmax_cross_entropy = self.operations.dot, self.operations.softmax_cross_entropy
        h, logits = self.forward(x)
        losses, g = softmax_cross_entropy(logits, labels)
        g /= len(x)
        dh = dot(g, self.weights[2].T)
        dh *= h > 0
        right = int(np.count_nonzero(logits.argmax(axis=1) == labels))
        return float(losses.sum()), right, [dot(x.T, dh), dh.sum(axis=0), dot(h.T, g), g.sum(axis=0)]

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The hidden layer's output and the logits."""
        dot, add, relu, *_ = self.operations
        w1, b1, w2, b2 = self.weights
        h = relu(add(dot(x, w1), b1))
        return h, add(dot(h, w2), b2)

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
            numpy_operations.rmsprop_update,
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
