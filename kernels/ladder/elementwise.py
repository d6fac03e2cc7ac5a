"""The rungs of the element-wise operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import kernels.elementwise as elementwise
from kernels import lists, naive

from . import reasons
from .rung import Rung

BRANCHLESS = (
    "The comparison's result is the place of the value to store, so that no jump has to be foreseen: of random values "
    "every second one would be foreseen wrongly, and cost as much as ten elements; small arrays that come again and "
    "again gain little, as the CPU learns their jumps"
)
FUSED = (
    "A sum goes to relu in its register: {instructions} instructions for four vectors of {lanes} elements, and one "
    "pass over memory where simd stores all sums, and loads them again"
)
STREAMING = (
    "The same inner loop, but arrays that exceed the caches are written past them, so that the lines of memory that "
    "are overwritten whole are not read first; smaller arrays are written as before"
)
SHARED = reasons.parallel("whole cache lines of its own", "an array", ", and arrays in memory share its bandwidth")

Function = Callable[..., Any]
INC = "simd/elementwise.inc"


def rungs(name: str, chapter: tuple[Function, Function], *passes: str, by_row: str = "") -> dict[str, Rung]:
    """`chapter`: the loops in Python, on arrays and on lists; `passes`: the loops in C, where `name` is not the one."""

    def rung(step: str) -> Any:
        return getattr(elementwise, f"{name}_{step}")

    passes = passes or (name,)
    last = passes[-1]
    found = {
        "naive": Rung(chapter[0], reasons.NAIVE_IDEA, reasons.NAIVE, most_steps=1e6),
        "lists": Rung(chapter[1], reasons.LISTS_IDEA, reasons.LISTS, most_steps=5e6),
        "typed": Rung(
            rung("typed"), reasons.TYPED_IDEA, reasons.TYPED,
            tuple(f"elementwise.pyx:{loop}_loop" for loop in passes), f"elementwise:{last}_loop",
        ),
    }  # fmt: skip
    if last != "add":  # it branches
        found["branchless"] = Rung(
            rung("branchless"), "a look-up instead of a branch", BRANCHLESS,
            (f"elementwise.pyx:{last}_branchless_loop",), f"elementwise:{last}_branchless_loop",
        )  # fmt: skip
    found["simd"] = Rung(
        rung("simd"), reasons.SIMD_IDEA, reasons.VECTORS + by_row,
        (*(f"{INC}:{loop}" for loop in passes), f"{INC}:BINARY"), f"leaf:{last}_line|{last}",
    )  # fmt: skip
    leaf = (f"{INC}:{name}", f"{INC}:BINARY")
    if len(passes) > 1:
        found["fused"] = Rung(rung("fused"), "one pass instead of two", FUSED, leaf, f"leaf:{name}_line|{name}")
    found["streaming"] = Rung(
        rung("streaming"), "results written past the caches", STREAMING, (f"{INC}:walk", *leaf, "_nest.pyx:run"),
        f"leaf:{name}_line|{name}",
    )  # fmt: skip
    found["parallel"] = Rung(
        getattr(elementwise, name), reasons.PARALLEL_IDEA, SHARED,
        (*leaf, "_nest.pyx:run_part", "_nest.pyx:run", "_nest.pyx:GRAIN", *reasons.THREADS), f"leaf:{name}_line|{name}",
        threads=True,
    )  # fmt: skip
    return found


ELEMENTWISE: dict[str, dict[str, Rung]] = {
    "relu": rungs("relu", (naive.naive_relu, lists.relu)),
    "add": rungs("add", (naive.naive_add, lists.add)),
    "add_matrix_and_vector": rungs(
        "add",
        (naive.naive_add_matrix_and_vector, lists.add_matrix_and_vector),
        by_row=", row by row, so that short rows gain little",
    ),
    "maximum": rungs("maximum", (naive.naive_maximum, lists.maximum)),
    "add_relu": rungs("add_relu", (naive.naive_add_relu, lists.add_relu), "add", "relu"),
}
