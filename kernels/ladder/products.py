"""The rungs of the products: of vectors, of a matrix and a vector, of matrices, and the dense layer."""

from __future__ import annotations

from functools import partial

import kernels.products as products
from kernels import lists, naive, numpy_rows

from . import reasons
from .reasons import LISTS, LISTS_IDEA, NAIVE, NAIVE_IDEA, PARALLEL_IDEA, SIMD_IDEA, TYPED_IDEA, VECTORS, parallel
from .rung import Rung

# Turns of the innermost loop in a second or so, or less
NAIVE_STEPS, LIST_STEPS, SLOW_STEPS = 1e6, 5e6, 2e8
RELU = {"activation": "relu"}  # the chapter's layer

VECTOR_DOT = ("simd/sums.inc:vector_dot",)
ROWS = ("simd/sums.inc:inner_tile", "simd/sums.inc:inner")
IJP, SUMS, IPJ = ("products.pyx:loop_ijp",), ("products.pyx:loop_sums",), ("products.pyx:loop_ipj",)
SIMD, TILED = ("simd/ipj.inc:ipj",), ("simd/tiled.inc:tile", "simd/tiled.inc:tiled", "products.pyx:tiled")
GEMM = ("simd/gemm.inc:gemm_tile", "gemm.pyx:multiply", "gemm.pyx:block", "gemm.pyx:tiles")
PACKING = ("_plan.pyx:make_plan",)
RECTANGLES = ("_plan.pyx:share_out", "gemm.pyx:rectangle", *reasons.THREADS)
SPARSE = (
    "sparse.pyx:has_many_zeros", "sparse.pyx:MOST_DENSE", "simd/sparse.inc:nonzeros", "simd/sparse.inc:sparse_tile",
)  # fmt: skip

ROWS_IDEA = "NumPy works on whole rows"
BY_ROWS = (
    "NumPy's compiled loops multiply and add a whole row of y for {bytecodes} bytecodes, which all its elements share; "
    "a row shorter than some 50 elements is not worth NumPy's two calls"
)
TYPED_SUM = reasons.TYPED + "; each addition waits for the one before, since C must keep their order"
SUMS_IDEA = "four sums that take turns"
FOUR_SUMS = (
    "A turn adds one product to each of {sums} sums: an addition waits only for the one {sums} before it, and those "
    "between are under way at the same time; in sums of some 30 products or fewer there is nothing to gain"
)
IJP_TURN = (
    "No interpreter, no object and no array between: a multiply-add is {instructions} machine instructions; but each "
    "step walks down a column of y, to a new cache line, and each addition waits for the one before, so that NumPy's "
    "rows are faster again once y leaves the L2 cache"
)
IPJ_IDEA = "the inner loop along rows"
ALONG_ROWS = (
    "Only the order of the loops differs: the inner one runs along rows of y and out, so that cache lines are used "
    "whole and no addition waits for the one before, for the price of a load and a store of out in each turn; while y "
    "stays in the L1 cache it is not faster"
)
IN_VECTORS = VECTORS + (
    "; where rows begin within a cache line, as most of NumPy's do, long vectors reach into the next one, and up to "
    "half of the gain is lost"
)
TILE_IDEA = "a tile of the result in registers"
TILE = (
    "A tile of the result stays in {sums} registers, {lanes} sums in each, while k runs: {loads} loads and no store "
    "feed {sums}{fused} multiply-adds of whole registers, where simd loads twice and stores once for each"
)
BLOCKS_IDEA = "blocks in the caches"
BLOCKS = (
    "The same tile, {sums}{fused} multiply-adds from {loads} loads, but all rows of a block of x meet one panel of y, "
    "as wide as the tile, while it stays in the caches; a y that stays in the caches by itself gains nothing"
)
PACKED_IDEA = "panels of y copied to adjacent rows"
PACKED = (
    "The same {sums}{fused} multiply-adds of a tile, but from copies of a few panels of y at a time, read row after "
    "row: rows of y itself lie far apart, share a few sets of a cache and evict one another, and so do rows of x, "
    "copied where they would; with the panels of AVX2, 16 floats wide, a step from some 200 rows and columns on; those "
    "of AVX-512, 64 floats wide, are copied where y exceeds 1 MiB, and a step from some 1,000"
)
OWN_RECTANGLE = parallel("a rectangle of the result to itself and no wait before the end", "a product")
SPARSE_IDEA = "zeros are skipped"
ZEROS = (
    "Products with a zero of the left operand are left out: for each nonzero, {instructions} instructions add its row "
    "of {columns} columns to sums in {sums} registers; where a sample finds too few zeros the dense product runs, and "
    "this rung is not faster"
)

