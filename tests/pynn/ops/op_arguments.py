"""For every differentiable operation: how its arguments are drawn, and the same in NumPy.

The numbers of an example lie on a grid on which no function has a kink and no two are equal: an array's are multiples
of 1/32 plus a share of 1/32 that each array has for itself, so that their sums and differences keep off the kinks too.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import pynn as tf

PLACES = {
    "tf": tf, "math": tf.math, "nn": tf.nn, "linalg": tf.linalg, "ops": tf.keras.ops, "act": tf.keras.activations,
    "losses": tf.keras.losses, "operator": operator, "engine": tf.ops,
}  # fmt: skip


class Case(NamedTuple):
    """An operation, and what it is compared with."""

    function: Any
    arguments: Callable[[Draw], tuple[Any, ...]]  # float64 arrays among them are those to differentiate by
    reference: Callable[..., Any]  # of the same arguments
    call: Callable[..., Any]  # of the function and the arguments


CASES: dict[str, Case] = {}


def case(names: str, reference: Any, arguments: Any, call: Any = lambda f, *arguments: f(*arguments)) -> None:
    """A case for each name of a place in PLACES, "tf.sin ops.sin"; a second one of the same operation gets a '."""
    for name in names.split():
        place, _, attribute = name.partition(".")
        function = getattr(PLACES[place], attribute)
        while name in CASES:
            name += "'"
        CASES[name] = Case(function, arguments, reference, call)


class Draw:
    """What an example is made of: shapes and options are hypothesis's, which makes them small; numbers are NumPy's."""

    def __init__(self, data: st.DataObject) -> None:
        self.draw, self.arrays = data.draw, 0
        self.rng = np.random.default_rng(self.draw(st.integers(0, 2**32 - 1)))

    def one(self, choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def shape(self, least: int = 0, most: int = 4, sizes: tuple[int, ...] = (2, 1, 3, 0)) -> tuple[int, ...]:
        shapes = st.lists(st.sampled_from(sizes), min_size=least, max_size=most)
        return tuple(self.draw(shapes.filter(lambda sizes: math.prod(sizes) <= 24)))

    def shapes(self, count: int, most: int = 4) -> list[tuple[int, ...]]:
        """Shapes that broadcast."""
        common, found = self.shape(0, most), []
        for _ in range(count):
            own = common[self.one(range(len(common) + 1)) :]
            found.append(tuple(self.one([n, 1]) for n in own))
        return found

    def array(self, shape: tuple[int, ...], low: float = -2, high: float = 2) -> np.ndarray:
        self.arrays += 1
        size, steps = math.prod(shape), int((high - low) * 32)
        places = self.rng.permutation(steps)[:size] if size <= steps else self.rng.integers(0, steps, size)
        return np.asarray(low + (places.reshape(shape) + 0.5 - 0.5 ** (self.arrays + 1)) / 32)

    def integers(self, high: int, shape: tuple[int, ...]) -> np.ndarray:
        return self.rng.integers(0, high, shape)

    def bools(self, shape: tuple[int, ...]) -> np.ndarray:
        return self.integers(2, shape) > 0

    def axis(self, x: np.ndarray, more: int = 0) -> int:
        return self.one(range(-x.ndim - more, x.ndim + more))

    def axes(self, x: np.ndarray) -> Any:
        """None, an axis or several."""
        if not x.ndim or self.one([True, False, False]):
            return None
        chosen = self.draw(st.lists(st.sampled_from(range(x.ndim)), unique=True, min_size=1))
        return chosen[0] - self.one([0, x.ndim]) if len(chosen) == 1 else tuple(chosen)


FULL = (2, 1, 3)  # sizes of shapes that are not empty
ROWS = {"least": 1, "sizes": FULL}  # shapes of one axis or more


def some(low: float = -2, high: float = 2, **shape: Any) -> Callable[[Draw], tuple[Any, ...]]:
    """An array."""
    return lambda d: (d.array(d.shape(**shape), low, high),)


def two(x: tuple[float, float] = (-2, 2), y: tuple[float, float] = (-2, 2)) -> Callable[[Draw], tuple[Any, ...]]:
    """Two arrays whose shapes broadcast."""
    return lambda d: tuple(d.array(s, *limits) for s, limits in zip(d.shapes(2), (x, y), strict=True))


def alike(x: tuple[float, float] = (-2, 2), y: tuple[float, float] = (-2, 2), **shape: Any) -> Any:
    """Two arrays of one shape."""

    def arguments(d: Draw) -> tuple[Any, ...]:
        sizes = d.shape(**shape)
        return d.array(sizes, *x), d.array(sizes, *y)

    return arguments


def reduced(low: float = -2, high: float = 2, **shape: Any) -> Any:
    """An array, axes and keepdims."""

    def arguments(d: Draw) -> tuple[Any, ...]:
        x = d.array(d.shape(**shape), low, high)
        return x, d.axes(x), d.one([False, True])

    return arguments


def along(**shape: Any) -> Any:
    """An array and one of its axes."""

    def arguments(d: Draw) -> tuple[Any, ...]:
        x = d.array(d.shape(1, **shape))
        return x, d.axis(x)

    return arguments


def over(function: Any) -> Callable[..., Any]:
    return lambda x, axis, keepdims: function(x, axis=axis, keepdims=keepdims)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def softplus(x: Any) -> Any:
    return np.logaddexp(x, 0)


def softmax(x: Any, axis: int = -1) -> Any:
    return np.exp(x) / np.exp(x).sum(axis, keepdims=True)


def log_softmax(x: Any, axis: int = -1) -> Any:
    return x - np.log(np.exp(x).sum(axis, keepdims=True))


def relu(x: Any, slope: Any = 0.0, most: Any = np.inf, threshold: float = 0.0) -> Any:
    return np.where(x < threshold, slope * (x - threshold), np.minimum(x, np.inf if most is None else most))


def gelu(x: Any, approximate: bool) -> Any:
    inner = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)) if approximate else erf(x * math.sqrt(0.5))
    return x * (1 + inner) / 2


def selu(x: Any) -> Any:
    return 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))


erf = np.vectorize(math.erf, otypes=[float])
