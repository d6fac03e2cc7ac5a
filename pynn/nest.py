"""TensorFlow's `tf.nest`: lists, tuples and dicts of tensors."""
# ruff: noqa: F401

from .engine.nest import assert_same_structure, flatten, is_nested, map_structure, pack_sequence_as
from .support.missing import missing

__getattr__ = missing(__name__)
