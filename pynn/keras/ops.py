"""Keras 3's `keras.ops`: the operations under Keras's names.

Tensors of different dtypes, which elsewhere in pynn are an error, meet here in the larger one. Of KerasTensors an
operation is a layer of the model, as `x + y` is; there the first arguments, the tensors, may be KerasTensors, the
options may not (ValueError).

Where nothing else is said: x is a tensor of any shape, or what makes one. The result has its shape and dtype, or
floatx() where x holds integers or bools and the operation gives fractions. x1 and x2 broadcast. `axis` is an int, a
tuple of them, or None for all; axes that are reduced go, or stay with size 1 by `keepdims`. InvalidArgumentError, a
ValueError: shapes, axes or values that do not fit.
"""
# ruff: noqa: F401, I001

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .. import ops
from ..engine import convert
from ..engine.context import is_tensor
from ..engine.tensor import Tensor
from ..ops import einsum, meshgrid, searchsorted
from ..ops.forms import pick, put
from ..ops.control import cond, custom_gradient, vectorized_map, while_loop
from ..ops.reduce import to_axes
from ..support.missing import missing
from . import config, losses
from .activations import (
    celu, elu, hard_sigmoid, hard_silu, hard_swish, hard_tanh, leaky_relu, log_sigmoid, log_softmax, relu, relu6,
    selu, sigmoid, silu, softmax, softplus, softsign, swish, tanh,
)  # fmt: skip
from .common.about_ops import ABOUT
from .common.promotion import promoted
from .common.symbolic import is_symbolic
from .config import floatx
from .layers.operation import operation as _op

__all__ = sorted([
    *ABOUT, "abs", "amax", "amin", "celu", "cond", "custom_gradient", "einsum", "elu", "hard_sigmoid", "hard_silu",
    "hard_swish", "hard_tanh", "is_tensor", "leaky_relu", "log_sigmoid", "log_softmax", "meshgrid", "ndim", "relu",
    "relu6", "searchsorted", "selu", "shape", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish", "tanh",
    "vectorized_map", "while_loop",
])  # fmt: skip

operand, _tensor = convert.operand, convert.convert_to_tensor
_bools = partial(ops.cast, dtype=np.bool_)


def _unary(name: str, function: Callable[[Any], Any], module: str = "numpy", prepared: Any = None) -> Any:
    """prepared(x): what the function takes, by default floats; operand: integers stay integers."""
    return _op(name, lambda x: function((prepared or _floats)(x)), 1, module)


