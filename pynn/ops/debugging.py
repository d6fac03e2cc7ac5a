"""tf.print and assertions. An assertion gives None, or raises InvalidArgumentError unless it says otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..engine import nest
from ..engine.convert import convert_to_tensor, operand, pair
from ..engine.dtypes import as_dtype
from ..engine.errors import InvalidArgumentError
from ..engine.tensor import Operators, Tensor
from ..engine.typing import TensorLike

SUMMARIZE = 3  # numbers of each tensor in a message


def Assert(condition: TensorLike, data: Any, summarize: int = SUMMARIZE) -> None:
    """The condition, a bool, holds; else `data` is in the message."""
    if not condition:
        text = "\n".join(_some(x, summarize) for x in data)
        raise InvalidArgumentError(f"Expected '{condition}' to be true. Summarized data: {text}")


def _some(x: TensorLike, summarize: int) -> str:
    if isinstance(x, str):
        return x
    a = np.asarray(x)
    return " ".join(map(str, a.flat[: None if summarize < 0 else summarize])) + " ..." * (0 <= summarize < a.size)


def _require(holds: Any, error: type[Exception], message: str | None, text: str) -> None:
    if not holds:
        raise error(f"{message or ''}{text}".strip())


def _require_all(holds: np.ndarray, x: Tensor, y: Tensor, message: str | None, text: str, summarize: int) -> None:
    operands = f"x: {_some(x._array, summarize)}\ny: {_some(y._array, summarize)}"
    _require(holds.all(), InvalidArgumentError, message, f"\n{text}\n{operands}")


def _assertions(sign: str, compare: Callable[[Any, Any], Tensor]) -> tuple[Callable[..., None], Callable[..., None]]:
    """The assertions of x and y, and of x and 0."""

    def check(x: TensorLike, y: TensorLike, message: str | None = None, summarize: int = SUMMARIZE) -> None:
        a, b = pair(x, y)
        _require_all(compare(a, b)._array, a, b, message, f"Condition x {sign} y did not hold.", summarize)

    def check_sign(x: TensorLike, message: str | None = None, summarize: int = SUMMARIZE) -> None:
        check(x, 0, message, summarize)

    check.__doc__ = f"x {sign} y, element by element, with broadcasting."
    check_sign.__doc__ = f"x {sign} 0, element by element."
    return check, check_sign


assert_equal, assert_none_equal = _assertions("==", ops.equal)[0], _assertions("!=", ops.not_equal)[0]
assert_less, assert_negative = _assertions("<", ops.less)
assert_less_equal, assert_non_positive = _assertions("<=", ops.less_equal)
assert_greater, assert_positive = _assertions(">", ops.greater)
assert_greater_equal, assert_non_negative = _assertions(">=", ops.greater_equal)


def assert_near(
    x: TensorLike, y: TensorLike, rtol: float | None = None, atol: float | None = None, message: str | None = None,
    summarize: int = SUMMARIZE,
) -> None:  # fmt: skip
    """|x - y| <= atol + rtol * |y|; either is 10 times the spacing of the type's numbers at 1 if not given."""
    a, b = pair(x, y)
    ten = 10 * np.finfo(a._array.dtype).eps
    limit = (ten if atol is None else atol) + (ten if rtol is None else rtol) * np.abs(b._array)
    near = np.abs(a._array - b._array) <= limit
    _require_all(near, a, b, message, "x and y not equal to tolerance.", summarize)


def check_numerics(tensor: TensorLike, message: str) -> Tensor:
    """The tensor, if it holds neither infinities nor NaN."""
    x = convert_to_tensor(tensor)
    for what, found in (("Inf", ops.is_inf(x)), ("NaN", ops.is_nan(x))):
        _require(not found._array.any(), InvalidArgumentError, message, f" : Tensor had {what} values")
    return x


def assert_all_finite(x: TensorLike, message: str) -> Tensor:
    """The tensor, if it holds neither infinities nor NaN."""
    return check_numerics(x, message)


def _rank(x: Tensor, fits: bool, what: Any, message: str | None) -> None:
    text = f" Tensor must have rank {what}. Received rank {x.ndim}, shape {x.shape}"
    _require(fits, ValueError, message, text)


