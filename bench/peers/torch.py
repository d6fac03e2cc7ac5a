"""PyTorch, eager and without gradients; updates by its in-place operations."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch

from ..measure.statement import Statement
from .calls import Calls


def dense(x, w, b):
    return torch.addmm(b, x, w).relu_()


def softmax_cross_entropy(logits, labels):
    z, places = torch.log_softmax(logits, -1), labels[:, None]
    losses = z.gather(1, places).neg_()[:, 0]
    return losses, z.exp_().scatter_add_(1, places, torch.full(places.shape, -1.0))


def sgd_update(w, g, learning_rate):
    w.sub_(g, alpha=learning_rate)


def momentum_update(w, m, g, learning_rate, momentum):
    m.mul_(momentum).sub_(g, alpha=learning_rate)
    w.add_(m)


def rmsprop_update(w, v, g, learning_rate, rho, epsilon):
    v.mul_(rho).addcmul_(g, g, value=1 - rho)
    w.addcdiv_(g, (v + epsilon).sqrt_(), value=-learning_rate)


def adam_update(w, m, v, g, learning_rate, beta_1, beta_2, epsilon, step):
    m.lerp_(g, 1 - beta_1)
    v.mul_(beta_2).addcmul_(g, g, value=1 - beta_2)
    rate = learning_rate * (1 - beta_2**step) ** 0.5 / (1 - beta_1**step)
    w.addcdiv_(m, v.sqrt().add_(epsilon), value=-rate)


class Torch(Calls):
    version = f"PyTorch {torch.__version__.partition('+')[0]}"
    functions: ClassVar = {
        "relu": torch.relu,
        "add": torch.add,
        "add_matrix_and_vector": torch.add,
        "maximum": torch.maximum,
        "add_relu": Statement("add(x, y).relu_()", add=torch.add),
        "vector_dot": torch.dot,
        "matrix_vector_dot": torch.mv,
        "dot": torch.mm,
        "softmax": Statement("softmax(x, -1)", softmax=torch.softmax),
        "dense": dense,
        "relu_grad": Statement("grad(x, y, 0)", grad=torch.ops.aten.threshold_backward),  # autograd's
        "sum_rows": Statement("x.sum(0)"),
        "softmax_cross_entropy": softmax_cross_entropy,
        "sgd_update": sgd_update,
        "momentum_update": momentum_update,
        "rmsprop_update": rmsprop_update,
        "adam_update": adam_update,
    }
    into: ClassVar = {
        "relu": Statement("", "clamp_min(x, 0, out=out)", clamp_min=torch.clamp_min),  # torch.relu has no out=
        "add": torch.add,
        "maximum": torch.maximum,
        "add_relu": Statement("", "add(x, y, out=out).relu_()", add=torch.add),
    }

    def __init__(self, threads: int) -> None:
        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)

    def own(self, array: np.ndarray, changed: bool) -> Any:
        return torch.from_numpy(array)
