"""Element-wise operations, each with its gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import kernels

from ..engine import budget
from ..engine.call import fast, quiet, run
from ..engine.convert import alike, cast, floats, identity, operand, pair, to_shape
from ..engine.errors import InvalidArgumentError
from ..engine.tape import record
from ..engine.tensor import Tensor
from ..engine.typing import Shape, TensorLike
from ..support.neutral import neutral
from ._chain import masked, multiply_no_nan, product_rule, quotient, quotient_rule, sum_to
from .compare import bools, equal
from .forms import Unary, named, unary


def broadcast_to(input: TensorLike, shape: Shape) -> Tensor:
    """x repeated to `shape` by NumPy's broadcasting; a copy, so that it can be used like any other tensor."""
    x, sizes = operand(input), to_shape(shape)
    budget.allow(sizes)
    value = np.empty(sizes, x._array.dtype)
    run(np.copyto, value, x._array)
    return record(value, (x,), lambda g: (lambda: sum_to(g, x),))


def _number(value: Any, name: str) -> Any:
    """The value, unless it is one of bools, with which TensorFlow does not calculate."""
    if value.dtype.kind == "b":
        raise InvalidArgumentError(f"{name} has no bools: tf.cast(x, tf.float32)")
    return value


def _binary(
    name: str, formula: str, value: Callable[[np.ndarray, np.ndarray], Any],
    by_x: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor], by_y: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor],
) -> Callable[[Any, Any], Tensor]:  # fmt: skip
    """The operation z = value(x, y), with broadcasting; by_x(g, x, y, z) and by_y(g, x, y, z) are its gradients."""

    def function(x: TensorLike, y: TensorLike) -> Tensor:
        x, y = pair(x, y)
        z = record(
            quiet(value, x._array, y._array), (x, y),
            lambda g: (lambda: sum_to(by_x(g, x, y, z), x), lambda: sum_to(by_y(g, x, y, z), y)),
        )  # fmt: skip
        return z

    return named(function, name, formula)


def add(x: TensorLike, y: TensorLike) -> Tensor:
    """x + y, with broadcasting, as all operations of two tensors here."""
    try:
        x, y = pair(x, y)
    except TypeError as error:  # elsewhere TensorFlow's error is a TypeError, too
        raise InvalidArgumentError(str(error)) from None
    value = fast(kernels.add, lambda a, b: np.add(_number(a, "add"), b), x._array, y._array)
    return record(value, (x, y), lambda g: (lambda: sum_to(g, x), lambda: sum_to(g, y)))


def multiply(x: TensorLike, y: TensorLike) -> Tensor:
    """x * y"""
    x, y = pair(x, y)
    value = _number(quiet(np.multiply, x._array, y._array), "multiply")
    return record(value, (x, y), product_rule(x, y))


def float_pair(x: TensorLike, y: TensorLike) -> tuple[Tensor, Tensor]:
    """As `pair`, integers as float64, those of 8 and 16 bits as float32. TypeError: bools."""
    x, y = pair(x, y)
    dtype = x._array.dtype
    if dtype.kind == "f":
        return x, y
    if dtype.kind == "b":
        raise TypeError("Numbers are needed, got bools: tf.cast(x, tf.float32)")
    wide = np.float32 if dtype.itemsize <= 2 else np.float64
    return cast(x, wide), cast(y, wide)


def divide(x: TensorLike, y: TensorLike) -> Tensor:
    """x / y; integers give float64, those of 8 and 16 bits float32."""
    x, y = float_pair(x, y)
    value = quiet(np.divide, x._array, y._array)
    out = record(value, (x, y), lambda g: quotient_rule(g, x, y, out))
    return out


def divide_no_nan(x: TensorLike, y: TensorLike) -> Tensor:
    """x / y, and 0 where y is 0."""
    x, y = pair(x, y)
    zero = equal(y, 0)
    return where(zero, 0, divide(x, where(zero, 1, y)))


def _divisor(b: np.ndarray) -> np.ndarray:
    """TensorFlow's integers, unlike its floats, are not divided by zero."""
    if b.dtype.kind in "iu" and not b.all():
        raise InvalidArgumentError("Integer division by zero")
    return b


def floordiv(x: TensorLike, y: TensorLike) -> Tensor:
    """floor(x / y); it has no gradient."""
    x, y = pair(x, y)
    # NumPy's floor_divide of floats takes the remainder away first: inf // 1 is NaN, and 1 // 0.1 is 9
    function = (lambda a, b: np.floor(a / b)) if x._array.dtype.kind == "f" else np.floor_divide
    return Tensor(np.asarray(quiet(function, x._array, _divisor(y._array))))


subtract = _binary(
    "subtract", "x - y", lambda a, b: np.subtract(_number(a, "subtract"), b),
    lambda g, x, y, z: g, lambda g, x, y, z: -g,
)  # fmt: skip
mod = _binary(
    "mod", "The remainder with the sign of y: x - floor(x / y) * y.", lambda a, b: np.mod(a, _divisor(b)),
    lambda g, x, y, z: g, lambda g, x, y, z: multiply_no_nan(floordiv(x, y), -g),
)  # fmt: skip
pow: Callable[[Any, Any], Tensor] = _binary(
    "pow", "x ** y; the gradient in y is 0 where x is not positive.", np.power,
    lambda g, x, y, z: multiply_no_nan(pow(x, y - 1), multiply_no_nan(y, g)),
    lambda g, x, y, z: multiply_no_nan(z, multiply_no_nan(log(where(x > 0, x, 1)), g)),
)  # fmt: skip
maximum = _binary(
    "maximum", "The larger of x and y; where they are equal, the gradient goes to x.",
    lambda a, b: fast(kernels.maximum, np.maximum, a, b),
    lambda g, x, y, z: masked(g, x._array >= y._array, (x, y)),
    lambda g, x, y, z: masked(g, ~(x._array >= y._array), (x, y)),
)  # fmt: skip
minimum = _binary(
    "minimum", "The smaller of x and y; where they are equal, the gradient goes to x.", np.minimum,
    lambda g, x, y, z: masked(g, x._array <= y._array, (x, y)),
    lambda g, x, y, z: masked(g, ~(x._array <= y._array), (x, y)),
)  # fmt: skip


