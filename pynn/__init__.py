"""A thin training stack on `kernels`, under TensorFlow's names: `import pynn as tf`.

What operations have in common, here and in `tf.math`, `tf.nn` and `tf.linalg`: a tensor is a Tensor, a Variable, or
numbers, lists and arrays, of which `convert_to_tensor` makes one. Element by element, the result has x's shape and
dtype. Two tensors broadcast as NumPy's arrays do, and have one dtype, which Python's numbers and lists take from the
other. A reduction goes over `axis`, an int, a list, or None for all; they go, or stay with size 1 by `keepdims`.
InvalidArgumentError, a ValueError: shapes, dtypes or values that do not fit; functions with fractions take no integers.
TypeError: no numbers, or an unknown dtype.
"""
# ruff: noqa: F401, I001

from .support import built_kernels  # first: its ImportError says how to build the kernels
from .support.version import __version__
from .engine.tensor import Tensor
from .engine.convert import convert_to_tensor
from .engine.dtypes import DType, as_dtype, float16, float32, float64
from .engine.errors import InvalidArgumentError
from .engine.shapes import TensorShape
from .engine.spec import TensorSpec
from .engine.dtypes import bool_ as bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64
from .ops import (
    abs, acos, acosh, add, add_n, argmax, argmin, argsort, asin, asinh, atan, atan2, atanh, boolean_mask, broadcast_to,
    cast, clip_by_global_norm, clip_by_norm, clip_by_value, concat, constant, cos, cosh, cumsum, divide, einsum, equal,
    exp, expand_dims, eye, fill, floor, gather, gather_nd, greater, greater_equal, identity, less, less_equal, linspace,
    logical_and, logical_not, logical_or, matmul, maximum, meshgrid, minimum, multiply, negative, norm, not_equal,
    one_hot, ones, ones_like, pad, pow, range, rank, reduce_all, reduce_any, reduce_logsumexp, reduce_max, reduce_mean,
    reduce_min, reduce_prod, reduce_sum, repeat, reshape, reverse, roll, round, scatter_nd, searchsorted,
    sequence_mask, shape, sigmoid, sign, sin, sinh, size, sort, split, sqrt, square, squeeze, stack, stop_gradient,
    subtract, tan, tanh, tensor_scatter_nd_add, tensor_scatter_nd_sub, tensor_scatter_nd_update, tensordot, tile,
    transpose, unique, unique_with_counts, unstack, where, zeros, zeros_like,
)  # fmt: skip
from .ops import slice_ as slice, divide as truediv
from .engine.tape import GradientTape, UnconnectedGradients
from .engine.variable import Variable
from .engine.module import Module
from .engine.context import executing_eagerly, get_logger, is_tensor
from .engine.scope import name_scope
from .ops.control import cond, custom_gradient, foldl, function, map_fn, scan, vectorized_map, while_loop
from .support.missing import missing
from . import autograph, config, debugging, dtypes, errors, linalg
from .ops.debugging import Assert, print
from . import data, distribute, keras, math, nest, nn, random, summary
from .keras import initializers, losses, metrics, optimizers

newaxis = None

__getattr__ = missing(__name__)
