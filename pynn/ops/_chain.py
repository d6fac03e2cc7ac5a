"""Parts of gradients: products and quotients that are 0 where a factor is 0, masks, sums over broadcast axes.

A gradient of 0 says that the result does not depend on this value. Then it does not depend on what the value was
made of either, not even where that derivative is infinite: at sqrt's 0, log's 0, 1 / 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.call import quiet
from ..engine.convert import pair
from ..engine.tape import Gradient, record
from ..engine.tensor import Tensor
from ..engine.typing import TensorLike
from .layout import reshape
from .reduce import reduce_sum


def sum_to(g: Tensor, like: Tensor) -> Tensor:
    """g summed over the axes along which broadcasting stretched `like`."""
    have, shape = g._array.shape, like._array.shape
    if have == shape:
        return g
    new = len(have) - len(shape)
    stretched = [i + new for i, n in enumerate(shape) if n == 1 and have[i + new] != 1]
    return reshape(reduce_sum(g, [*range(new), *stretched]), shape)


def multiply_no_nan(x: TensorLike, y: TensorLike) -> Tensor:
    """x * y, and 0 where y is 0, also where x is infinite or NaN."""
    x, y = pair(x, y)
    return record(quiet(_times, x._array, y._array), (x, y), product_rule(x, y))


def product_rule(x: Tensor, y: Tensor) -> Gradient:
    """The gradients of x * y."""
    return lambda g: (lambda: sum_to(multiply_no_nan(y, g), x), lambda: sum_to(multiply_no_nan(x, g), y))


def quotient(x: Tensor, y: Tensor) -> Tensor:
    """x / y, and 0 where x is 0, also where y is 0 or NaN."""
    out = record(quiet(_over, x._array, y._array), (x, y), lambda g: quotient_rule(g, x, y, out))
    return out


def quotient_rule(g: Tensor, x: Tensor, y: Tensor, out: Tensor) -> tuple[Callable[[], Tensor], Callable[[], Tensor]]:
    """The gradients of out = x / y."""
    part = quotient(g, y)
    return lambda: sum_to(part, x), lambda: sum_to(-multiply_no_nan(out, part), y)


def _times(a: np.ndarray, b: np.ndarray) -> Any:
    value = np.multiply(a, b)
    return value if _is_finite(a if a.size < value.size else value) else np.where(b == 0, value.dtype.type(0), value)


def _over(a: np.ndarray, b: np.ndarray) -> Any:
    value = np.divide(a, b)
    safe = _is_finite(1 / b if b.size < value.size else value)
    return value if safe else np.where(a == 0, value.dtype.type(0), value)


def _is_finite(a: TensorLike) -> bool:
    """Whether no element is NaN or infinite: one pass, where np.isfinite(a).all() makes two. A sum may overflow."""
    return math.isfinite(np.add.reduce(a, None))


def masked(g: Tensor, mask: np.ndarray, of: tuple[Tensor, ...], slope: float = 0.0) -> Tensor:
    """g where the mask is true, else g * slope: the gradient of a function that is linear between its kinks.

    The mask is computed from the tensors `of`, and constant around their values: the derivatives by them are zeros.
    """
    a = g._array
    value = np.where(mask, a, a.dtype.type(slope) * a if slope else a.dtype.type(0))
    return record(value, (g, *of), lambda h: (lambda: masked(h, mask, of, slope), *map(no_gradient, of)))


def no_gradient(x: Tensor) -> Callable[[], Tensor]:
    """The gradient by x of a function that is constant around x: zeros."""
    return lambda: Tensor(np.zeros_like(x._array))
