"""Random arrays with one fault: the type of error that the contract names, in NumPy's words, and nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import strategies as st
from random_arrays import DTYPES, Memory

import kernels

ONE, TWO = ["mn"], ["mn", "mn"]
BINARY = ["add", "maximum", "add_relu", "relu_grad"]
SHAPES = {  # of the arrays that are float32 or float64
    **dict.fromkeys(["relu", "softmax", "sum_rows", "total", "top_matches", "softmax_cross_entropy"], ONE),
    **dict.fromkeys([*BINARY, "sgd_update"], TWO),
    **dict.fromkeys(["momentum_update", "rmsprop_update"], ONE + TWO),
    "adam_update": TWO + TWO,
    "dot": ["mk", "kn"],
    "dense": ["mk", "kn", "n"],
}
NUMBERS = {"sgd_update": 1, "momentum_update": 2, "rmsprop_update": 3, "adam_update": 4}
RESULTS = {"sum_rows": "n", "total": None, "top_matches": None, "softmax_cross_entropy": None}  # of others (m, n)
NUMPY = {**dict.fromkeys(BINARY, np.add), "dot": np.dot, "dense": np.dot}
OTHER_TYPES = ["int64", "uint8", "bool", "float16", "complex64", "object"]
OTHER = {"float32": "float64", "float64": "float32"}
ANY_SHAPE = st.lists(st.integers(0, 4), min_size=1, max_size=2).map(tuple)


def words(function: Callable, *arguments: np.ndarray) -> str | None:
    """What the function's ValueError says, or None if it has none."""
    try:
        function(*arguments)
    except ValueError as error:
        return str(error).strip()
    return None


def check_wrong(name: str, shapes: list[str], draw: Callable) -> None:
    size = dict(zip("mkn", draw(st.tuples(*[st.integers(1, 20)] * 3)), strict=True))
    is_update, memory, dtype = name in NUMBERS, Memory(draw), draw(DTYPES)
    places = [memory.place(tuple(size[axis] for axis in s), dtype, plain=is_update) for s in shapes]
    axes = None if is_update else RESULTS.get(name, "mn")
    into = memory.outs(tuple(size[axis] for axis in axes), dtype)[0] if axes else None
    data = memory.filled()
    before, arrays = data.tobytes(), [p.view(data) for p in places]
    more = {"out": into.view(data)} if into else {}
    rest = [0.9] * NUMBERS.get(name, 0) + [1] * (name == "adam_update")
    if name in ("top_matches", "softmax_cross_entropy"):
        rest = [np.zeros(size["m"], int)]
    which, error, says = draw(st.integers(0, len(arrays) - 1)), TypeError, "float"
    faults = (
        ["type"]
        + ["shape"] * (is_update or name in NUMPY)
        + ["out is no array", "out's type", "out's shape", "read-only"] * bool(into)
    )
    match draw(st.sampled_from(faults)):
        case "type":
            arrays[which] = np.ones(arrays[which].shape, draw(st.sampled_from(OTHER_TYPES)))
        case "shape":
            which = min(which, 1) if name in NUMPY else which
            shape = draw(ANY_SHAPE.filter(lambda shape: shape != arrays[which].shape))
            arrays[which], error = np.ones(shape, dtype), ValueError
            with np.errstate(all="ignore"):
                says = re.escape(words(NUMPY[name], *arrays[:2]) or "") if name in NUMPY else "shape"
            if not says:
                return
        case "out's type":
            more["out"] = np.ones(into.shape, draw(st.sampled_from([*OTHER_TYPES, OTHER[dtype]])))
            says = f"the result is {dtype}"
        case "out is no array":
            more["out"], says = draw(st.sampled_from([[0.0], (1, 2), 1.0, "out"])), "out must be a NumPy array, not"
        case "out's shape":
            shape = draw(ANY_SHAPE.filter(lambda shape: shape != into.shape))
            more["out"], error, says = np.ones(shape, dtype), ValueError, "out has shape"
        case "read-only":
            more["out"].flags.writeable, error, says = False, ValueError, "read-only"
    was = np.copy(more["out"]) if more else None
    with pytest.raises(error, match=says):
        getattr(kernels, name)(*arrays, *rest, **more)
    assert data.tobytes() == before
    np.testing.assert_array_equal(more.get("out"), was)
