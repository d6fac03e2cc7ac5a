"""Operations along rows, and sums, on random arrays: NumPy's results within the rounding that the order explains."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st
from random_arrays import DTYPES, ELEMENTS, Memory, call, shapes
from random_elementwise import rungs
from references import assert_close, cross_entropy_reference, softmax_reference, sum_reference

import kernels


def check_softmax(draw: Callable) -> None:
    memory, dtype = Memory(draw), draw(DTYPES)
    x = memory.place(draw(shapes(1)), dtype)
    function = draw(st.sampled_from(rungs("softmax")))
    outs = memory.outs(x.shape, dtype)
    call(memory, function, [x], lambda result, x: assert_close(result, *softmax_reference(x), x.dtype), outs)


def check_softmax_cross_entropy(draw: Callable) -> None:
    memory, dtype = Memory(draw), draw(DTYPES)
    m, n = draw(shapes(2, 2).filter(lambda shape: shape[1]))
    logits = memory.place((m, n), dtype)
    rows = draw(st.booleans())
    targets = memory.place((m, n), dtype, kinds=["normal", "zeros", "one NaN"]) if rows else labels(draw, (m,), n)

    def check(result: tuple[np.ndarray, np.ndarray], x: np.ndarray, t: np.ndarray) -> None:
        exact = cross_entropy_reference(x, t if rows else t[:, None] == np.arange(n))
        for each, (value, bound) in zip(result, exact, strict=True):
            assert_close(each, value, bound, x.dtype)

    call(memory, kernels.softmax_cross_entropy, [logits, targets], check)


def labels(draw: Callable, shape: tuple[int, ...], n: int) -> np.ndarray:
    """Integers from 0 to n - 1, of any type that holds them."""
    types = [t for t in "bBhHiIlLqQ" if n <= np.iinfo(t).max]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.integers(0, n, shape).astype(draw(st.sampled_from(types)))


def check_sum_rows(draw: Callable) -> None:
    memory, dtype = Memory(draw), draw(DTYPES)
    x = memory.place(draw(shapes(2, 2)), dtype)
    additions = min(x.shape[0], 128) + x.shape[0] // 128 + 1  # in blocks of 128 rows

    def check(result: np.ndarray, x: np.ndarray) -> None:
        assert_close(result, *sum_reference(x, additions, 0), x.dtype)

    call(memory, kernels.sum_rows, [x], check, memory.outs(x.shape[1:], dtype))


def check_total(draw: Callable) -> None:
    memory = Memory(draw)
    x = memory.place(draw(shapes()), draw(DTYPES))

    def check(result: float, x: np.ndarray) -> None:
        assert type(result) is float
        exact, bound = sum_reference(x, 2048 // 16 + 4 + 1, None)  # 2,048 at a time, those sums in double precision
        bound += x.size / 2048 * np.finfo(float).eps * np.abs(np.where(np.isfinite(x), x, 0)).astype(float).sum()
        assert_close(np.float64(result), exact, bound, np.dtype(float))

    call(memory, kernels.total, [x], check)


def check_top_matches(draw: Callable) -> None:
    memory, shape = Memory(draw), draw(shapes(1))
    scores = memory.place(shape, draw(DTYPES))
    wanted = labels(draw, shape[:-1], max(shape[-1], 1))

    def check(result: np.ndarray, scores: np.ndarray, wanted: np.ndarray) -> None:
        low = np.where(scores == scores, scores, -np.inf)  # to NumPy the first NaN would be the largest
        expected = low.argmax(-1) == wanted if shape[-1] else np.zeros(shape[:-1], bool)
        assert result.dtype == np.float32
        np.testing.assert_array_equal(result, expected)

    call(memory, kernels.top_matches, [scores, wanted], check)


def check_take_rows(draw: Callable) -> None:
    memory, dtype = Memory(draw), draw(DTYPES)
    x = memory.place(draw(shapes(1)), dtype, plain=True)
    row = x.shape[1:]
    m = min(draw(st.sampled_from([1, 0, 5, 130])) if x.shape[0] else 0, ELEMENTS // max(math.prod(row), 1))
    rows, out = labels(draw, (m,), max(x.shape[0], 1)), memory.place((m, *row), dtype, plain=True)
    call(memory, kernels.take_rows, [x, rows], lambda result, x, rows: assert_same(result, x[rows]), [out])


def assert_same(result: np.ndarray, expected: np.ndarray) -> None:
    assert result.shape == expected.shape and result.tobytes() == expected.tobytes()
