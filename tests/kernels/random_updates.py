"""Updates of random weights: their formulas in a wider type, and the same bits for gradients given as products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from random_arrays import DTYPES, THREADS, Memory, Place, read, same, shapes
from references import assert_close

import kernels

Sizes = dict[str, tuple[np.ndarray, np.ndarray]]  # name -> (new value, sum of the sizes whose roundings meet in it)


def sgd(w: np.ndarray, g: np.ndarray, rate: float) -> Sizes:
    return {"w": (w - rate * g, np.abs(w) + rate * np.abs(g))}


def momentum(w: np.ndarray, m: np.ndarray, g: np.ndarray, rate: float, keep: float, nesterov: bool) -> Sizes:
    step, size = keep * m - rate * g, keep * np.abs(m) + rate * np.abs(g)
    change = keep * step - rate * g if nesterov else step
    return {"w": (w + change, np.abs(w) + size + rate * np.abs(g)), "m": (step, size)}


def rmsprop(w: np.ndarray, v: np.ndarray, g: np.ndarray, rate: float, rho: float, epsilon: float) -> Sizes:
    v = rho * v + (1 - rho) * g * g
    change = rate * g / np.sqrt(v + epsilon)
    return {"w": (w - change, np.abs(w) + np.abs(change)), "v": (v, v)}


def adam(w: np.ndarray, m: np.ndarray, v: np.ndarray, g: np.ndarray, rate: float, beta_1: float, beta_2: float,
         epsilon: float, step: int) -> Sizes:  # fmt: skip
    rate *= np.sqrt(1 - beta_2**step) / (1 - beta_1**step)
    new_m, new_v = m + (1 - beta_1) * (g - m), v + (1 - beta_2) * (g * g - v)
    size, scale = np.abs(m) + np.abs(g), rate / (np.sqrt(new_v) + epsilon)
    return {"w": (w - scale * new_m, np.abs(w) + scale * size), "m": (new_m, size), "v": (new_v, v + g * g)}


RATE, DECAY, EPSILON = (st.sampled_from(x) for x in ([0.01, 0.1, 1.0, 0.0], [0.9, 0.999], [1e-7, 1e-3]))
RULES = {  # the update's name -> names of its arrays, formula, numbers
    "sgd_update": ("wg", sgd, [RATE]),
    "momentum_update": ("wmg", momentum, [RATE, DECAY, st.booleans()]),
    "rmsprop_update": ("wvg", rmsprop, [RATE, DECAY, EPSILON]),
    "adam_update": ("wmvg", adam, [RATE, DECAY, DECAY, EPSILON, st.sampled_from([1, 3, 1000])]),
}


def bounds(exact: Sizes, dtype: np.dtype) -> Sizes:
    """Fewer than sixteen roundings of eps / 2, those of the rates among them, on the way to one number. What is lost
    among the subnormals epsilon may enlarge. Where a number may overflow, alone or times Adam's rate, so do others."""
    limits = np.finfo(dtype)
    overflows = np.any([size > limits.max / 2000 for _, size in exact.values()], axis=0)
    lost = limits.smallest_subnormal / 1e-7
    return {n: (x, np.where(overflows, np.inf, 8 * (limits.eps * size + lost))) for n, (x, size) in exact.items()}


def product_places(draw: Callable, memory: Memory, dtype: str) -> tuple[tuple[int, int], tuple[Place, Place]]:
    """Of a gradient x . y, whose x may have so many zeros that they are skipped, and more rows than are listed at a
    time."""
    if draw(st.booleans()):
        m, k, n = (
            draw(st.one_of(st.integers(32, 400), st.just(3001))),
            draw(st.integers(64, 130)),
            draw(st.integers(48, 130)),
        )
        m = max(m, 2_000_000 // (k * n) + 1)
    else:
        m, k, n = draw(st.tuples(*[st.integers(0, 130)] * 3))
    x = memory.place((m, k), dtype, apart=True, kinds=["zeros", "normal", "zeros"])
    return (m, n), (x, memory.place((k, n), dtype, apart=True, kinds=["normal", "special", "one NaN", "normal"]))


def check_update(name: str, draw: Callable) -> None:
    """A list of parameters, as one by one; gradients that are products, as the products; any number of threads."""
    names, formula, numbers = RULES[name]
    numbers, memory = [draw(number) for number in numbers], Memory(draw)
    update, count = getattr(kernels, name), draw(st.integers(1, 2))
    kind = draw(st.sampled_from(["normal", "normal", "special", "huge", "subnormal"]))
    parameters: list[dict[str, Any]] = []
    for _ in range(count):
        dtype = draw(DTYPES)
        shape, pair = product_places(draw, memory, dtype) if draw(st.integers(0, 3)) == 3 else (draw(shapes()), None)
        parameters.append({n: memory.place(shape, dtype, plain=True, kinds=[kind]) for n in names})
        if pair:
            parameters[-1]["g"] = pair
    threads = draw(THREADS)
    data = memory.filled()
    for p in parameters:
        if "v" in names:
            np.abs(p["v"].view(data), out=p["v"].view(data))

    def views(data: np.ndarray, p: dict[str, Any]) -> list[Any]:
        return [x.view(data) if isinstance(x, Place) else tuple(y.view(data) for y in x) for x in p.values()]

    expected = data.copy()
    kernels.set_num_threads(1)
    with np.errstate(all="ignore"):
        for p in parameters:
            arrays = views(expected, p)
            g = arrays[-1] if isinstance(arrays[-1], np.ndarray) else kernels.dot(*arrays[-1])
            given = dict(zip(names, [*arrays[:-1], g], strict=True))
            exact = formula(*[x.astype(np.longdouble) for x in given.values()], *numbers)
            update(*arrays[:-1], g, *numbers)
            for n, (value, bound) in bounds(exact, g.dtype).items():
                assert_close(given[n], value, bound, g.dtype)
    lists = [list(x) for x in zip(*[views(data, p) for p in parameters], strict=True)]
    kernels.set_num_threads(threads)
    assert update(*(lists if count > 1 else [x[0] for x in lists]), *numbers) is None
    for p in parameters:
        for x in (p[n] for n in names[:-1]):
            assert same(read(x.view(data)), read(x.view(expected)))
            x.view(expected)[...] = x.view(data)
    assert np.array_equal(data, expected)
