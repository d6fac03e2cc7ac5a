"""Products of random arrays: NumPy's sums within k eps sum |x| |y|, and dense to the bit of what it fuses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st
from random_arrays import DTYPES, Memory, Place, call, native, same
from references import assert_close, dot_reference, positive_part

import kernels
from kernels import products

ROWS = st.one_of(st.integers(1, 20), st.integers(0, 130), st.sampled_from([403, 1009]))
COLUMNS = st.one_of(st.integers(1, 20), st.integers(0, 130))
TERMS = st.one_of(*[st.integers(0, 130)] * 3, st.sampled_from([300, 784, 4099, 20_001, 50_003]))
WORK = st.sampled_from([20_000] * 9 + [500_000, 500_000, 2_100_000])  # multiply-adds: for one thread, many, lists
DOTS, DENSES = (
    [getattr(kernels, name)] * 9 + [f for rung, f in vars(products).items() if rung.startswith(f"{name}_")]
    for name in ("dot", "dense")
)


def operands(draw: Callable, memory: Memory) -> tuple[Place, Place]:
    """x (..., k) and y (k,) or (k, n), now and then of two types, or y the transpose of x."""
    dtype = draw(DTYPES)
    other = draw(st.sampled_from([dtype] * 7 + ["float32", "float64"]))
    m, n, k, most = draw(ROWS), draw(COLUMNS), draw(TERMS), draw(WORK)
    if most > 2_000_000:  # so much that zeros are looked for
        m, n, k = max(m, 40), max(n, 70), max(k, 701)
    k = min(k, max(most // max(m * n, 1), 1))
    front = draw(st.sampled_from([(m,)] * 6 + [(), (2, m // 2), (1, m // 3, 1, 3)]))
    x = memory.place((*front, k), dtype)
    if len(front) == 1 and draw(st.integers(0, 4)) == 4:
        return x, x._replace(shape=x.shape[::-1], strides=x.strides[::-1])
    return x, memory.place((k,) if draw(st.integers(0, 5)) == 5 else (k, n), other)


def check_dot(draw: Callable) -> None:
    memory = Memory(draw)
    x, y = operands(draw, memory)
    dtype, shape = np.result_type(native(x.dtype), native(y.dtype)), (*x.shape[:-1], *y.shape[1:])

    def check(result: np.ndarray, *given: np.ndarray) -> None:
        given = [a.astype(dtype) for a in given]
        assert type(result) is (np.ndarray if shape else dtype.type)
        assert_close(result, *dot_reference(*given), dtype)
        assert same(kernels.dot(*given), products.dot_parallel(*given))  # zeros that are skipped change no bit

    call(memory, draw(st.sampled_from(DOTS)), [x, y], check, memory.outs(shape, dtype.name))


def check_dense(draw: Callable) -> None:
    memory = Memory(draw)
    x, w = operands(draw, memory)
    b = memory.place(w.shape[1:] or (1,), native(x.dtype).name) if draw(st.integers(0, 3)) else None
    activation = draw(st.sampled_from([None, "relu"]))
    dtype, shape = np.result_type(native(x.dtype), native(w.dtype)), (*x.shape[:-1], *w.shape[1:])

    def check(result: np.ndarray, *given: np.ndarray) -> None:
        x, w, *bias = (a.astype(dtype) for a in given[: 3 if b else 2])
        exact, bound = dot_reference(x, w, *bias)
        fused, parts = kernels.dense(x, w, *bias or [None], activation), kernels.add(kernels.dot(x, w), *bias or [-0.0])
        if activation:
            exact, parts = positive_part(exact), kernels.relu(parts)
        assert_close(result, exact.reshape(shape), bound.reshape(shape), dtype)
        assert same(fused, np.reshape(parts, shape))

    call(memory, draw(st.sampled_from(DENSES)), [x, w, b, activation], check, memory.outs(shape, dtype.name))
