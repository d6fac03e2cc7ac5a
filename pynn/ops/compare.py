"""Questions: comparisons, logic, and bits; their answers have no gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.convert import as_array, operand, pair
from ..engine.dtypes import InvalidArgumentError
from ..engine.tensor import Operators, Tensor
from ._call import floats, quiet, run


def _comparison(function: np.ufunc, bools: bool) -> Callable[[Any, Any], Tensor]:
    def compare(x: Any, y: Any) -> Tensor:
        x, y = pair(x, y)
        if not bools and x._array.dtype.kind == "b":
            raise InvalidArgumentError(f"{function.__name__} has no order of bools: see tf.cast")
        return Tensor(np.asarray(quiet(function, x._array, y._array)))

    compare.__name__ = compare.__qualname__ = function.__name__
    compare.__doc__ = f"A bool tensor, element by element: NumPy's {function.__name__}."
    return compare


equal, not_equal = _comparison(np.equal, True), _comparison(np.not_equal, True)
less, less_equal = _comparison(np.less, False), _comparison(np.less_equal, False)
greater, greater_equal = _comparison(np.greater, False), _comparison(np.greater_equal, False)


def same(x: Any, y: Any, compare: Callable[[Any, Any], Tensor], otherwise: bool) -> Tensor:
    """The operators == and !=: `equal` and `not_equal`, but one answer for shapes that do not go together."""
    x, y = pair(x, y)
    try:
        return compare(x, y)
    except InvalidArgumentError:
        return Tensor(np.asarray(otherwise))


def bools(x: Any) -> np.ndarray:
    """The array of an operand that must be bool. TypeError: numbers; InvalidArgumentError: tensors of them."""
    array = as_array(x) if isinstance(x, (Operators, np.ndarray)) else as_array(x, bool)
    if array.dtype.kind != "b":
        raise InvalidArgumentError(f"A bool tensor is needed, got {array.dtype}: tf.cast(x, tf.bool)")
    return array


def _logic(function: np.ufunc) -> Callable[[Any, Any], Tensor]:
    def logical(x: Any, y: Any) -> Tensor:
        return Tensor(np.asarray(quiet(function, bools(x), bools(y))))

    logical.__name__ = logical.__qualname__ = function.__name__
    logical.__doc__ = f"A bool tensor of bool tensors: NumPy's {function.__name__}."
    return logical


logical_and, logical_or, logical_xor = map(_logic, (np.logical_and, np.logical_or, np.logical_xor))


def logical_not(x: Any) -> Tensor:
    """A bool tensor: true where x is false."""
    return Tensor(np.asarray(np.logical_not(bools(x))))


def _bits(function: np.ufunc) -> Callable[[Any, Any], Tensor]:
    def bitwise(x: Any, y: Any) -> Tensor:
        x, y = pair(x, y)
        return Tensor(np.asarray(run(function, _discrete(x), _discrete(y))))

    bitwise.__name__ = bitwise.__qualname__ = function.__name__
    bitwise.__doc__ = f"The operator: of bools logical, of integers bit by bit: NumPy's {function.__name__}."
    return bitwise


def _discrete(x: Tensor) -> np.ndarray:
    if x._array.dtype.kind == "f":
        raise InvalidArgumentError(f"Bits are those of bool and integer tensors, got {x._array.dtype}")
    return x._array


bitwise_and, bitwise_or, bitwise_xor = map(_bits, (np.bitwise_and, np.bitwise_or, np.bitwise_xor))


def invert(x: Any) -> Tensor:
    """The operator ~: of bools not, of integers each bit the other way."""
    return Tensor(np.asarray(np.invert(_discrete(operand(x)))))


def is_nan(x: Any) -> Tensor:
    """True where x is not a number."""
    return Tensor(np.asarray(np.isnan(floats(x, "is_nan")._array)))


def is_inf(x: Any) -> Tensor:
    """True where x is infinite."""
    return Tensor(np.asarray(np.isinf(floats(x, "is_inf")._array)))


def is_finite(x: Any) -> Tensor:
    """True where x is neither infinite nor NaN."""
    return Tensor(np.asarray(quiet(np.isfinite, floats(x, "is_finite")._array)))
