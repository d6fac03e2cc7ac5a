"""Regularizers: functions of a weight (or of a layer's output) whose value is added to the loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .. import ops
from ..engine.convert import operand
from ..engine.tensor import Operators, Tensor
from ..engine.typing import TensorLike
from ..support.missing import missing
from .common import configuration
from .common.configuration import Configured, resolve

__all__ = ["L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer", "deserialize", "get", "l1", "l1_l2", "l2",
           "serialize"]  # fmt: skip


class Regularizer(Configured):
    """Base class: a subclass computes a scalar in `__call__`."""

    _module = "keras.regularizers"

    def __call__(self, x: TensorLike) -> Tensor:
        raise NotImplementedError


class L1L2(Regularizer):
    """l1 * sum(|x|) + l2 * sum(x^2)

    l1, l2: finite numbers of 0 or more; None for 0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = _rate("l1", l1, 0.0), _rate("l2", l2, 0.0)

    def __call__(self, x: TensorLike) -> Tensor:
        x = operand(x)
        total = ops.zeros((), x.dtype)
        for rate, values in ((self.l1, ops.abs), (self.l2, ops.square)):
            total = total + rate * ops.reduce_sum(values(x)) if rate else total
        return total


class L1(L1L2):
    """l1 * sum(|x|)

    l1: a finite number of 0 or more; None for 0.01
    """

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=_rate("l1", l1))


class L2(L1L2):
    """l2 * sum(x^2)

    l2: a finite number of 0 or more; None for 0.01
    """

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=_rate("l2", l2))


class OrthogonalRegularizer(Regularizer):
    """factor * mean(|cosine|) over the pairs of rows of a matrix, or of its columns.

    factor: a finite number of 0 or more; None for 0.01
    mode: "rows" or "columns"
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(f"`mode` is 'rows' or 'columns', got {mode!r}")
        self.factor, self.mode = _rate("factor", factor), mode

    def __call__(self, x: TensorLike) -> Tensor:
        x = operand(x)
        if len(x.shape) != 2:
            raise ValueError(f"Inputs to OrthogonalRegularizer must have 2 axes, got shape {x.shape}")
        vectors = x if self.mode == "rows" else ops.transpose(x)
        n = vectors.shape[0]
        norms = ops.sqrt(ops.maximum(ops.reduce_sum(ops.square(vectors), 1, keepdims=True), 1e-14))
        cosines = ops.matmul(vectors / norms, vectors / norms, transpose_b=True)
        others = ops.abs(cosines * (1 - np.eye(n, dtype=cosines.dtype.dtype)))
        return self.factor * (0.5 * ops.reduce_sum(others)) / (n * (n - 1) / 2)


def _rate(name: str, value: Any, default: float = 0.01) -> float:
    if value is None:
        return default
    if isinstance(value, (str, Operators)) or not 0 <= float(value) < float("inf"):
        raise ValueError(f"`{name}` must be a finite number of 0 or more, got {value!r}")
    return float(value)


l1, l2, l1_l2 = L1, L2, L1L2
_KNOWN = {"l1": L1, "l2": L2, "l1_l2": L1L2, "orthogonal_regularizer": OrthogonalRegularizer}
_KNOWN |= {c.__name__: c for c in _KNOWN.values()}


def get(identifier: Any) -> Callable[[Any], Any] | None:
    """A function for a name ("l1", "l2", "l1_l2": default rates), class, configuration or function; None for None."""
    return resolve("keras.regularizers", "regularizer", identifier, _KNOWN)


def serialize(regularizer: Any) -> Any:
    """What describes the regularizer in a configuration, in JSON's types."""
    return configuration.serialize(regularizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The regularizer that `serialize` described; custom_objects: a user's classes by name."""
    return get(configuration.deserialize(config, custom_objects, family="keras.regularizers"))


__getattr__ = missing(__name__)
