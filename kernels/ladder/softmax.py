"""The rungs of softmax."""

from __future__ import annotations

import kernels.losses as losses
from kernels import lists, naive

from . import reasons
from .rung import Rung

LEAF = ("simd/softmax.inc:exp", "simd/softmax.inc:exp_rows", "simd/softmax.inc:softmax")

SOFTMAX: dict[str, dict[str, Rung]] = {
    "softmax": {
        "naive": Rung(naive.naive_softmax, reasons.NAIVE_IDEA, reasons.NAIVE, most_steps=1e6),
        "lists": Rung(lists.softmax, reasons.LISTS_IDEA, reasons.LISTS, most_steps=5e6),
        "typed": Rung(
            losses.softmax_typed, reasons.TYPED_IDEA,
            reasons.TYPED + "; one of them still calls the C library's exp, in double precision",
            ("losses.pyx:loop_rows",), "losses:loop_rows|rows_softmax",
        ),
        "simd": Rung(
            losses.softmax_simd, reasons.SIMD_IDEA,
            "The exponential is a polynomial in place of a call, since a vector can call nothing: a turn of "
            "{instructions} instructions gives {lanes} of them; a row that fills no vector gains nothing",
            LEAF, "leaf:softmax",
        ),
        "batched": Rung(
            losses.softmax_batched, "many rows at once",
            "The exponentials of as many rows as stay in the L1 cache run in one loop, so that short rows, too, fill "
            "vectors; rows of a thousand elements gain nothing",
            (*LEAF, "losses.pyx:run_part", "losses.pyx:BLOCK"), "leaf:softmax",
        ),
        "parallel": Rung(
            losses.softmax, reasons.PARALLEL_IDEA, reasons.parallel("rows of its own", "an array"),
            (*LEAF, "losses.pyx:run", "losses.pyx:run_part", "losses.pyx:GRAIN", *reasons.THREADS), "leaf:softmax",
            threads=True,
        ),
    }
}  # fmt: skip
