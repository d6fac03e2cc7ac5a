"""The rungs of the optimizer's update."""

from __future__ import annotations

import kernels.optimizers as optimizers
from kernels import lists, naive

from . import reasons
from .rung import Rung

LEAF = ("simd/optimizers.inc:rmsprop_rule", "simd/optimizers.inc:update_all")

UPDATES: dict[str, dict[str, Rung]] = {
    "rmsprop_update": {
        "naive": Rung(naive.naive_rmsprop_update, reasons.NAIVE_IDEA, reasons.NAIVE, most_steps=1e6),
        "lists": Rung(lists.rmsprop_update, reasons.LISTS_IDEA, reasons.LISTS, most_steps=5e6),
        "typed": Rung(
            optimizers.rmsprop_update_typed, reasons.TYPED_IDEA, reasons.TYPED,
            ("optimizers.pyx:rmsprop_loop",),
            "optimizers:rmsprop_loop|update_range|update_part",
        ),
        "simd": Rung(
            optimizers.rmsprop_update_simd, reasons.SIMD_IDEA,
            reasons.VECTORS + ", roots and divisions too; beyond the caches both wait for memory", LEAF, "leaf:rmsprop",
        ),
        "parallel": Rung(
            optimizers.rmsprop_update, reasons.PARALLEL_IDEA, reasons.parallel("weights of its own", "an array"),
            (*LEAF, "optimizers.pyx:update_part", *reasons.THREADS), "leaf:rmsprop", threads=True,
        ),
    }
}  # fmt: skip
