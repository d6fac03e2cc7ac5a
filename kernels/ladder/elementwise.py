"""The rungs of the element-wise operations."""

from __future__ import annotations

from collections.abc import Callable

from kernels import elementwise, naive

from .reasons import (
    COUNTED,
    NAIVE,
    NAIVE_IDEA,
    PARALLEL_IDEA,
    SIMD_IDEA,
    TYPED,
    TYPED_IDEA,
    VECTORS,
    parallel,
)  # fmt: skip
from .rung import Rung

BY_ROW = ", row by row, so that short rows gain little"
STREAM = "; beyond the caches both wait for memory, and this one may write past them, without reading the lines first"


def rungs(
    name: str, slowest: Callable, typed: Callable, simd: Callable, top: Callable, *, one_pass: str = "", rows: str = ""
) -> dict[str, Rung]:
    """`name`: the loop's in elementwise.pyx, and the leaf's in simd/elementwise.inc."""
    inc = "simd/elementwise.inc"
    leaf = (f"{inc}:{name}", f"{inc}:BINARY", f"{inc}:walk")
    shared = ("_nest.pyx:run", "_nest.pyx:GRAIN", "_threads.pyx:team")
    return {
        "naive": Rung(slowest, NAIVE_IDEA, NAIVE, most_steps=1e6),
        "typed": Rung(
            typed, TYPED_IDEA, TYPED + COUNTED + one_pass,
            (f"elementwise.pyx:{name}_loop",), f"elementwise:{name}_loop",
        ),
        "simd": Rung(simd, SIMD_IDEA, VECTORS + rows + STREAM, leaf, f"leaf:{name}"),
        "parallel": Rung(
            top, PARALLEL_IDEA,
            parallel("whole cache lines of its own", "an array", ", and arrays in memory share its bandwidth"),
            leaf + shared, f"leaf:{name}", threads=True,
        ),
    }  # fmt: skip


ELEMENTWISE: dict[str, dict[str, Rung]] = {
    "relu": rungs("relu", naive.naive_relu, elementwise.relu_typed, elementwise.relu_simd, elementwise.relu),
    "add": rungs("add", naive.naive_add, elementwise.add_typed, elementwise.add_simd, elementwise.add),
    "add_matrix_and_vector": rungs(
        "add", naive.naive_add_matrix_and_vector, elementwise.add_typed, elementwise.add_simd, elementwise.add,
        rows=BY_ROW,
    ),
    "maximum": rungs(
        "maximum", naive.naive_maximum, elementwise.maximum_typed, elementwise.maximum_simd, elementwise.maximum
    ),
    "add_relu": rungs(
        "add_relu", naive.naive_add_relu, elementwise.add_relu_typed, elementwise.add_relu_simd, elementwise.add_relu,
        one_pass=", in one pass instead of two",
    ),
}  # fmt: skip