def _binary(name: str, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return _op(name, lambda x1, x2: function(*promoted(x1, x2)), 2)


def _binary_of_floats(name: str, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return _op(name, lambda x1, x2: function(*map(_floats, convert.pair(*promoted(x1, x2)))), 2)


def _reduction(name: str, function: Callable[..., Tensor], prepared: Any = operand, module: str = "numpy") -> Any:
    return _op(name, lambda x, axis=None, keepdims=False: function(prepared(x), axis, keepdims), 1, module)


def _crossentropy(name: str, function: Callable[..., Tensor]) -> Any:
    return _op(
        name, lambda target, output, from_logits=False, axis=-1: function(target, output, from_logits, axis=axis),
        2, "nn",
    )  # fmt: skip


def _floats(x: Any) -> Tensor:
    x = operand(x)
    return x if x._array.dtype.kind == "f" else ops.cast(x, floatx())


def _numbers(x: Any) -> Tensor:
    x = operand(x)
    return ops.cast(x, np.int32) if x._array.dtype.kind == "b" else x


def _flat(x: Any, axis: int | None) -> tuple[Tensor, int]:
    """x and the axis; None: x laid out flat, and its only axis."""
    return (ops.reshape(x, -1), 0) if axis is None else (operand(x), axis)


def _place(function: Callable[..., Tensor], x: Tensor, axis: int | None, keepdims: bool) -> Tensor:
    places = function(*_flat(x, axis), np.int32)
    return ops.reshape(places, np.max(x._array, axis, keepdims=True).shape) if keepdims else places


def _taken(x: Any, indices: Any, axis: int | None) -> Tensor:
    (x, axis), places = _flat(x, axis), convert.as_array(indices)
    return ops.gather(x, np.where(places < 0, places + x.shape[axis], places), axis=axis)


def _parts(x: Any, ends: Any, axis: int) -> list[Tensor]:
    return ops.split(x, np.diff([0, *ends, operand(x).shape[axis]]) if np.ndim(ends) else ends, axis)


def _product(x1: Any, x2: Any, stacks: bool) -> Tensor:
    """NumPy's matmul, of stacks of matrices, or its dot."""
    x, y = convert.pair(x1, x2)
    if stacks and x.ndim > 1 and y.ndim > 1:
        return ops.matmul(x, y)
    return ops.tensordot(x, y, [[-1], [-2 if y.ndim > 1 else -1]]) if x.ndim and y.ndim else ops.multiply(x, y)


def _outer(x: Tensor, y: Tensor) -> Tensor:
    return ops.tensordot(ops.reshape(x, -1), ops.reshape(y, -1), 0)


def _hot(x: Any, num_classes: int, axis: int, dtype: Any) -> Tensor:
    return ops.one_hot(x, num_classes, axis=axis, dtype=dtype or floatx())


def _where(condition: Any, x1: Any, x2: Any) -> Tensor:
    return ops.where(_bools(condition), *((x1, x2) if x1 is None or x2 is None else promoted(x1, x2)))


def _diagonal(x: Tensor, *places: int) -> Tensor:
    return pick(x, lambda a: np.diagonal(a, *places))


def _triangle(x: Tensor, k: int, lower: bool) -> Tensor:
    return ops.where(np.tri(x.shape[-2], x.shape[-1], k, np.bool_) == lower, x, 0)


def _norm(x: Tensor, order: Any, axis: Any, keepdims: bool) -> Tensor:
    axis = (0, 1) if axis is None and order is not None and x.ndim == 2 else axis
    return ops.norm(x, "euclidean" if order is None else order, axis, keepdims)


def _average(x: Tensor, axis: Any, weights: Any) -> Tensor:
    if weights is None:
        return ops.reduce_mean(x, axis)
    x, weights = convert.pair(x, weights)
    if axis is not None and x.ndim != weights.ndim:
        return ops.tensordot(x, weights, [[axis], [0]]) / ops.reduce_sum(weights)
    return ops.reduce_sum(x * weights, axis) / ops.reduce_sum(weights, axis)


def _quantile(x: Tensor, q: Any, axis: Any, method: str, keepdims: bool) -> Tensor:
    """The element at place q (n - 1) of the n sorted elements along the axes; NaN where one of them is NaN."""
    axes = to_axes(axis, x.ndim)
    shape = np.max(x._array, axes, keepdims=keepdims).shape
    n = math.prod(x.shape[i] for i in axes)
    columns = ops.sort(pick(x, lambda a: np.moveaxis(a, axes, range(len(axes))).reshape(n, -1)), 0)
    places = np.quantile(np.arange(n), np.ravel(q), method=method)  # type: ignore[call-overload]
    low = places.astype(int)
    share = (places - low).astype(x._array.dtype)[:, None]
    lower, upper = ops.gather(columns, low), ops.gather(columns, np.minimum(low + 1, n - 1))
    y = ops.multiply_no_nan(lower, 1 - share) + ops.multiply_no_nan(upper, share)  # they may be infinite
    return ops.reshape(ops.where(np.isnan(columns._array).any(0), np.nan, y), (*np.shape(q), *shape))


def _diag(x: Tensor, k: int) -> Tensor:
    if x.ndim not in (1, 2):
        raise ValueError(f"`x` must be 1d or 2d. Received: x.shape={x.shape}")
    size = x._array.size + np.abs(k)
    return _diagonal(x, k) if x.ndim == 2 else put(x, lambda a: np.diagonal(a, k), (size, size))


def _normalize(x: Tensor, axis: Any, order: int, epsilon: float) -> Tensor:
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"Argument `order` must be an int >= 1. Received: order={order}")
    if order == 2:
        return x * ops.minimum(ops.rsqrt(ops.reduce_sum(ops.square(x), axis, keepdims=True)), 1 / epsilon)
    return x / ops.maximum(_norm(x, order, axis, keepdims=True), epsilon)


def _nan_to_num(x: Tensor, *values: Any) -> Tensor:
    return ops.where(np.isfinite(x._array), x, np.nan_to_num(x._array, True, *values))


def ndim(x: Any) -> int:
    """The number of axes."""
    return len(shape(x))


def shape(x: Any) -> tuple[int | None, ...]:
    """The sizes of the axes; of a KerasTensor None where one is not known."""
    return tuple(x.shape if is_symbolic(x) else operand(x).shape)


# Tensors from values and shapes, by default of floatx
convert_to_numpy = _op("convert_to_numpy", lambda x: np.array(x), 0)
convert_to_tensor = _op(
    "convert_to_tensor", lambda x, dtype=None: _tensor(x) if dtype is None else ops.cast(x, dtype), 0
)
zeros = _op("zeros", lambda shape, dtype=None: ops.zeros(shape, dtype or floatx()), 0)
ones = _op("ones", lambda shape, dtype=None: ops.ones(shape, dtype or floatx()), 0)
full = _op("full", lambda shape, fill_value, dtype=None: ops.fill(shape, ops.cast(fill_value, dtype or floatx())), 0)
eye = _op("eye", lambda N, M=None, *, dtype=None: ops.eye(N, M, dtype=dtype or floatx()), 0)
arange = _op(
    "arange",
    lambda start, stop=None, step=None, dtype=None: ops.range(start, stop, 1 if step is None else step, dtype),
    0,
)
linspace = _op("linspace", lambda start, stop, num=50: ops.linspace(_floats(start), _floats(stop), num), 0)
# Of one tensor, element by element
abs = absolute = _unary("absolute", ops.abs, prepared=operand)
negative, sign = _unary("negative", ops.negative, prepared=operand), _unary("sign", ops.sign, prepared=operand)
square = _unary("square", ops.square, prepared=operand)
logical_not = _unary("logical_not", ops.logical_not, prepared=_bools)
exp, expm1, log, log1p = (_unary(f.__name__, f) for f in (ops.exp, ops.expm1, ops.log, ops.log1p))
log2, log10 = _unary("log2", lambda x: ops.log(x) / math.log(2)), _unary("log10", lambda x: ops.log(x) / math.log(10))
sqrt, ceil, floor, reciprocal = (_unary(f.__name__, f) for f in (ops.sqrt, ops.ceil, ops.floor, ops.reciprocal))
sin, cos, tan, sinh, cosh = (_unary(f.__name__, f) for f in (ops.sin, ops.cos, ops.tan, ops.sinh, ops.cosh))
arcsin, arccos, arctan = _unary("arcsin", ops.asin), _unary("arccos", ops.acos), _unary("arctan", ops.atan)
arcsinh, arccosh, arctanh = _unary("arcsinh", ops.asinh), _unary("arccosh", ops.acosh), _unary("arctanh", ops.atanh)
isnan, isinf, isfinite = _unary("isnan", ops.is_nan), _unary("isinf", ops.is_inf), _unary("isfinite", ops.is_finite)
rsqrt, erf = _unary("rsqrt", ops.rsqrt, "math"), _unary("erf", ops.erf, "math")
gelu = _op("gelu", lambda x, approximate=True: ops.gelu(x, approximate), 1, "nn")
clip = _op("clip", lambda x, x_min, x_max: ops.clip_by_value(x, x_min, x_max))
round = _op("round", lambda x, decimals=0: ops.round(x * 10**decimals) / 10**decimals if decimals else ops.round(x))
cast = _op("cast", lambda x, dtype: ops.cast(x, dtype), 1, "core")
zeros_like = _op("zeros_like", lambda x, dtype=None: ops.zeros_like(x, dtype))
ones_like = _op("ones_like", lambda x, dtype=None: ops.ones_like(x, dtype))
stop_gradient = _op("stop_gradient", lambda variable: ops.stop_gradient(variable), 1, "core")
nan_to_num = _op(
    "nan_to_num", lambda x, nan=0.0, posinf=None, neginf=None: _nan_to_num(operand(x), nan, posinf, neginf)
)
one_hot = _op("one_hot", lambda x, num_classes, axis=-1, dtype=None: _hot(x, num_classes, axis, dtype), 1, "nn")
# Of two tensors or three, element by element
add, subtract, multiply = _binary("add", ops.add), _binary("subtract", ops.subtract), _binary("multiply", ops.multiply)
divide, true_divide = (_binary_of_floats(name, ops.divide) for name in ("divide", "true_divide"))
divide_no_nan, arctan2 = _binary_of_floats("divide_no_nan", ops.divide_no_nan), _binary_of_floats("arctan2", ops.atan2)
power, mod, floor_divide = _binary("power", ops.pow), _binary("mod", ops.mod), _binary("floor_divide", ops.floordiv)
maximum, minimum = _binary("maximum", ops.maximum), _binary("minimum", ops.minimum)
equal, not_equal = _binary("equal", ops.equal), _binary("not_equal", ops.not_equal)
less, less_equal = _binary("less", ops.less), _binary("less_equal", ops.less_equal)
greater, greater_equal = _binary("greater", ops.greater), _binary("greater_equal", ops.greater_equal)
logical_and = _binary("logical_and", lambda x1, x2: ops.logical_and(_bools(x1), _bools(x2)))
logical_or = _binary("logical_or", lambda x1, x2: ops.logical_or(_bools(x1), _bools(x2)))
logical_xor = _binary("logical_xor", lambda x1, x2: ops.logical_xor(_bools(x1), _bools(x2)))
where = _op("where", lambda condition, x1=None, x2=None: _where(condition, x1, x2), 3)
# Products
matmul = _binary("matmul", lambda x1, x2: _product(x1, x2, True))
dot = _binary("dot", lambda x1, x2: _product(x1, x2, False))
tensordot = _op("tensordot", lambda x1, x2, axes=2: partial(ops.tensordot, axes=axes)(*promoted(x1, x2)), 2)
outer = _binary("outer", lambda x1, x2: _outer(*convert.pair(x1, x2)))
inv, det = _unary("inv", ops.inv, "linalg"), _unary("det", ops.det, "linalg")
solve = _op("solve", lambda a, b: ops.solve(a, b), 2, "linalg")
# Reductions
sum, prod = _reduction("sum", ops.reduce_sum, _numbers), _reduction("prod", ops.reduce_prod, _numbers)
mean, var = _reduction("mean", ops.reduce_mean, _floats), _reduction("var", ops.reduce_variance, _floats)
std = _reduction("std", ops.reduce_std, _floats)
logsumexp = _reduction("logsumexp", ops.reduce_logsumexp, _floats, "math")
max = amax = _reduction("max", ops.reduce_max)
min = amin = _reduction("min", ops.reduce_min)
all, any = _reduction("all", ops.reduce_all, _bools), _reduction("any", ops.reduce_any, _bools)
argmax = _reduction("argmax", lambda x, axis, keepdims: _place(ops.argmax, x, axis, keepdims))
argmin = _reduction("argmin", lambda x, axis, keepdims: _place(ops.argmin, x, axis, keepdims))
count_nonzero = _op("count_nonzero", lambda x, axis=None: ops.count_nonzero(x, axis, dtype=np.int32))
cumsum = _op("cumsum", lambda x, axis=None: ops.cumsum(*_flat(x, axis)))
cumprod = _op("cumprod", lambda x, axis=None: ops.cumprod(*_flat(x, axis)))
moments = _op("moments", lambda x, axes, keepdims=False: ops.moments(x, axes, keepdims=keepdims), 1, "nn")
average = _op("average", lambda x, axis=None, weights=None: _average(_floats(x), axis, weights))
median = _reduction("median", lambda x, axis, keepdims: _quantile(x, 0.5, axis, "linear", keepdims), _floats)
quantile = _op(
    "quantile",
    lambda x, q, axis=None, method="linear", keepdims=False: _quantile(_floats(x), q, axis, method, keepdims),
    2,
)
normalize = _op(
    "normalize",
    lambda x, axis=-1, order=2, epsilon=None: _normalize(
        _floats(x), axis, order, config.epsilon() if epsilon is None else epsilon),
    1, "nn",
)  # fmt: skip
norm = _op("norm", lambda x, ord=None, axis=None, keepdims=False: _norm(_floats(x), ord, axis, keepdims), 1, "linalg")
# Shapes and places
reshape = _op("reshape", lambda x, newshape: ops.reshape(x, newshape))
ravel = _unary("ravel", lambda x: ops.reshape(x, -1), prepared=operand)
transpose = _op("transpose", lambda x, axes=None: ops.transpose(x, axes))
swapaxes = _op("swapaxes", lambda x, axis1, axis2: pick(operand(x), lambda a: np.swapaxes(a, axis1, axis2)))
expand_dims = _op("expand_dims", lambda x, axis: ops.expand_dims(x, axis))
squeeze = _op("squeeze", lambda x, axis=None: ops.squeeze(x, axis))
broadcast_to = _op("broadcast_to", lambda x, shape: ops.broadcast_to(x, shape))
concatenate = _op("concatenate", lambda xs, axis=0: ops.concat(promoted(*xs), axis))
stack = _op("stack", lambda x, axis=0: ops.stack(promoted(*x), axis))
split = _op("split", lambda x, indices_or_sections, axis=0: _parts(x, indices_or_sections, axis))
unstack = _op("unstack", lambda x, num=None, axis=0: ops.unstack(x, num, axis), 1, "core")
flip = _op("flip", lambda x, axis=None: pick(operand(x), lambda a: np.flip(a, axis)))
roll = _op("roll", lambda x, shift, axis=None: pick(operand(x), lambda a: np.roll(a, shift, axis)))
repeat = _op("repeat", lambda x, repeats, axis=None: ops.repeat(x, repeats, axis))
tile = _op("tile", lambda x, repeats: pick(operand(x), lambda a: np.tile(a, repeats)))
pad = _op("pad", lambda x, pad_width, mode="constant", constant_values=0: ops.pad(x, pad_width, mode, constant_values))
size = _op("size", lambda x: ops.size(x))
nonzero = _op("nonzero", lambda x: [Tensor(i.astype(np.int32)) for i in np.nonzero(operand(x)._array)], 0)
diag = _op("diag", lambda x, k=0: _diag(operand(x), k))
diagonal = _op("diagonal", lambda x, offset=0, axis1=0, axis2=1: _diagonal(operand(x), offset, axis1, axis2))
trace = _op("trace", lambda x, offset=0, axis1=0, axis2=1: sum(_diagonal(operand(x), offset, axis1, axis2), -1))
tril = _op("tril", lambda x, k=0: _triangle(operand(x), k, True))
triu = _op("triu", lambda x, k=0: _triangle(operand(x), k - 1, False))
sort = _op("sort", lambda x, axis=-1: ops.sort(x, axis))
argsort = _op("argsort", lambda x, axis=-1: ops.argsort(*_flat(x, axis)))
take = _op("take", lambda x, indices, axis=None: _taken(x, indices, axis))
slice = _op("slice", lambda inputs, start_indices, shape: ops.slice_(inputs, start_indices, shape), 1, "core")
scatter = _op("scatter", lambda indices, values, shape: ops.scatter_nd(indices, values, shape), 2, "core")
top_k = _op("top_k", lambda x, k, sorted=True: ops.top_k(x, k, sorted), 1, "math")
in_top_k = _op("in_top_k", lambda targets, predictions, k: ops.in_top_k(targets, predictions, k), 2, "math")
# Losses
categorical_crossentropy = _crossentropy("categorical_crossentropy", losses.categorical_crossentropy)
sparse_categorical_crossentropy = _crossentropy(
    "sparse_categorical_crossentropy", losses.sparse_categorical_crossentropy
)
binary_crossentropy = _op(  # element by element, where the loss takes the mean over an axis
    "binary_crossentropy",
    lambda target, output, from_logits=False: losses.binary_crossentropy(
        target, output, from_logits, axis=()),  # type: ignore[arg-type]
    2, "nn",
)  # fmt: skip

__getattr__ = missing(__name__)


def __dir__() -> list[str]:
    return __all__
