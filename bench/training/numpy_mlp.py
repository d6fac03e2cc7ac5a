"""The 784-512-10 network and RMSprop by hand in NumPy: float32, every array allocated once, no avoidable pass.

It is what training is measured against, so it does what a careful user would: gathers each batch into a buffer,
takes the gradient of softmax and cross-entropy in one expression, and updates all weights as one flat vector.
"""

from __future__ import annotations

import numpy as np

RATE, RHO, EPSILON = 0.001, 0.9, 1e-7  # RMSprop's in Keras


class NumpyMLP:
    """relu(x w1 + b1) w2 + b2, softmax, cross-entropy of integer labels, RMSprop with Keras's defaults."""

    def __init__(self, weights: list[np.ndarray], batch: int) -> None:
        """weights: w1 (d, h), b1 (h,), w2 (h, n), b2 (n,), copied; batch: the most rows in one step."""
        self.flat = np.concatenate([w.ravel() for w in weights])
        self.slopes, self.squares, self.scratch = (np.zeros_like(self.flat) for _ in range(3))
        ends = np.cumsum([w.size for w in weights])[:-1]
        self.w1, self.b1, self.w2, self.b2 = self._views(self.flat, ends, weights)
        self.dw1, self.db1, self.dw2, self.db2 = self._views(self.slopes, ends, weights)
        inputs, hidden = self.w1.shape
        self.x = np.empty((batch, inputs), np.float32)
        self.h, self.dh = np.empty((batch, hidden), np.float32), np.empty((batch, hidden), np.float32)
        self.z = np.empty((batch, len(self.b2)), np.float32)
        self.rows = np.arange(batch)

    @staticmethod
    def _views(flat: np.ndarray, ends: np.ndarray, like: list[np.ndarray]) -> list[np.ndarray]:
        return [part.reshape(w.shape) for part, w in zip(np.split(flat, ends), like, strict=True)]

    def epoch(self, x: np.ndarray, labels: np.ndarray, order: np.ndarray) -> tuple[float, float]:
        """One pass over all rows, in this order: mean loss and accuracy, as fit reports them."""
        loss, right, batch = 0.0, 0, len(self.x)
        for start in range(0, len(x), batch):
            rows = order[start : start + batch]
            xs = np.take(x, rows, axis=0, out=self.x[: len(rows)], mode="clip")
            step_loss, step_right = self.step(xs, labels[rows])
            loss += step_loss
            right += step_right
        return loss / len(x), right / len(x)

    def step(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, int]:
        """Forward, backward, update on one batch; the sum of its losses and the number of right answers."""
        m = len(x)
        rows, h, dh, z = self.rows[:m], self.h[:m], self.dh[:m], self.z[:m]
        np.dot(x, self.w1, out=h)
        h += self.b1
        np.maximum(h, 0, out=h)
        np.dot(h, self.w2, out=z)
        z += self.b2
        right = int(np.count_nonzero(z.argmax(axis=1) == labels))
        z -= z.max(axis=1, keepdims=True)
        loss = -float(z[rows, labels].sum())
        np.exp(z, out=z)
        total = z.sum(axis=1, keepdims=True)
        loss += float(np.log(total).sum())
        total *= m  # the gradient of the mean: (softmax - onehot) / m
        z /= total
        z[rows, labels] -= np.float32(1 / m)
        np.dot(h.T, z, out=self.dw2)
        np.sum(z, axis=0, out=self.db2)
        np.dot(z, self.w2.T, out=dh)
        dh *= h > 0
        np.dot(x.T, dh, out=self.dw1)
        np.sum(dh, axis=0, out=self.db1)
        self.update()
        return loss, right

    def update(self) -> None:
        g, v, t = self.slopes, self.squares, self.scratch
        np.multiply(g, g, out=t)
        t *= 1 - RHO
        v *= RHO
        v += t
        np.add(v, EPSILON, out=t)
        np.sqrt(t, out=t)
        np.divide(g, t, out=t)
        t *= RATE
        self.flat -= t
