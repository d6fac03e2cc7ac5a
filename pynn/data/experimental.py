"""TensorFlow's `tf.data.experimental`: older names."""

from __future__ import annotations

from .._missing import missing
from ..tensor import Tensor
from .dataset import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset

__all__ = ["AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "cardinality"]


def cardinality(dataset: Dataset) -> Tensor:
    """dataset.cardinality()."""
    return dataset.cardinality()


__getattr__ = missing(__name__)
