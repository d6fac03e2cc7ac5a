"""TensorFlow's `tf.nn`: the operations of networks. Tensors, shapes, dtypes and errors: as `pynn` says.

Logits (..., classes) are of floats; axis -1 is the last, of the classes or features.
"""
# ruff: noqa: F401, I001

from .ops import (
    batch_normalization, bias_add, elu, embedding_lookup, gelu, in_top_k, l2_loss, l2_normalize, leaky_relu,
    log_softmax, moments, relu, relu6, selu, sigmoid, sigmoid_cross_entropy_with_logits, silu, softmax,
    softmax_cross_entropy_with_logits, softplus, softsign, sparse_softmax_cross_entropy_with_logits, tanh, top_k,
    weighted_cross_entropy_with_logits, zero_fraction,
)  # fmt: skip
from .ops import silu as swish
from .ops.random import dropout
from .support.missing import missing

__getattr__ = missing(__name__)
