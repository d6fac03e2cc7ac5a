"""Element-wise operations and reductions, each with its gradient."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import kernels

from ..convert import operand, pair, to_shape
from ..dtypes import InvalidArgumentError, as_dtype
from ..tape import record
from ..tensor import Tensor
from .shape import identity, reshape


def _run(function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    try:
        return function(*arrays)
    except ValueError as error:  # shapes that do not go together
        raise InvalidArgumentError(str(error)) from None


def _quiet(function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    """function(*arrays); dividing by zero, overflow and NaN give no warnings, as in TensorFlow."""
    with np.errstate(all="ignore"):
        return _run(function, *arrays)


def _fast(kernel: Callable[..., Any], function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    """The kernel where it has the type, NumPy's function for integers and halves."""
    return _run(kernel if arrays[0].dtype.char in "fd" else function, *arrays)


def _floats(x: Any, name: str) -> Tensor:
    x = operand(x)
    if x._array.dtype.kind != "f":
        raise InvalidArgumentError(f"{name} needs a float tensor, got {x._array.dtype}: tf.cast(x, tf.float32)")
    return x


def sum_to(g: Tensor, shape: tuple[int, ...]) -> Tensor:
    """g summed over the axes along which broadcasting stretched `shape`."""
    have = g._array.shape
    if have == shape:
        return g
    new = len(have) - len(shape)
    stretched = [i + new for i, n in enumerate(shape) if n == 1 and have[i + new] != 1]
    return reshape(reduce_sum(g, [*range(new), *stretched]), shape)


def broadcast_to(x: Any, shape: Any) -> Tensor:
    x = operand(x)
    value = np.empty(to_shape(shape), x._array.dtype)
    try:
        value[...] = x._array
    except ValueError as error:
        raise InvalidArgumentError(str(error)) from None
    return record(value, (x,), lambda g: (lambda: sum_to(g, x._array.shape),))


def add(x: Any, y: Any) -> Tensor:
    x, y = pair(x, y)
    value = _fast(kernels.add, np.add, x._array, y._array)
    return record(
        value, (x, y), lambda g: (lambda: sum_to(g, x._array.shape), lambda: sum_to(g, y._array.shape))
    )


def subtract(x: Any, y: Any) -> Tensor:
    x, y = pair(x, y)
    return record(
        _quiet(np.subtract, x._array, y._array),
        (x, y),
        lambda g: (lambda: sum_to(g, x._array.shape), lambda: sum_to(negative(g), y._array.shape)),
    )


def multiply(x: Any, y: Any) -> Tensor:
    x, y = pair(x, y)
    return record(
        _quiet(np.multiply, x._array, y._array),
        (x, y),
        lambda g: (
            lambda: sum_to(multiply(g, y), x._array.shape),
            lambda: sum_to(multiply(g, x), y._array.shape),
        ),
    )


def divide(x: Any, y: Any) -> Tensor:
    """x / y; integers give float64, those of 8 and 16 bits float32."""
    x, y = pair(x, y)
    if x._array.dtype.kind in "iu":
        wide = np.float32 if x._array.dtype.itemsize <= 2 else np.float64
        x, y = cast(x, wide), cast(y, wide)
    out = record(
        _quiet(np.divide, x._array, y._array),
        (x, y),
        lambda g: (
            lambda: sum_to(divide(g, y), x._array.shape),
            lambda: sum_to(negative(divide(multiply(g, out), y)), y._array.shape),
        ),
    )
    return out


def divide_no_nan(x: Any, y: Any) -> Tensor:
    """x / y, and 0 where y is 0."""
    x, y = pair(x, y)
    zero = equal(y, 0)
    return where(zero, 0, divide(x, where(zero, 1, y)))


def floordiv(x: Any, y: Any) -> Tensor:
    x, y = pair(x, y)
    return Tensor(np.asarray(_quiet(np.floor_divide, x._array, y._array)))


def mod(x: Any, y: Any) -> Tensor:
    """The remainder with the sign of y: x - floor(x / y) * y."""
    x, y = pair(x, y)
    return record(
        _quiet(np.mod, x._array, y._array),
        (x, y),
        lambda g: (
            lambda: sum_to(g, x._array.shape),
            lambda: sum_to(negative(multiply(g, floordiv(x, y))), y._array.shape),
        ),
    )


