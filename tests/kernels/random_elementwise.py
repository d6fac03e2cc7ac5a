"""Element-wise operations on random arrays: NumPy's results, bit for bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st
from random_arrays import DTYPES, Memory, bits, broadcast_to, call, native, read, same, shapes
from references import positive_part

import kernels
from kernels.ladder import LADDER

FORMULAS = {  # the naive loops' comparisons, as they say which zero is the larger and what becomes of NaN
    "relu": positive_part,
    "add": lambda x, y: x + y,
    "maximum": lambda x, y: np.where((x > y) | (x != x), x, y),
    "add_relu": lambda x, y: positive_part(x + y),
    "relu_grad": lambda g, y: np.where(y > 0, g, g.dtype.type(0)),
}
NUMPY = {"relu": lambda x: np.maximum(x, 0), "maximum": np.maximum}
NUMBERS = [0.1, -3, float("nan"), float("inf"), 1e300]


def rungs(name: str) -> list[Callable]:
    """The operation, and the compiled rungs below it."""
    return [getattr(kernels, name), *(f for f in LADDER.get(name, {}).values() if f.compiled)]


def check_elementwise(name: str, draw: Callable) -> None:
    formula, memory, shape = FORMULAS[name], Memory(draw), draw(shapes())
    count = formula.__code__.co_argcount
    arguments = [memory.place(draw(broadcast_to(shape)) if count > 1 else shape, draw(DTYPES)) for _ in range(count)]
    shape = np.broadcast_shapes(*[p.shape for p in arguments])
    dtype = np.result_type(*[native(p.dtype) for p in arguments]).name
    if count == 2 and draw(st.integers(0, 9)) == 9:
        weak = draw(st.integers(0, 1))
        shape, dtype = arguments[1 - weak].shape, native(arguments[1 - weak].dtype).name
        arguments[weak] = draw(st.sampled_from(NUMBERS))

    def check(result: np.ndarray, *given: np.ndarray) -> None:
        wide = [np.asarray(x, dtype) for x in given]
        expected = np.asarray(formula(*wide))
        assert type(result) is (np.ndarray if shape else np.dtype(dtype).type)
        assert result.dtype == expected.dtype
        assert same(result, expected)
        several = np.broadcast_to(count == 2 and (wide[0] != wide[0]) & (wide[-1] != wide[-1]), shape)
        assert ((bits(read(result)) == bits(read(expected))) | several).all()
        if name in NUMPY:
            np.testing.assert_array_equal(result, NUMPY[name](*wide))

    call(memory, draw(st.sampled_from(rungs(name))), arguments, check, memory.outs(shape, dtype))