def assert_rank(x: TensorLike, rank: int, message: str | None = None) -> None:
    """x has so many axes. ValueError: it has not."""
    _rank(t := operand(x), t.ndim == int(rank), rank, message)


def assert_rank_at_least(x: TensorLike, rank: int, message: str | None = None) -> None:
    """x has so many axes or more. ValueError: it has not."""
    _rank(t := operand(x), t.ndim >= int(rank), f"at least {rank}", message)


def assert_rank_in(x: TensorLike, ranks: Any, message: str | None = None) -> None:
    """x has a number of axes that is among `ranks`. ValueError: it has not."""
    _rank(t := operand(x), t.ndim in [int(r) for r in ranks], f"in {tuple(ranks)}", message)


def assert_scalar(tensor: TensorLike, message: str | None = None) -> None:
    """x has no axes. ValueError: it has."""
    shape = operand(tensor).shape
    _require(not shape, ValueError, message, f" Expected scalar shape, saw shape: {shape}.")


def assert_type(tensor: TensorLike, tf_type: Any, message: str | None = None) -> None:
    """x has this dtype. TypeError: it has not."""
    dtype = operand(tensor).dtype
    _require(dtype == as_dtype(tf_type), TypeError, message, f" tensor must be of type {tf_type!r}; got {dtype!r}")


def assert_integer(x: TensorLike, message: str | None = None) -> None:
    """x is a tensor of integers. TypeError: it is not."""
    dtype = operand(x).dtype
    _require(dtype.is_integer, TypeError, message, f" Expected x to be integer type, found {dtype!r}")


def assert_shapes(shapes: Any, message: str | None = None) -> None:
    """Pairs (tensor, sizes): a size is a number, None (any), or a name that stands for one size everywhere.

    ValueError: a shape that does not fit.
    """
    known: dict[Any, int] = {}
    for x, sizes in shapes.items() if isinstance(shapes, dict) else shapes:
        shape = operand(x).shape
        sizes = tuple(sizes) if isinstance(sizes, (tuple, list, str)) else (sizes,)
        start = f" Tensor of shape {shape} must have"
        _require(len(shape) == len(sizes), ValueError, message, f"{start} rank {len(sizes)}.")
        for axis, (n, size) in enumerate(zip(shape, sizes, strict=True)):
            expected = known.setdefault(size, n) if isinstance(size, str) else n if size is None else int(size)
            _require(n == expected, ValueError, message, f"{start} size {expected} in dimension {axis}.")


def is_numeric_tensor(tensor: TensorLike) -> bool:
    """Whether it is a tensor of numbers, not of bools."""
    return isinstance(tensor, Operators) and not tensor.dtype.is_bool


def print(*inputs: Any, output_stream: Any = None, summarize: int = 3, sep: str = " ", end: str = "\n") -> None:
    """The inputs, one after the other, to standard error or to an open stream.

    summarize: elements at each end of an axis that are printed of a longer one; -1: all.
    """
    stream = sys.stderr if output_stream is None else output_stream
    stream.write(sep.join(_text(x, summarize) for x in inputs) + end)


def _text(x: Any, summarize: int) -> str:
    if isinstance(x, Operators):
        edge, most = (summarize, 0) if summarize >= 0 else (sys.maxsize, sys.maxsize)
        return np.array2string(
            x._array, sys.maxsize, separator=" ", formatter={"all": _number}, threshold=most, edgeitems=edge
        )
    if nest.is_nested(x):
        return str(
            nest.map_structure(lambda leaf: _Plain(repr(leaf) if isinstance(leaf, str) else _text(leaf, summarize)), x)
        )
    return x if isinstance(x, str) else repr(x)


class _Plain(str):
    """Text that a list shows as it is."""

    __repr__ = str.__str__


def _number(x: Any) -> str:
    """In C's %g, with so many digits that the text gives the number again."""
    if x.dtype.kind != "f":
        return str(int(x))
    if not np.isfinite(x):
        return str(x)
    few, enough = (6, 9) if x.dtype.itemsize <= 4 else (15, 17)
    text = f"{float(x):.{few}g}"
    return text if x.dtype.type(text) == x else f"{float(x):.{enough}g}"
