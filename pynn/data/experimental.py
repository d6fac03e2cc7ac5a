"""TensorFlow's `tf.data.experimental`: older names."""

from __future__ import annotations

from ..engine.tensor import Tensor
from ..support.missing import missing
from .dataset import Dataset
from .node import AUTOTUNE
from .node import INFINITE as INFINITE_CARDINALITY
from .node import UNKNOWN as UNKNOWN_CARDINALITY

__all__ = ["AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "cardinality"]


def cardinality(dataset: Dataset) -> Tensor:
    """dataset.cardinality()."""
    return dataset.cardinality()


__getattr__ = missing(__name__)
