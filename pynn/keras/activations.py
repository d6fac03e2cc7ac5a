"""Activation functions by name or as functions: any shape -> the same shape."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Any

from .. import ops
from ..engine.convert import convert_to_tensor, operand
from ..engine.tensor import Tensor
from ..engine.typing import TensorLike
from ..support.missing import missing
from . import config
from .common import configuration
from .common.registry import OURS
from .common.symbolic import KerasTensor


def _or_layer(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The function; of a KerasTensor, the output of a layer that calls it (Keras's functional API)."""

    @wraps(function)
    def activation(x: TensorLike, *args: Any, **options: Any) -> Any:
        if not isinstance(x, KerasTensor):
            return function(x, *args, **options)
        _, *more = inspect.signature(function).bind(x, *args, **options).arguments.items()
        called = partial(activation, **dict(more)) if more else activation
        return OURS["keras.layers", "Activation"](called)(x)

    activation.__module__, activation.__qualname__ = __name__, function.__name__  # where pickle finds it
    return activation


def _floats(x: TensorLike) -> Tensor:
    """The operand, integers as floatx."""
    x = operand(x)
    return x if x._array.dtype.kind == "f" else ops.cast(x, config.floatx())


def linear(x: Any) -> Tensor:
    """x"""
    return x


@_or_layer
def relu(x: TensorLike, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Tensor:
    """x from threshold up to max_value; below it negative_slope * (x - threshold)."""
    x = _floats(x) if negative_slope else operand(x)
    low = ops.cast(threshold or 0, x.dtype)
    y = ops.where(ops.greater(x, low), x, 0) if threshold else ops.relu(x)
    if max_value is not None:
        y = ops.minimum(y, ops.cast(max_value, x.dtype))
    return y - negative_slope * ops.relu(low - x) if negative_slope else y


@_or_layer
def sigmoid(x: TensorLike) -> Tensor:
    """1 / (1 + exp(-x)). The result carries x, as that of `softmax` does."""
    logits = convert_to_tensor(x)
    y = ops.sigmoid(logits)
    y._logits = logits
    return y


@_or_layer
def softmax(x: TensorLike, axis: int = -1) -> Tensor:
    """Probabilities along the axis. The result carries x, so that cross-entropy is computed from the logits."""
    logits = x if type(x) is Tensor else convert_to_tensor(x)
    y = ops.softmax(logits, axis)
    if axis in (-1, logits._array.ndim - 1):
        y._logits = logits
    return y


@_or_layer
def leaky_relu(x: TensorLike, negative_slope: float = 0.2) -> Tensor:
    """x, and negative_slope * x below 0: Maas et al. 2013."""
    return ops.leaky_relu(x, negative_slope)


@_or_layer
def elu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """x, and alpha * (exp(x) - 1) below 0: Clevert et al. 2016."""
    y = ops.elu(x)
    return y if alpha == 1 else ops.where(ops.greater(x, 0), y, alpha * y)


@_or_layer
def celu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """x, and alpha * (exp(x / alpha) - 1) below 0: Barron 2017."""
    return ops.maximum(x, 0.0) + alpha * ops.expm1(ops.minimum(x, 0.0) / alpha)


def _formula(name: str, text: str, formula: Callable[[Any], Tensor]) -> Callable[[Any], Tensor]:
    """The activation function of this name, docstring and formula."""
    formula.__name__, formula.__doc__, formula.__annotations__ = name, text, {"x": "Any", "return": "Tensor"}
    return _or_layer(formula)


exponential = _formula("exponential", "exp(x)", lambda x: ops.exp(_floats(x)))
tanh = _formula("tanh", "(exp(x) - exp(-x)) / (exp(x) + exp(-x))", lambda x: ops.tanh(_floats(x)))
mish = _formula("mish", "x * tanh(softplus(x)): Misra 2019.", lambda x: ops.multiply(x, ops.tanh(ops.softplus(x))))
hard_tanh = _formula("hard_tanh", "x limited to [-1, 1].", lambda x: ops.clip_by_value(x, -1.0, 1.0))
hard_sigmoid = _formula("hard_sigmoid", "x / 6 + 1/2 limited to [0, 1].", lambda x: ops.relu6(ops.add(x, 3.0)) / 6.0)
hard_silu = _formula("hard_silu", "x hard_sigmoid(x): Howard et al. 2019.", lambda x: ops.multiply(x, hard_sigmoid(x)))
gelu, log_sigmoid, log_softmax, relu6 = map(_or_layer, (ops.gelu, ops.log_sigmoid, ops.log_softmax, ops.relu6))
selu, silu, softplus, softsign = map(_or_layer, (ops.selu, ops.silu, ops.softplus, ops.softsign))
swish, hard_swish = silu, hard_silu
# the operations compute these functions' values, but not with what the layers and losses know about them
_OPERATIONS = {id(ops.relu): relu, id(ops.sigmoid): sigmoid, id(ops.softmax): softmax}
__all__ = [
    "celu", "deserialize", "elu", "exponential", "gelu", "get", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "serialize", "sigmoid",
    "silu", "softmax", "softplus", "softsign", "swish", "tanh",
]  # fmt: skip
_KNOWN = {name: globals()[name] for name in __all__ if name not in ("deserialize", "get", "serialize")}
OURS.update({("keras.activations", name): function for name, function in _KNOWN.items()})


def get(identifier: Any) -> Callable[[Any], Tensor]:
    """A function for a name, a configuration, a function, or None (linear).

    tf.nn.relu, sigmoid and softmax are taken for the functions here: softmax then keeps its logits for the loss.
    """
    found = configuration.resolve("keras.activations", "activation function", identifier, _KNOWN)
    return linear if found is None else _OPERATIONS.get(id(found), found)


def serialize(activation: Any) -> Any:
    """The name of a function here, else what describes the function in a configuration."""
    name = getattr(activation, "__name__", None)
    return name if name is not None and _KNOWN.get(name) is activation else configuration.serialize(activation)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Callable[[Any], Tensor]:
    """The function that `serialize` described; custom_objects: a user's functions by name."""
    return get(configuration.deserialize(config, custom_objects, family="keras.activations"))


__getattr__ = missing(__name__)
