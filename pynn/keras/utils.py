"""Seeds, labels as one-hot rows, vectors of length 1, and a progress bar for users' loops."""

from __future__ import annotations

import random as python_random
from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import ops
from ..data.split import split_dataset
from ..engine.convert import as_array, convert_to_tensor
from ..engine.tensor import Operators
from ..engine.typing import TensorLike
from ..ops import random
from ..support.missing import missing
from ..support.neutral import neutral
from .common.configuration import deserialize as deserialize_keras_object
from .common.configuration import serialize as serialize_keras_object
from .common.registry import custom_object_scope, register_keras_serializable
from .training.sources import pack_x_y_sample_weight, unpack_x_y_sample_weight
from .training.streams import PyDataset

Sequence, CustomObjectScope = PyDataset, custom_object_scope

__all__ = [
    "CustomObjectScope", "Progbar", "PyDataset", "Sequence", "custom_object_scope", "deserialize_keras_object",
    "normalize", "pack_x_y_sample_weight", "register_keras_serializable", "serialize_keras_object", "set_random_seed",
    "split_dataset", "to_categorical", "unpack_x_y_sample_weight",
]  # fmt: skip


def set_random_seed(seed: int) -> None:
    """Seeds Python's, NumPy's and this package's random numbers: the same program gives the same bits."""
    if not isinstance(seed, (int, np.integer)):
        raise ValueError(f"Expected `seed` argument to be an integer, got {seed!r}")
    seed = int(seed)
    python_random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  users' own draws from NumPy's global generator repeat too
    random.set_seed(seed)


def to_categorical(x: TensorLike, num_classes: int | None = None) -> Any:
    """One-hot rows (..., n) of integer labels (...) or (..., 1), as in Keras a float64 array, a float32 Tensor of one.

    n is num_classes, by default the largest label + 1; ValueError for labels outside of it.
    """
    given = as_array(x)
    labels = given.astype(np.int64)
    if labels.size and not np.array_equal(given, labels):
        raise ValueError("to_categorical needs integer labels")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    n = num_classes or int(labels.max()) + 1
    if labels.size and (labels.min() < 0 or labels.max() >= n):
        raise ValueError(f"Labels from {labels.min()} to {labels.max()} do not fit num_classes={n}")
    if isinstance(x, Operators):
        return ops.one_hot(labels, n)
    return (labels[..., None] == np.arange(n)).astype(np.float64)


def normalize(x: TensorLike, axis: int = -1, order: int = 2) -> Any:
    """x / |x| along the axis, |x| = sum(|x|^order)^(1 / order), 0 where x is 0: an array of an array, else a Tensor."""
    if isinstance(x, np.ndarray):
        norm = np.linalg.norm(x, order, axis, keepdims=True)
        return x / np.where(norm == 0, 1, norm)
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"Argument `order` must be an int >= 1. Received: order={order}")
    x = convert_to_tensor(x)
    norm = ops.reduce_sum(ops.abs(x) ** order, axis, keepdims=True) ** (1 / order)
    return x / ops.maximum(norm, 1e-7)


class Progbar:
    """Progress over `target` steps, drawn by `update` and `add`, which take [(name, value), ...].

    Values are averaged over the steps since the last call; the last ones are shown as they are.

    target: number of steps; None: not known
    verbose: 0, silent; 1, a bar; 2, one line at the end
    stateful_metrics: names of values that are shown as they are; None for none
    unit_name: what a step is called
    """

    @neutral(width=20, interval=0.05, stateless_metrics=None)
    def __init__(
        self,
        target: int | None,
        *,
        verbose: int = 1,
        stateful_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        self.target, self.verbose, self.unit_name = target, verbose, unit_name
        self.stateful_metrics = frozenset(stateful_metrics or ())
        if verbose:
            from .training.progress import ProgressBar  # now: see training.loop
        self._bar = ProgressBar(verbose, unit_name) if verbose else None
        self._seen, self._started = 0, False
        self._sums: dict[str, tuple[float, int]] = {}

    def update(
        self, current: int, values: Iterable[tuple[str, Any]] | None = None, finalize: bool | None = None
    ) -> None:
        """`current` steps are done; at the target, or with finalize, the bar is left as it is."""
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        steps = max(current - self._seen, 1)
        for name, value in values or ():
            last = finalize or name in self.stateful_metrics
            total, count = (0.0, 1 - steps) if last else self._sums.get(name, (0.0, 0))
            self._sums[name] = total + float(value) * (1 if last else steps), count + steps
        self._seen = current
        if self._bar is None:
            return
        if not self._started:
            self._bar.set_params({"steps": self.target})
            self._bar.on_predict_begin()
        self._started = not finalize
        logs = {name: total / count for name, (total, count) in self._sums.items()}
        self._bar.on_train_batch_end(current - 1, logs)
        if finalize:
            self._bar.on_epoch_end(0, logs)

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """n more steps are done."""
        self.update(self._seen + n, values)


__getattr__ = missing(__name__)