def pow(x: Any, y: Any) -> Tensor:
    """x ** y; the gradient in y is 0 where x is not positive."""
    x, y = pair(x, y)
    out = record(
        _quiet(np.power, x._array, y._array),
        (x, y),
        lambda g: (
            lambda: sum_to(multiply(g, multiply(y, pow(x, subtract(y, 1)))), x._array.shape),
            lambda: sum_to(multiply(g, multiply(out, log(where(greater(x, 0), x, 1)))), y._array.shape),
        ),
    )
    return out


def maximum(x: Any, y: Any) -> Tensor:
    """The larger of x and y; where they are equal, the gradient goes to x."""
    x, y = pair(x, y)
    return record(_fast(kernels.maximum, np.maximum, x._array, y._array), (x, y), _choice(greater_equal, x, y))


def minimum(x: Any, y: Any) -> Tensor:
    """The smaller of x and y; where they are equal, the gradient goes to x."""
    x, y = pair(x, y)
    return record(_run(np.minimum, x._array, y._array), (x, y), _choice(less_equal, x, y))


def _choice(first: Callable[[Tensor, Tensor], Tensor], x: Tensor, y: Tensor) -> Any:
    return lambda g: (
        lambda: sum_to(where(first(x, y), g, 0), x._array.shape),
        lambda: sum_to(where(first(x, y), 0, g), y._array.shape),
    )


def clip_by_value(x: Any, clip_value_min: Any, clip_value_max: Any) -> Tensor:
    return minimum(maximum(x, clip_value_min), clip_value_max)


def negative(x: Any) -> Tensor:
    x = operand(x)
    return record(np.negative(x._array), (x,), lambda g: (lambda: negative(g),))


def abs(x: Any) -> Tensor:
    x = operand(x)
    return record(np.abs(x._array), (x,), lambda g: (lambda: multiply(g, sign(x)),))


def sign(x: Any) -> Tensor:
    x = operand(x)
    return record(np.sign(x._array), (x,), lambda g: (lambda: multiply(g, 0),))


def square(x: Any) -> Tensor:
    x = operand(x)
    return record(_quiet(np.square, x._array), (x,), lambda g: (lambda: multiply(multiply(g, 2), x),))


def sqrt(x: Any) -> Tensor:
    x = _floats(x, "sqrt")
    out = record(_quiet(np.sqrt, x._array), (x,), lambda g: (lambda: divide(multiply(g, 0.5), out),))
    return out


def exp(x: Any) -> Tensor:
    x = _floats(x, "exp")
    out = record(_quiet(np.exp, x._array), (x,), lambda g: (lambda: multiply(g, out),))
    return out


def log(x: Any) -> Tensor:
    x = _floats(x, "log")
    return record(_quiet(np.log, x._array), (x,), lambda g: (lambda: divide(g, x),))


def tanh(x: Any) -> Tensor:
    x = _floats(x, "tanh")
    out = record(np.tanh(x._array), (x,), lambda g: (lambda: multiply(g, subtract(1, square(out))),))
    return out


def sigmoid(x: Any) -> Tensor:
    """1 / (1 + exp(-x))"""
    x = _floats(x, "sigmoid")
    out = record(
        _quiet(lambda a: 1 / (1 + np.exp(-a)), x._array),
        (x,),
        lambda g: (lambda: multiply(g, multiply(out, subtract(1, out))),),
    )
    return out


def cast(x: Any, dtype: Any) -> Tensor:
    """x with another element type; float to integer cuts off the fraction."""
    x, target = operand(x), as_dtype(dtype)
    if x._array.dtype == target.dtype:
        return identity(x)
    return record(
        _quiet(lambda a: a.astype(target.dtype), x._array), (x,), lambda g: (lambda: cast(g, x._array.dtype),)
    )


def where(condition: Any, x: Any = None, y: Any = None) -> Tensor:
    """x where condition, else y; with the condition alone, the indices (k, ndim) where it is true."""
    c = operand(condition)._array
    if x is None:
        return Tensor(np.argwhere(c))
    x, y = pair(x, y)
    return record(
        _run(np.where, c, x._array, y._array),
        (x, y),
        lambda g: (
            lambda: sum_to(where(c, g, 0), x._array.shape),
            lambda: sum_to(where(c, 0, g), y._array.shape),
        ),
    )


