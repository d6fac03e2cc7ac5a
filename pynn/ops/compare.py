"""Comparisons, logic and operations on bits, which have no gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.convert import as_array, pair
from ..engine.dtypes import InvalidArgumentError
from ..engine.tensor import Operators, Tensor
from ._call import quiet
from ._form import unary


def _binary(function: np.ufunc, meaning: str, operands: Callable[[Any, Any, str], Any]) -> Callable[[Any, Any], Tensor]:
    """The operation function(x, y), where operands(x, y, its name) gives the arrays or raises an error."""

    def compare(x: Any, y: Any) -> Tensor:
        return Tensor(np.asarray(quiet(function, *operands(x, y, function.__name__))))

    compare.__name__ = compare.__qualname__ = function.__name__
    compare.__doc__ = f"{meaning}: NumPy's {function.__name__}."
    return compare


def _of_any(x: Any, y: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = pair(x, y)
    return x._array, y._array


def _of_numbers(x: Any, y: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = pair(x, y)
    if x._array.dtype.kind == "b":
        raise InvalidArgumentError(f"{name} has no order of bools: see tf.cast")
    return x._array, y._array


def _of_bits(x: Any, y: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = pair(x, y)
    return _discrete(x._array), y._array


def _discrete(a: np.ndarray) -> np.ndarray:
    if a.dtype.kind == "f":
        raise InvalidArgumentError(f"Bits are those of bool and integer tensors, got {a.dtype}")
    return a


def bools(x: Any) -> np.ndarray:
    """The array of an operand that must be bool. TypeError: numbers; InvalidArgumentError: tensors of them."""
    array = as_array(x) if isinstance(x, (Operators, np.ndarray)) else as_array(x, bool)
    if array.dtype.kind != "b":
        raise InvalidArgumentError(f"A bool tensor is needed, got {array.dtype}: tf.cast(x, tf.bool)")
    return array


_EACH = "A bool tensor, element by element"
equal, not_equal = _binary(np.equal, _EACH, _of_any), _binary(np.not_equal, _EACH, _of_any)
less, less_equal = _binary(np.less, _EACH, _of_numbers), _binary(np.less_equal, _EACH, _of_numbers)
greater, greater_equal = _binary(np.greater, _EACH, _of_numbers), _binary(np.greater_equal, _EACH, _of_numbers)
logical_and, logical_or, logical_xor = (
    _binary(function, "A bool tensor of bool tensors", lambda x, y, name: (bools(x), bools(y)))
    for function in (np.logical_and, np.logical_or, np.logical_xor)
)
bitwise_and, bitwise_or, bitwise_xor = (
    _binary(function, "The operator: of bools logical, of integers bit by bit", _of_bits)
    for function in (np.bitwise_and, np.bitwise_or, np.bitwise_xor)
)
invert = unary(
    "invert", "The operator ~: of bools not, of integers each bit inverted.", lambda a: np.invert(_discrete(a)),
    integers=True,
)  # fmt: skip
is_nan = unary("is_nan", "True where x is not a number.", np.isnan)
is_inf = unary("is_inf", "True where x is infinite.", np.isinf)
is_finite = unary("is_finite", "True where x is neither infinite nor NaN.", np.isfinite)


def logical_not(x: Any) -> Tensor:
    """A bool tensor: true where x is false."""
    return Tensor(np.asarray(np.logical_not(bools(x))))


def same(x: Any, y: Any, compare: Callable[[Any, Any], Tensor], otherwise: bool) -> Tensor:
    """The operators == and !=: `equal` and `not_equal`, but `otherwise` where the shapes do not broadcast."""
    x, y = pair(x, y)
    try:
        return compare(x, y)
    except InvalidArgumentError:
        return Tensor(np.asarray(otherwise))