def clip_by_value(t: TensorLike, clip_value_min: Any, clip_value_max: Any) -> Tensor:
    """max(min(x, clip_value_max), clip_value_min)"""
    return maximum(minimum(t, clip_value_max), clip_value_min)


def where(condition: TensorLike, x: TensorLike | None = None, y: TensorLike | None = None) -> Tensor:
    """x where condition, else y; with the condition alone, the indices (k, ndim) where it is true."""
    if x is None and y is None:
        return Tensor(np.argwhere(operand(condition)._array))
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    c = bools(condition)
    x, y = pair(x, y)
    value = run(np.where, c, x._array, y._array)
    return record(value, (x, y), lambda g: (lambda: sum_to(where(c, g, 0), x), lambda: sum_to(where(c, 0, g), y)))


def negative(x: TensorLike) -> Tensor:
    """-x"""
    x = operand(x)
    if x._array.dtype.kind in "bu":
        raise InvalidArgumentError(f"negative has no {x._array.dtype}: see tf.cast")
    return record(np.negative(x._array), (x,), lambda g: (lambda: -g,))


sign = unary("sign", "-1, 0 or 1; the gradient is 0.", np.sign, lambda g, x, y: g * 0, integers=True)
abs = unary(
    "abs", "|x|; the gradient at 0 is 0.", lambda a: np.abs(_number(a, "abs")),
    lambda g, x, y: multiply_no_nan(sign(x), g), integers=True,
)  # fmt: skip
square = unary("square", "x * x", np.square, lambda g, x, y: multiply_no_nan(x, g * 2), integers=True)
sqrt = unary("sqrt", "The square root; NaN below 0.", np.sqrt, lambda g, x, y: quotient(g * 0.5, y))
exp = unary("exp", "e to the power of x.", np.exp, lambda g, x, y: multiply_no_nan(y, g))
log: Unary = unary("log", "The natural logarithm; -inf at 0, NaN below.", np.log, lambda g, x, y: quotient(g, x))
tanh = unary("tanh", "(exp(x) - exp(-x)) / (exp(x) + exp(-x))", np.tanh, lambda g, x, y: g * (1 - y * y))
sigmoid = unary("sigmoid", "1 / (1 + exp(-x))", lambda a: 1 / (1 + np.exp(-a)), lambda g, x, y: g * y * (1 - y))
floor = unary("floor", "The next whole number below. It has no gradient, nor have ceil and round.", np.floor)
ceil = unary("ceil", "The next whole number above.", np.ceil)
round = unary(
    "round", "The nearest whole number; halves go to the even one.",
    lambda a: np.rint(a) if a.dtype.kind == "f" else a, integers=True,
)  # fmt: skip


def root(x: Tensor, power: float = 2) -> Tensor:
    """x ** (1 / power) of a sum of powers: a norm. Its gradient at 0 is 0, the usual choice among its subgradients."""
    value = quiet(np.sqrt, x._array) if power == 2 else quiet(np.power, x._array, 1 / power)
    y = record(
        value, (x,),
        lambda g: (lambda: multiply_no_nan(divide_no_nan(1 / power, y if power == 2 else pow(y, power - 1)), g),),
    )  # fmt: skip
    return y


def add_n(inputs: Any) -> Tensor:
    """The sum of tensors of one shape."""
    if isinstance(inputs, Tensor) or not inputs:
        raise ValueError("add_n needs a list of at least one tensor")
    tensors = alike(inputs)
    if len({t._array.shape for t in tensors}) > 1:
        raise InvalidArgumentError(f"add_n needs tensors of one shape, got {[t._array.shape for t in tensors]}")
    return sum(tensors[1:], start=identity(tensors[0]))


@neutral(data_format=None)
def bias_add(value: TensorLike, bias: Any) -> Tensor:
    """x (..., n) + bias (n,)"""
    x, b = pair(value, bias)
    if b._array.ndim != 1 or x._array.shape[-1:] != b._array.shape:
        raise InvalidArgumentError(f"bias_add needs as many biases as columns, got shapes {x.shape} and {b.shape}")
    return x + b


def squared_difference(x: TensorLike, y: TensorLike) -> Tensor:
    """(x - y) ** 2"""
    return square(subtract(x, y))


def atan2(y: TensorLike, x: TensorLike) -> Tensor:
    """The angle of the point (x, y), from -pi to pi."""
    y, x = pair(floats(y, "atan2"), x)

    def scaled(g: Tensor, side: Tensor) -> Tensor:
        return multiply_no_nan(side, quotient(g, square(x) + square(y)))

    value = quiet(np.arctan2, y._array, x._array)
    return record(value, (y, x), lambda g: (lambda: sum_to(scaled(g, x), y), lambda: sum_to(-scaled(g, y), x)))
