"""LADDER: operation -> {rung: function}, slowest first. Tests, benchmarks and tables are generated from it.

The functions of one operation take the same arguments; those of `rmsprop_update` change w and v in place, the others
return a result. Each rung makes one change to the one above it:
naive     pure Python loops
typed     the same loops with C types, compiled; for matrix products the loop order i-j-p, named `ijp`
ipj       loop order i-p-j: the inner loop runs along rows, so that the compiler vectorizes it
simd      the widest vectors of this CPU, chosen at import
blocked   blocks that fit the caches, operands packed where that pays, a tile of the result in registers (one idea,
          three changes: none of them helps without the others)
parallel  OpenMP threads share out the result
sparse    zeros of the left operand are skipped, where there are many
The last rung of each operation is the public one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kernels import elementwise, losses, naive, optimizers, products

_relu_dense = {"activation": "relu"}  # the chapter's layer

LADDER: dict[str, dict[str, Callable]] = {
    "relu": {
        "naive": naive.naive_relu,
        "typed": elementwise.relu_typed,
        "simd": elementwise.relu_simd,
        "parallel": elementwise.relu,
    },
    "add": {
        "naive": naive.naive_add,
        "typed": elementwise.add_typed,
        "simd": elementwise.add_simd,
        "parallel": elementwise.add,
    },
    "add_matrix_and_vector": {
        "naive": naive.naive_add_matrix_and_vector,
        "typed": elementwise.add_typed,
        "simd": elementwise.add_simd,
        "parallel": elementwise.add,
    },
    "maximum": {
        "naive": naive.naive_maximum,
        "typed": elementwise.maximum_typed,
        "simd": elementwise.maximum_simd,
        "parallel": elementwise.maximum,
    },
    "add_relu": {
        "naive": naive.naive_add_relu,
        "typed": elementwise.add_relu_typed,
        "simd": elementwise.add_relu_simd,
        "parallel": elementwise.add_relu,
    },
    "vector_dot": {
        "naive": naive.naive_vector_dot,
        "typed": products.dot_ijp,
        "simd": products.dot_blocked,
        "parallel": products.dot,
    },
    "matrix_vector_dot": {
        "naive": naive.naive_matrix_vector_dot,
        "typed": products.dot_ijp,
        "simd": products.dot_blocked,
        "parallel": products.dot,
    },
    "dot": {
        "naive": naive.naive_matrix_dot,
        "ijp": products.dot_ijp,
        "ipj": products.dot_ipj,
        "blocked": products.dot_blocked,
        "parallel": products.dot_parallel,
        "sparse": products.dot,
    },
    "softmax": {
        "naive": naive.naive_softmax,
        "typed": losses.softmax_typed,
        "simd": losses.softmax_simd,
        "parallel": losses.softmax,
    },
    "dense": {
        "naive": naive.naive_dense,
        "ipj": partial(products.dense_ipj, **_relu_dense),
        "blocked": partial(products.dense_blocked, **_relu_dense),
        "parallel": partial(products.dense_parallel, **_relu_dense),
        "sparse": partial(products.dense, **_relu_dense),
    },
    "rmsprop_update": {
        "naive": naive.naive_rmsprop_update,
        "typed": optimizers.rmsprop_update_typed,
        "simd": optimizers.rmsprop_update_simd,
        "parallel": optimizers.rmsprop_update,
    },
}
