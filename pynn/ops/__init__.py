"""The differentiable operations. `tf.*`, `tf.math`, `tf.nn` and `tf.linalg` are names for these."""
# ruff: noqa: F401, I001

from .arithmetic import (
    abs, add, add_n, atan2, bias_add, broadcast_to, ceil, clip_by_value, divide, divide_no_nan, exp, floor, floordiv,
    log, maximum, minimum, mod, multiply, negative, pow, root, round, sigmoid, sign, sqrt, square, squared_difference,
    subtract, tanh, where,
)  # fmt: skip
from ._chain import masked, multiply_no_nan, quotient
from .compare import (
    bitwise_and, bitwise_or, bitwise_xor, equal, greater, greater_equal, invert, is_finite, is_inf, is_nan, less,
    less_equal, logical_and, logical_not, logical_or, logical_xor, not_equal, same,
)  # fmt: skip
from .functions import (
    acos, acosh, asin, asinh, atan, atanh, cos, cosh, elu, erf, expm1, gelu, leaky_relu, log1p, log_sigmoid, reciprocal,
    relu6, rsqrt, selu, silu, sin, sinh, softplus, softsign, tan, xdivy, xlog1py, xlogy,
)  # fmt: skip
from .network import dense, log_softmax, matmul, relu, softmax, softmax_cross_entropy
from .reduce import reduce_mean, reduce_sum
from .extremes import argmax, argmin, reduce_max, reduce_min
from .statistics import (
    batch_normalization, count_nonzero, cumprod, cumsum, l2_loss, moments, reduce_all, reduce_any,
    reduce_euclidean_norm, reduce_logsumexp, reduce_prod, reduce_std, reduce_variance, zero_fraction,
)  # fmt: skip
from .crossentropy import (
    sigmoid_cross_entropy_with_logits, softmax_cross_entropy_with_logits, sparse_softmax_cross_entropy_with_logits,
    weighted_cross_entropy_with_logits,
)  # fmt: skip
from .make import (
    constant, eye, fill, linspace, meshgrid, one_hot, ones, ones_like, pad, range, repeat, reverse, roll, sequence_mask,
    tile, zeros, zeros_like,
)  # fmt: skip
from ..engine.convert import cast, identity, stack
from .jacobian import batch_jacobian, jacobian
from .layout import concat, embedding_lookup, expand_dims, rank, reshape, shape, size, split, squeeze, stop_gradient
from .layout import transpose, unstack
from .index import boolean_mask, gather, gather_nd, getitem, scatter_nd, tensor_scatter_nd_add, tensor_scatter_nd_sub
from .index import slice_, tensor_scatter_nd_update
from .order import argsort, bincount, confusion_matrix, in_top_k, searchsorted, sort, top_k, unique, unique_with_counts
from .linalg import (
    band_part, clip_by_global_norm, clip_by_norm, det, diag, diag_part, einsum, global_norm, inv, l2_normalize, lstsq,
    matrix_transpose, matvec, norm, normalize, solve, tensordot, trace,
)  # fmt: skip
from ..engine.tensor import operations as _operations

_called = (  # by the operators of Tensors, and by methods of variables and tapes
    abs, add, batch_jacobian, bitwise_and, bitwise_or, bitwise_xor, divide, equal, floordiv, getitem, greater,
    greater_equal, invert, jacobian, less, less_equal, matmul, mod, multiply, negative, not_equal, pow, same, subtract,
    tensor_scatter_nd_add, tensor_scatter_nd_sub, tensor_scatter_nd_update,
)  # fmt: skip
_operations.update({operation.__name__: operation for operation in _called})