PRODUCTS: dict[str, dict[str, Rung]] = {
    "vector_dot": {
        "naive": Rung(naive.naive_vector_dot, NAIVE_IDEA, NAIVE, most_steps=NAIVE_STEPS),
        "lists": Rung(lists.vector_dot, LISTS_IDEA, LISTS, most_steps=LIST_STEPS),
        "typed": Rung(products.dot_ijp, TYPED_IDEA, TYPED_SUM, IJP, "products:loop_ijp"),
        "sums": Rung(products.dot_sums, SUMS_IDEA, FOUR_SUMS, SUMS, "products:loop_sums"),
        "simd": Rung(
            products.dot_blocked, SIMD_IDEA,
            "Each turn has {sums}{fused} multiply-adds of {lanes} elements, each for sums of its own; beyond the "
            "caches memory sets the pace",
            VECTOR_DOT, "leaf:vector_dot",
        ),
        "parallel": Rung(
            products.dot, PARALLEL_IDEA,
            parallel("chunks whose sums are added in order", "a vector", ", and vectors in memory share its bandwidth"),
            (*VECTOR_DOT, "vectors.pyx:dot_vectors", "vectors.pyx:chunk_dot", *reasons.THREADS), "leaf:vector_dot",
            threads=True,
        ),
    },
    "matrix_vector_dot": {
        "naive": Rung(naive.naive_matrix_vector_dot, NAIVE_IDEA, NAIVE, most_steps=NAIVE_STEPS),
        "lists": Rung(lists.matrix_vector_dot, LISTS_IDEA, LISTS, most_steps=LIST_STEPS),
        "typed": Rung(products.dot_ijp, TYPED_IDEA, TYPED_SUM, IJP, "products:loop_ijp"),
        "sums": Rung(products.dot_sums, SUMS_IDEA, FOUR_SUMS, SUMS, "products:loop_sums"),
        "simd": Rung(
            products.dot_blocked, SIMD_IDEA,
            "Each turn has {sums}{fused} multiply-adds of {lanes} elements, one for each of {sums} rows of x: they do "
            "not wait for one another, and a piece of y is loaded once for all; beyond the caches memory sets the pace",
            ROWS, "leaf:inner", sums=8,
        ),
        "parallel": Rung(
            products.dot, PARALLEL_IDEA,
            parallel("rows of its own", "a matrix", ", and a matrix in memory shares its bandwidth"),
            ROWS + RECTANGLES, "leaf:inner", sums=8, threads=True,
        ),
    },
    "dot": {
        "naive": Rung(naive.naive_matrix_dot, NAIVE_IDEA, NAIVE, most_steps=NAIVE_STEPS),
        "lists": Rung(lists.matrix_dot, LISTS_IDEA, LISTS, most_steps=LIST_STEPS),
        "rows": Rung(numpy_rows.matrix_dot, ROWS_IDEA, BY_ROWS, most_steps=SLOW_STEPS),
        "ijp": Rung(
            products.dot_ijp, TYPED_IDEA, IJP_TURN, IJP, "products:loop_ijp", strided=True, most_steps=SLOW_STEPS
        ),
        "ipj": Rung(products.dot_ipj, IPJ_IDEA, ALONG_ROWS, IPJ, "products:loop_ipj"),
        "simd": Rung(products.dot_simd, SIMD_IDEA, IN_VECTORS, SIMD, "leaf:ipj"),
        "tiled": Rung(products.dot_tiled, TILE_IDEA, TILE, TILED, "leaf:tiled"),
        "blocked": Rung(products.dot_blocked, BLOCKS_IDEA, BLOCKS, GEMM, "leaf:gemm_panel"),
        "packed": Rung(products.dot_packed, PACKED_IDEA, PACKED, GEMM + PACKING, "leaf:gemm_panel"),
        "parallel": Rung(
            products.dot_parallel, PARALLEL_IDEA, OWN_RECTANGLE, GEMM + RECTANGLES, "leaf:gemm_panel", threads=True
        ),
        "sparse": Rung(products.dot, SPARSE_IDEA, ZEROS, SPARSE, "leaf:sparse_rows", threads=True),
    },
    "dense": {
        "naive": Rung(naive.naive_dense, NAIVE_IDEA, NAIVE, most_steps=NAIVE_STEPS),
        "lists": Rung(lists.dense, LISTS_IDEA, LISTS, most_steps=LIST_STEPS),
        "rows": Rung(numpy_rows.dense, ROWS_IDEA, BY_ROWS, most_steps=SLOW_STEPS),
        "ijp": Rung(
            partial(products.dense_ijp, **RELU), TYPED_IDEA, IJP_TURN, (*IJP, "_matrix.pyx:finish_rows"),
            "products:loop_ijp", strided=True, most_steps=SLOW_STEPS,
        ),
        "ipj": Rung(
            partial(products.dense_ipj, **RELU), IPJ_IDEA, ALONG_ROWS, (*IPJ, "_matrix.pyx:finish_rows"),
            "products:loop_ipj",
        ),
        "simd": Rung(
            partial(products.dense_simd, **RELU), SIMD_IDEA, IN_VECTORS, (*SIMD, "_matrix.pyx:finish_rows"), "leaf:ipj"
        ),
        "tiled": Rung(
            partial(products.dense_tiled, **RELU), TILE_IDEA, TILE, (*TILED, "_matrix.pyx:finish_rows"), "leaf:tiled"
        ),
        "blocked": Rung(
            partial(products.dense_blocked, **RELU), BLOCKS_IDEA,
            BLOCKS + "; bias and relu pass over each block while it is there",
            (*GEMM, "gemm.pyx:finish"), "leaf:gemm_panel",
        ),
        "packed": Rung(
            partial(products.dense_packed, **RELU), PACKED_IDEA, PACKED, GEMM + PACKING, "leaf:gemm_panel"
        ),
        "parallel": Rung(
            partial(products.dense_parallel, **RELU), PARALLEL_IDEA, OWN_RECTANGLE, GEMM + RECTANGLES,
            "leaf:gemm_panel", threads=True,
        ),
        "sparse": Rung(
            partial(products.dense, **RELU), SPARSE_IDEA, ZEROS, SPARSE, "leaf:sparse_rows", threads=True
        ),
    },
}  # fmt: skip