def _comparison(function: np.ufunc) -> Callable[[Any, Any], Tensor]:
    def compare(x: Any, y: Any) -> Tensor:
        x, y = pair(x, y)
        return Tensor(np.asarray(_run(function, x._array, y._array)))

    compare.__name__ = function.__name__
    compare.__doc__ = f"A bool tensor, element by element: NumPy's {function.__name__}."
    return compare


equal, not_equal = _comparison(np.equal), _comparison(np.not_equal)
less, less_equal = _comparison(np.less), _comparison(np.less_equal)
greater, greater_equal = _comparison(np.greater), _comparison(np.greater_equal)
logical_and, logical_or = _comparison(np.logical_and), _comparison(np.logical_or)
logical_xor = _comparison(np.logical_xor)


def logical_not(x: Any) -> Tensor:
    return Tensor(np.asarray(np.logical_not(operand(x)._array)))


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    axes = to_shape(axis)
    for i in axes:
        if not -ndim <= i < ndim:
            raise InvalidArgumentError(f"axis {i} is out of bounds for a tensor of {ndim} dimensions")
    return tuple(i % ndim for i in axes)


def _kept(shape: tuple[int, ...], axes: tuple[int, ...]) -> list[int]:
    return [1 if i in axes else n for i, n in enumerate(shape)]


def reduce_sum(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The sum over the given axes (default: all)."""
    x = operand(x)
    a = x._array
    axes = _axes(axis, a.ndim)
    if axes == (0,) and a.ndim == 2 and not keepdims and a.dtype.char in "fd":
        value = kernels.sum_rows(a)
    else:
        value = np.add.reduce(a, axes, dtype=a.dtype, keepdims=keepdims)
    return record(value, (x,), lambda g: (lambda: _spread(g, a, axes),))


def _spread(g: Tensor, a: np.ndarray, axes: tuple[int, ...]) -> Tensor:
    """g, the gradient of a reduction of a, repeated over the reduced axes."""
    return broadcast_to(reshape(g, _kept(a.shape, axes)) if g._array.ndim else g, a.shape)


def reduce_mean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean over the given axes (default: all); integers are divided without remainder."""
    x = operand(x)
    a = x._array
    axes = _axes(axis, a.ndim)
    total = np.add.reduce(a, axes, dtype=a.dtype, keepdims=keepdims)
    count = math.prod(a.shape[i] for i in axes)
    if a.dtype.kind != "f":
        return Tensor(np.asarray(total // count))
    return record(
        _quiet(np.true_divide, total, a.dtype.type(count)), (x,), lambda g: (lambda: _spread(divide(g, count), a, axes),)
    )


def reduce_max(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    return _extreme(np.max, x, axis, keepdims)


def reduce_min(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    return _extreme(np.min, x, axis, keepdims)


def _extreme(function: Callable[..., Any], x: Any, axis: Any, keepdims: bool) -> Tensor:
    x = operand(x)
    a = x._array
    axes = _axes(axis, a.ndim)

    def gradient(g: Tensor) -> Any:
        def share() -> Tensor:  # equal extremes share the gradient equally
            best = cast(equal(x, reshape(out, _kept(a.shape, axes))), a.dtype)
            each = divide(reshape(g, _kept(a.shape, axes)), reduce_sum(best, axes, keepdims=True))
            return multiply(best, each)

        return (share,)

    out = record(_run(lambda a: function(a, axis=axes, keepdims=keepdims), a), (x,), gradient)
    return out


def reduce_all(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    a = operand(x)._array
    return Tensor(np.asarray(np.all(a, axis=_axes(axis, a.ndim), keepdims=keepdims)))


def reduce_any(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    a = operand(x)._array
    return Tensor(np.asarray(np.any(a, axis=_axes(axis, a.ndim), keepdims=keepdims)))


def argmax(x: Any, axis: int = 0, output_type: Any = np.int64) -> Tensor:
    return Tensor(np.asarray(np.argmax(operand(x)._array, axis=axis), as_dtype(output_type).dtype))


def argmin(x: Any, axis: int = 0, output_type: Any = np.int64) -> Tensor:
    return Tensor(np.asarray(np.argmin(operand(x)._array, axis=axis), as_dtype(output_type).dtype))
