"""The network in each library, as its careful user trains it: for epochs, process runs and small steps alike.

A contestant is made from a Task, in a process of its own, where it imports its library. It takes its data with `use`
(x float32 (m, d), labels int64 (m,)), then trains one epoch per call of `epoch`, which returns its mean loss and
accuracy. All start from the weights of `Task.weights` and shuffle by themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..measure.process import Library
from ..network import EPSILON, RATE, RHO, Task
from .by_hand import Jax, Numpy

BETAS = 0.9, 0.999  # Adam's in Keras, whose rate and epsilon are RMSprop's
# PyTorch adds epsilon outside the root, Keras inside: this one trains alike (loss of the first MNIST epoch .264, Keras
# .263; with 1e-7 .256, with the root of 1e-7 .277).
TORCH_RMSPROP_EPSILON = 1e-4


class _Keras:
    """What pynn and Keras have in common: all but the import."""

    def __init__(self, task: Task, keras: Any, version: str) -> None:
        keras.utils.set_random_seed(task.seed)
        *hidden, classes = task.sizes[1:]
        layers = [keras.layers.Dense(units, activation="relu") for units in hidden]
        layers.append(keras.layers.Dense(classes, activation="softmax"))
        self.model = keras.Sequential([keras.Input(shape=(task.sizes[0],)), *layers])
        self.model.compile(optimizer=task.optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        self.model.set_weights(task.weights())
        self.batch, self.version = task.batch, version

    def use(self, x: np.ndarray, labels: np.ndarray) -> None:
        self.x, self.labels = x, labels

    def epoch(self) -> tuple[float, float]:
        history = self.model.fit(self.x, self.labels, batch_size=self.batch, epochs=1, verbose=0).history
        return history["loss"][0], history["accuracy"][0]

    def evaluate(self, x: np.ndarray, labels: np.ndarray) -> float:
        return self.model.evaluate(x, labels, batch_size=2000, verbose=0)[1]


class Pynn(_Keras):
    def __init__(self, task: Task) -> None:
        import kernels
        from pynn import keras

        kernels.set_num_threads(task.threads)
        super().__init__(task, keras, f"pynn on {kernels.show_config()['instruction set']}")


class Keras(_Keras):
    def __init__(self, task: Task) -> None:
        import keras
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(task.threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(task.threads)
        super().__init__(task, keras, f"Keras {keras.__version__} on TensorFlow {tensorflow.__version__}")


class Torch:
    """Eager: batches gathered by index from a resident tensor; loss and accuracy stay tensors until the epoch's end."""

    def __init__(self, task: Task) -> None:
        import torch

        torch.manual_seed(task.seed)
        torch.set_num_threads(task.threads)
        self.torch, self.batch, self.version = torch, task.batch, f"PyTorch {torch.__version__}"
        weights, layers = map(torch.from_numpy, task.weights()), []
        for w, b in zip(weights, weights, strict=True):  # in pairs
            linear = torch.nn.Linear(*w.shape)
            linear.load_state_dict({"weight": w.T, "bias": b})
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
        with self.torch.inference_mode():
            return np.mean(self.model(self.torch.from_numpy(x)).argmax(dim=1).numpy() == labels)


CONTESTANTS = {
    "pynn": Library("kernels", Pynn),
    "NumPy": Library("numpy", Numpy),
    "PyTorch": Library("torch", Torch),
    "JAX": Library("jax", Jax, scattered=False),
    "Keras": Library("tensorflow", Keras, scattered=False),
}
