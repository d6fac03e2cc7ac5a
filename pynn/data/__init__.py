"""TensorFlow's `tf.data`: datasets that are read in passes, made of arrays or generators and transformed."""

from ..support.missing import missing
from . import experimental
from .dataset import Dataset
from .iterator import OwnedIterator as Iterator
from .node import AUTOTUNE
from .node import INFINITE as INFINITE_CARDINALITY
from .node import UNKNOWN as UNKNOWN_CARDINALITY
from .specs import DatasetSpec

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
