"""TensorFlow's `tf.data`: datasets that are read in passes, made of arrays or generators and transformed."""

from .._missing import missing
from . import experimental
from .dataset import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset

__all__ = ["AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "Dataset", "experimental"]

__getattr__ = missing(__name__)
