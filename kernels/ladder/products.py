"""The rungs of the products: of vectors, of a matrix and a vector, of matrices, and the dense layer."""

from __future__ import annotations

from functools import partial

from kernels import naive, products

from .reasons import NAIVE, NAIVE_IDEA, PARALLEL_IDEA, SIMD_IDEA, TYPED_IDEA, TYPED_SUM, parallel
from .rung import Rung

SLOW = {"naive": 1e6, "ijp": 2e8}  # turns of the innermost loop in a second or so
RELU = {"activation": "relu"}  # the chapter's layer

VECTORS = ("simd/sums.inc:vector_dot",)
ROWS = ("simd/sums.inc:inner_tile", "simd/sums.inc:inner")
IJP, IPJ = ("products.pyx:loop_ijp",), ("products.pyx:loop_ipj",)
GEMM = ("simd/gemm.inc:gemm_tile", "gemm.pyx:multiply", "gemm.pyx:tiles")
RECTANGLES = ("_plan.pyx:share_out", "gemm.pyx:rectangle", "_threads.pyx:team")
SPARSE = (
    "sparse.pyx:has_many_zeros", "sparse.pyx:MOST_DENSE", "simd/sparse.inc:nonzeros", "simd/sparse.inc:sparse_tile",
)  # fmt: skip

ALONG_ROWS = (
    "{elements} adjacent elements in {instructions} instructions, each cache line used whole, and no addition waits "
    "for the one before"
)
TILE_IDEA = "a tile of the result in registers, blocks in the caches"
TILE = (
    "A tile of the result lives in registers: {sums} of them, of {lanes} sums each, stay there while k runs, so that "
    "{loads} loads and no store feed {sums}{fused} multiply-adds of whole registers, where ipj loads twice and stores "
    "once for each, and blocks of both operands come from the caches"
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
        "naive": Rung(naive.naive_vector_dot, NAIVE_IDEA, NAIVE, most_steps=1e6),
        "typed": Rung(products.dot_ijp, TYPED_IDEA, TYPED_SUM, IJP, "products:loop_ijp"),
        "simd": Rung(
            products.dot_blocked, SIMD_IDEA,
            "Each turn has {sums}{fused} multiply-adds of {lanes} elements, each for sums of its own: they are under "
            "way at the same time, where the typed rung's additions wait for one another; beyond the caches memory "
            "sets the pace",
            VECTORS, "leaf:vector_dot",
        ),
        "parallel": Rung(
            products.dot, PARALLEL_IDEA,
            parallel("chunks whose sums are added in order", "a vector", ", and vectors in memory share its bandwidth"),
            (*VECTORS, "vectors.pyx:dot_vectors", "vectors.pyx:chunk_dot", "_threads.pyx:team"), "leaf:vector_dot",
            threads=True,
        ),
    },
    "matrix_vector_dot": {
        "naive": Rung(naive.naive_matrix_vector_dot, NAIVE_IDEA, NAIVE, most_steps=1e6),
        "typed": Rung(products.dot_ijp, TYPED_IDEA, TYPED_SUM, IJP, "products:loop_ijp"),
        "simd": Rung(
            products.dot_blocked, SIMD_IDEA,
            "Each turn has {sums}{fused} multiply-adds of {lanes} elements, one for each of {sums} rows of x: they do "
            "not wait for one another, and a piece of y is loaded once for all; beyond the caches memory sets the pace",
            ROWS, "leaf:inner", which="8 sums",
        ),
        "parallel": Rung(
            products.dot, PARALLEL_IDEA,
            parallel("rows of its own", "a matrix", ", and a matrix in memory shares its bandwidth"),
            ROWS + RECTANGLES, "leaf:inner", which="8 sums", threads=True,
        ),
    },
    "dot": {
        "naive": Rung(naive.naive_matrix_dot, NAIVE_IDEA, NAIVE, most_steps=SLOW["naive"]),
        "ijp": Rung(
            products.dot_ijp, TYPED_IDEA,
            "C types turn the {bytecodes} bytecodes and the objects of a multiply-add into {instructions} machine "
            "instructions; they stay scalar, as each step down a column of y is a new cache line and each addition "
            "waits for the one before",
            IJP, "products:loop_ijp", which="strided", most_steps=SLOW["ijp"],
        ),
        "ipj": Rung(
            products.dot_ipj, "the inner loop along rows",
            "Only the order of the loops differs: the inner one runs along rows of y and out, " + ALONG_ROWS,
            IPJ, "products:loop_ipj",
        ),
        "blocked": Rung(products.dot_blocked, TILE_IDEA, TILE, GEMM, "leaf:gemm_panel"),
        "parallel": Rung(
            products.dot_parallel, PARALLEL_IDEA, OWN_RECTANGLE, GEMM + RECTANGLES, "leaf:gemm_panel", threads=True
        ),
        "sparse": Rung(products.dot, SPARSE_IDEA, ZEROS, SPARSE, "leaf:sparse_rows", threads=True),
    },
    "dense": {
        "naive": Rung(naive.naive_dense, NAIVE_IDEA, NAIVE, most_steps=SLOW["naive"]),
        "ipj": Rung(
            partial(products.dense_ipj, **RELU), "the inner loop along rows",
            "C types instead of Python objects and, where the naive layer walks down columns of w, an inner loop along "
            "rows of w and out: " + ALONG_ROWS,
            (*IPJ, *IJP, "_matrix.pyx:finish_rows"), "products:loop_ipj",
        ),
        "blocked": Rung(
            partial(products.dense_blocked, **RELU), TILE_IDEA,
            TILE + "; bias and relu pass over finished blocks while these are still there",
            (*GEMM, "gemm.pyx:finish"), "leaf:gemm_panel",
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
