"""TensorFlow's `tf.nn`: the operations of networks."""
# ruff: noqa: F401, I001

from .ops import (
    elu, gelu, in_top_k, leaky_relu, log_softmax, relu, relu6, selu, sigmoid, silu, softmax, softplus, softsign, tanh,
    top_k,
)  # fmt: skip
from .ops import silu as swish
from .ops.nn import (
    batch_normalization, bias_add, dropout, embedding_lookup, l2_loss, l2_normalize, moments,
    sigmoid_cross_entropy_with_logits, softmax_cross_entropy_with_logits, sparse_softmax_cross_entropy_with_logits,
    weighted_cross_entropy_with_logits, zero_fraction,
)  # fmt: skip
from .support.missing import missing

__getattr__ = missing(__name__)
