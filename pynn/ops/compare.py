"""Comparisons, logic and operations on bits, which have no gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.call import quiet
from ..engine.convert import as_array, operand, pair
from ..engine.errors import InvalidArgumentError
from ..engine.tensor import Operators, Tensor
from ..engine.typing import TensorLike
from .forms import named, unary


def bools(x: TensorLike) -> np.ndarray:
    """The array of a bool operand. TypeError: Python's numbers; InvalidArgumentError: tensors and arrays of numbers."""
    array = as_array(x) if isinstance(x, (Operators, np.ndarray)) else as_array(x, bool)
    if array.dtype.kind != "b":
        raise InvalidArgumentError(f"A bool tensor is needed, got {array.dtype}: tf.cast(x, tf.bool)")
    return array


def _arrays(x: TensorLike, y: TensorLike) -> tuple[np.ndarray, np.ndarray]:
    x, y = pair(x, y)
    return x._array, y._array


def _binary(
    function: np.ufunc, meaning: str, refused: str = "", error: str = "",
    arrays: Callable[[Any, Any], tuple[np.ndarray, np.ndarray]] = _arrays,
) -> Callable[[Any, Any], Tensor]:  # fmt: skip
    """The operation function(*arrays(x, y)); refused: the kinds of dtypes for which it raises `error`."""

    def operation(x: TensorLike, y: TensorLike) -> Tensor:
        a, b = arrays(x, y)
        if a.dtype.kind in refused:
            raise InvalidArgumentError(error.format(name=function.__name__, dtype=a.dtype))
        return Tensor(np.asarray(quiet(function, a, b)))

    return named(operation, function.__name__, f"{meaning}: NumPy's {function.__name__}.")


_EACH, _ORDER = "A bool tensor, element by element", "{name} has no order of bools: see tf.cast"
_BITS = "Bits are those of bool and integer tensors, got {dtype}"
equal, not_equal = _binary(np.equal, _EACH), _binary(np.not_equal, _EACH)
less, less_equal = _binary(np.less, _EACH, "b", _ORDER), _binary(np.less_equal, _EACH, "b", _ORDER)
greater, greater_equal = _binary(np.greater, _EACH, "b", _ORDER), _binary(np.greater_equal, _EACH, "b", _ORDER)
bitwise_and, bitwise_or, bitwise_xor = (
    _binary(function, "The operator: of bools logical, of integers bit by bit", "f", _BITS)
    for function in (np.bitwise_and, np.bitwise_or, np.bitwise_xor)
)
logical_and, logical_or, logical_xor = (
    _binary(function, "A bool tensor of bool tensors", arrays=lambda x, y: (bools(x), bools(y)))
    for function in (np.logical_and, np.logical_or, np.logical_xor)
)
is_nan = unary("is_nan", "True where x is not a number.", np.isnan)
is_inf = unary("is_inf", "True where x is infinite.", np.isinf)
is_finite = unary("is_finite", "True where x is neither infinite nor NaN.", np.isfinite)


def invert(x: TensorLike) -> Tensor:
    """The operator ~: of bools not, of integers each bit inverted."""
    x = operand(x)
    if x._array.dtype.kind == "f":
        raise InvalidArgumentError(_BITS.format(dtype=x._array.dtype))
    return Tensor(np.asarray(np.invert(x._array)))


def logical_not(x: TensorLike) -> Tensor:
    """A bool tensor: true where x is false."""
    return Tensor(np.asarray(np.logical_not(bools(x))))


def same(x: TensorLike, y: TensorLike, compare: Callable[[Any, Any], Tensor], otherwise: bool) -> Tensor:
    """The operators == and !=: `equal` and `not_equal`, but `otherwise` where the shapes do not broadcast."""
    x, y = pair(x, y)
    try:
        return compare(x, y)
    except InvalidArgumentError:
        return Tensor(np.asarray(otherwise))
