"""TensorFlow's `tf.math`: names for the operations. Tensors, shapes, dtypes and errors: as `pynn` says."""
# ruff: noqa: F401, I001

from .support.missing import missing
from .ops import (
    abs, acos, acosh, add, add_n, argmax, argmin, asin, asinh, atan, atan2, atanh, bincount, ceil, confusion_matrix,
    cos, cosh, count_nonzero, cumprod, cumsum, divide, divide_no_nan, equal, erf, exp, expm1, floor, floordiv, greater,
    greater_equal, in_top_k, is_finite, is_inf, is_nan, l2_normalize, less, less_equal, log, log1p, log_sigmoid,
    log_softmax, logical_and, logical_not, logical_or, logical_xor, maximum, minimum, mod, multiply, multiply_no_nan,
    negative, not_equal, pow, reciprocal, reduce_all, reduce_any, reduce_euclidean_norm, reduce_logsumexp, reduce_max,
    reduce_mean, reduce_min, reduce_prod, reduce_std, reduce_sum, reduce_variance, round, rsqrt, sigmoid, sign, sin,
    sinh, softmax, softplus, softsign, sqrt, square, squared_difference, subtract, tan, tanh, top_k, xdivy, xlog1py,
    xlogy, zero_fraction,
)  # fmt: skip

floormod, truediv, rint = mod, divide, round

__getattr__ = missing(__name__)
