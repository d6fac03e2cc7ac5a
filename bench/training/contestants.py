"""The same network and training in each library, as its careful user writes it; each class runs in its own process.

A contestant is made from a Task, takes its data with `use` (x float32 (m, d), labels int64 (m,), which all libraries
take), and then trains one epoch per call of `epoch`, which returns its mean loss and accuracy. All start from the
weights of `Task.weights` and shuffle by themselves. Libraries are imported inside the classes, one per process.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..measure.workers import Library
from .numpy_mlp import EPSILON, RATE, RHO, NumpyMLP

BETAS = 0.9, 0.999  # Adam's in Keras, whose rate and epsilon are RMSprop's
# PyTorch adds epsilon outside the root, Keras inside: this one trains alike (loss of the first MNIST epoch .264, Keras
# .263; with 1e-7 .256, with the root of 1e-7 .277).
TORCH_RMSPROP_EPSILON = 1e-4
EVALUATION_BATCH = 2000


@dataclass(frozen=True)
class Task:
    """A network of dense layers, relu inside and softmax at the end, and how it is trained."""

    sizes: tuple[int, ...]  # inputs, hidden units ..., classes
    optimizer: str  # "rmsprop" or "adam"
    batch: int
    threads: int
    seed: int = 0

    def weights(self) -> list[np.ndarray]:
        """w1 (d, h), b1 (h,), ...: Glorot's uniform, zeros; the same for everyone."""
        rng, found = np.random.default_rng(self.seed), []
        for n_in, n_out in zip(self.sizes, self.sizes[1:], strict=False):
            limit = (6 / (n_in + n_out)) ** 0.5
            found += [rng.uniform(-limit, limit, (n_in, n_out)).astype(np.float32), np.zeros(n_out, np.float32)]
        return found


class Numpy:
    """numpy_mlp.NumpyMLP, which is written for three sizes and RMSprop."""

    def __init__(self, task: Task) -> None:
        self.version = f"NumPy {np.__version__}"
        self.model, self.rng = NumpyMLP(task.weights(), task.batch), np.random.default_rng(task.seed)

    def use(self, x: np.ndarray, labels: np.ndarray) -> None:
        self.x, self.labels = x, labels

    def epoch(self) -> tuple[float, float]:
        return self.model.epoch(self.x, self.labels, self.rng.permutation(len(self.x)))

    def evaluate(self, x: np.ndarray, labels: np.ndarray) -> float:
        model, right = self.model, 0
        for start in range(0, len(x), EVALUATION_BATCH):
            rows = slice(start, start + EVALUATION_BATCH)
            h = np.maximum(np.dot(x[rows], model.w1) + model.b1, 0)
            right += np.count_nonzero((np.dot(h, model.w2) + model.b2).argmax(axis=1) == labels[rows])
        return right / len(x)


class _Keras:
    """What pynn and Keras have in common: all but the import."""

    def __init__(self, task: Task, keras: Any) -> None:
        keras.utils.set_random_seed(task.seed)
        *hidden, classes = task.sizes[1:]
        self.model = keras.Sequential([keras.Input(shape=(task.sizes[0],))])
        for units in hidden:
            self.model.add(keras.layers.Dense(units, activation="relu"))
        self.model.add(keras.layers.Dense(classes, activation="softmax"))
        self.model.compile(optimizer=task.optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        self.model.set_weights(task.weights())
        self.batch = task.batch

    def use(self, x: np.ndarray, labels: np.ndarray) -> None:
        self.x, self.labels = x, labels

    def epoch(self) -> tuple[float, float]:
        history = self.model.fit(self.x, self.labels, batch_size=self.batch, epochs=1, verbose=0).history
        return history["loss"][0], history["accuracy"][0]

    def evaluate(self, x: np.ndarray, labels: np.ndarray) -> float:
        return self.model.evaluate(x, labels, batch_size=EVALUATION_BATCH, verbose=0)[1]


class Pynn(_Keras):
    def __init__(self, task: Task) -> None:
        import kernels
        from pynn import keras

        kernels.set_num_threads(task.threads)
        self.version = f"pynn on {kernels.show_config()['instruction set']}"
        super().__init__(task, keras)


class KerasTensorflow(_Keras):
    def __init__(self, task: Task) -> None:
        os.environ["KERAS_BACKEND"] = "tensorflow"
        import keras
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(task.threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(task.threads)
        self.version = f"Keras {keras.__version__} on TensorFlow {tensorflow.__version__}"
        super().__init__(task, keras)


class Torch:
    """Eager: batches gathered by index from a resident tensor; loss and accuracy stay tensors until the epoch's end."""

    def __init__(self, task: Task) -> None:
        import torch

        torch.manual_seed(task.seed)
        torch.set_num_threads(task.threads)
        self.torch, self.batch, self.version = torch, task.batch, f"PyTorch {torch.__version__}"
        weights, layers = task.weights(), []
        for w, b in zip(weights[::2], weights[1::2], strict=True):
            linear = torch.nn.Linear(*w.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(w.T))
                linear.bias.copy_(torch.from_numpy(b))
            layers += [linear, torch.nn.ReLU()]
        self.model = torch.nn.Sequential(*layers[:-1])
        if task.optimizer == "adam":  # fused: the fastest of its three on a CPU, a quarter less per small step
            self.optimizer = torch.optim.Adam(self.model.parameters(), lr=RATE, betas=BETAS, eps=EPSILON, fused=True)
        else:
            self.optimizer = torch.optim.RMSprop(self.model.parameters(), lr=RATE, alpha=RHO, eps=TORCH_RMSPROP_EPSILON)

    def use(self, x: np.ndarray, labels: np.ndarray) -> None:
        self.x, self.labels = self.torch.from_numpy(x), self.torch.from_numpy(labels)

    def epoch(self) -> tuple[float, float]:
        torch, m = self.torch, len(self.x)
        loss_sum, right = torch.zeros(()), torch.zeros((), dtype=torch.int64)
        for rows in torch.randperm(m).split(self.batch):
            labels = self.labels[rows]
            logits = self.model(self.x[rows])
            loss = torch.nn.functional.cross_entropy(logits, labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            loss_sum += loss.detach() * len(rows)
            right += (logits.detach().argmax(dim=1) == labels).sum()
        return loss_sum.item() / m, right.item() / m

    def evaluate(self, x: np.ndarray, labels: np.ndarray) -> float:
        torch = self.torch
        with torch.inference_mode():
            right = sum(
                (self.model(rows).argmax(dim=1) == expected).sum()
                for rows, expected in zip(
                    torch.from_numpy(x).split(EVALUATION_BATCH),
                    torch.from_numpy(labels).split(EVALUATION_BATCH),
                    strict=True,
                )
            )
        return int(right) / len(x)


CONTESTANTS = {
    "pynn": Library("kernels", "training.contestants:Pynn"),
    "NumPy": Library("numpy", "training.contestants:Numpy"),
    "PyTorch": Library("torch", "training.contestants:Torch"),
    "JAX": Library("jax", "training.jax_mlp:Jax", scattered=False),
    "Keras": Library("tensorflow", "training.contestants:KerasTensorflow", scattered=False),
}
