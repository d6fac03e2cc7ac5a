"""A thin training stack on `kernels`, under TensorFlow's names: `import pynn as tf`."""
# ruff: noqa: F401, I001

from .tensor import Tensor  # first, because tensors and operations import each other
from .convert import constant, convert_to_tensor
from .dtypes import DType, InvalidArgumentError, TensorShape, as_dtype, float16, float32, float64
from .dtypes import bool_ as bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64
from .ops import (
    abs, add, argmax, argmin, broadcast_to, cast, clip_by_value, concat, divide, equal, exp, expand_dims, fill, gather,
    greater, greater_equal, identity, less, less_equal, logical_and, logical_not, logical_or, matmul, maximum, minimum,
    multiply, negative, not_equal, one_hot, ones, ones_like, pow, range, reduce_all, reduce_any, reduce_max,
    reduce_mean, reduce_min, reduce_sum, reshape, sigmoid, sign, sqrt, square, squeeze, stack, stop_gradient, subtract,
    tanh, transpose, where, zeros, zeros_like,
)  # fmt: skip
from .tape import GradientTape
from .variable import Variable
from . import keras, math, nn, random  # last: they are written with the names above

__version__ = "0.1.0"
newaxis = None
