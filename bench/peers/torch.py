"""PyTorch, eager and without gradients; the update by its in-place operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..measure.timing import Statement
from .calls import Calls


class Torch(Calls):
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
            "add_matrix_and_vector": torch.add,
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
