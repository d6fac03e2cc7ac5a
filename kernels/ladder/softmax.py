"""The rungs of softmax."""

from __future__ import annotations

from kernels import losses, naive

from .reasons import NAIVE, NAIVE_IDEA, PARALLEL_IDEA, SIMD_IDEA, TYPED_IDEA, parallel
from .rung import Rung

LEAF = ("simd/softmax.inc:exp", "simd/softmax.inc:exp_rows", "simd/softmax.inc:softmax")

SOFTMAX: dict[str, dict[str, Rung]] = {
    "softmax": {
        "naive": Rung(naive.naive_softmax, NAIVE_IDEA, NAIVE, most_steps=1e6),
        "typed": Rung(
            losses.softmax_typed, TYPED_IDEA,
            "C types turn the {bytecodes} bytecodes and the objects of a turn into {instructions} machine "
            "instructions; one of them still calls the C library's exp, in double precision, for each element",
            ("losses.pyx:loop_rows",), "losses:loop_rows", inlined=("rows_softmax",), which="calls exp",
        ),
        "simd": Rung(
            losses.softmax_simd, SIMD_IDEA,
            "The exponential is a polynomial in place of a call, so that a turn of {instructions} instructions gives "
            "{lanes} of them; it runs over many rows at once, as short rows fill no vector",
            LEAF, "leaf:softmax",
        ),
        "parallel": Rung(
            losses.softmax, PARALLEL_IDEA, parallel("rows of its own", "an array"),
            (*LEAF, "losses.pyx:run", "losses.pyx:run_range", "losses.pyx:GRAIN"), "leaf:softmax", threads=True,
        ),
    }
}  # fmt: skip
