"""TensorFlow's `tf.dtypes`: the element types, and conversion between them."""
# ruff: noqa: F401, I001

from .engine.dtypes import (
    DType, as_dtype, float16, float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64,
)  # fmt: skip
from .engine.dtypes import bool_ as bool
from .ops import cast
from .support.missing import missing

__getattr__ = missing(__name__)
