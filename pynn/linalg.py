"""TensorFlow's `tf.linalg`: names for the operations on matrices.

The last two axes are a matrix's, (..., m, n); those before count matrices. Float32 or float64; the rest as `pynn` says.
"""
# ruff: noqa: F401, I001

from .ops import (
    band_part, det, diag, diag_part, einsum, eye, global_norm, inv, l2_normalize, lstsq, matmul, matrix_transpose,
    matvec, norm, normalize, solve, tensordot, trace,
)  # fmt: skip
from .support.missing import missing

__getattr__ = missing(__name__)
