"""TensorFlow's `tf.linalg`: names for the operations on matrices."""
# ruff: noqa: F401

from ._missing import missing
from .nn import l2_normalize
from .ops import (
    band_part,
    det,
    diag,
    diag_part,
    einsum,
    eye,
    global_norm,
    inv,
    lstsq,
    matmul,
    matrix_transpose,
    matvec,
    norm,
    normalize,
    solve,
    tensordot,
    trace,
)

__getattr__ = missing(__name__)
