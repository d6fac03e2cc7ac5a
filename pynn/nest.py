"""TensorFlow's `tf.nest`: lists, tuples and dicts of tensors."""
# ruff: noqa: F401

from .engine import nest as _nest
from .engine.nest import is_nested, map_structure
from .support.missing import missing
from .support.neutral import neutral as _neutral

flatten = _neutral(expand_composites=False)(_nest.flatten)
pack_sequence_as = _neutral(expand_composites=False)(_nest.pack_sequence_as)
assert_same_structure = _neutral(check_types=True, expand_composites=False)(_nest.assert_same_structure)

__getattr__ = missing(__name__)
