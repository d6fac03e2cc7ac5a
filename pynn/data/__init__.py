"""TensorFlow's `tf.data`: datasets that are read in passes, made of arrays or generators and transformed."""

from ..support.missing import missing
from . import experimental
from ._iterator import OwnedIterator as Iterator
from ._spec import DatasetSpec
from .dataset import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset

__all__ = [
    "AUTOTUNE",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
    "Dataset",
    "DatasetSpec",
    "Iterator",
    "experimental",
]

__getattr__ = missing(__name__)
