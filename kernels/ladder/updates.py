"""The rungs of the optimizer's update."""

from __future__ import annotations

from kernels import naive, optimizers

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

LEAF = ("simd/optimizers.inc:rmsprop_rule", "simd/optimizers.inc:update_all")

UPDATES: dict[str, dict[str, Rung]] = {
    "rmsprop_update": {
        "naive": Rung(naive.naive_rmsprop_update, NAIVE_IDEA, NAIVE, most_steps=1e6),
        "typed": Rung(
            optimizers.rmsprop_update_typed, TYPED_IDEA, TYPED + COUNTED,
            ("optimizers.pyx:rmsprop_loop",), "optimizers:rmsprop_loop",
            inlined=("update_range", "7Updates_run_range"),  # a method has its class
        ),
        "simd": Rung(
            optimizers.rmsprop_update_simd, SIMD_IDEA,
            VECTORS + ", roots and divisions too; beyond the caches both wait for memory", LEAF, "leaf:rmsprop",
        ),
        "parallel": Rung(
            optimizers.rmsprop_update, PARALLEL_IDEA, parallel("weights of its own", "an array"),
            (*LEAF, "optimizers.pyx:run", "optimizers.pyx:run_range"), "leaf:rmsprop", threads=True,
        ),
    }
}  # fmt: skip
