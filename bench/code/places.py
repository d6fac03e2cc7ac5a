"""Where each compiled rung's code stands: the definitions to read, and the function that holds its inner loop.

A new rung of `kernels.ladder.LADDER` takes an entry in CODE here and one in reasons.py.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    parts: tuple[str, ...]  # file:definition, below kernels/
    function: str  # module:function of a .pyx, or leaf:function of a .inc
    # functions of the module that it may be part of; a method has its class: 7Updates_run
    inlined: tuple[str, ...] = ()
    loop: str = ""  # what tells its loop from the others of the function, see assembly.py

    def and_parts(self, *parts: str) -> Code:
        """The same loop, and other definitions around it."""
        return Code(parts, self.function, self.inlined, self.loop)


def _elementwise(name: str) -> dict[str, Code]:
    inc = "simd/elementwise.inc"
    leaf = Code((f"{inc}:{name}", f"{inc}:BINARY", f"{inc}:walk"), f"leaf:{name}")  # holds a copy of the line
    return {
        "typed": Code((f"elementwise.pyx:{name}_loop",), f"elementwise:{name}_loop"),
        "simd": leaf,
        "parallel": leaf.and_parts("_nest.pyx:run", "_nest.pyx:GRAIN", "_threads.pyx:team"),
    }


_IJP = Code(("products.pyx:loop_ijp",), "products:loop_ijp")  # of vectors: both operands are contiguous
_IPJ = Code(("products.pyx:loop_ipj",), "products:loop_ipj")
_DOT = Code(("simd/sums.inc:vector_dot",), "leaf:vector_dot")
_INNER = Code(("simd/sums.inc:inner_tile", "simd/sums.inc:inner"), "leaf:inner", loop="8 sums")
_GEMM = Code(("simd/gemm.inc:gemm_tile", "gemm.pyx:multiply", "gemm.pyx:tiles"), "leaf:gemm_panel")
_SPARSE = Code(
    ("sparse.pyx:has_many_zeros", "sparse.pyx:MOST_DENSE", "simd/sparse.inc:nonzeros", "simd/sparse.inc:sparse_tile"),
    "leaf:sparse_rows",
)
_SOFTMAX = Code(("simd/softmax.inc:exp", "simd/softmax.inc:exp_rows", "simd/softmax.inc:softmax"), "leaf:softmax")
_RMSPROP = Code(("simd/optimizers.inc:rmsprop_rule", "simd/optimizers.inc:update_all"), "leaf:rmsprop")
_RECTANGLES = ("_plan.pyx:share_out", "gemm.pyx:rectangle", "_threads.pyx:team")

CODE: dict[str, dict[str, Code]] = {
    "relu": _elementwise("relu"),
    "add": _elementwise("add"),
    "add_matrix_and_vector": _elementwise("add"),
    "maximum": _elementwise("maximum"),
    "add_relu": _elementwise("add_relu"),
    "vector_dot": {
        "typed": _IJP,
        "simd": _DOT,
        "parallel": _DOT.and_parts("vectors.pyx:dot_vectors", "vectors.pyx:chunk_dot", "_threads.pyx:team"),
    },
    "matrix_vector_dot": {"typed": _IJP, "simd": _INNER, "parallel": _INNER.and_parts(*_RECTANGLES)},
    "dot": {
        "ijp": Code(_IJP.parts, _IJP.function, loop="strided"),
        "ipj": _IPJ,
        "blocked": _GEMM,
        "parallel": _GEMM.and_parts(*_RECTANGLES),
        "sparse": _SPARSE,
    },
    "softmax": {
        "typed": Code(("losses.pyx:loop_rows",), "losses:loop_rows", ("rows_softmax",), "calls exp"),
        "simd": _SOFTMAX,
        "parallel": _SOFTMAX.and_parts("losses.pyx:run", "losses.pyx:run_range", "losses.pyx:GRAIN"),
    },
    "dense": {
        "ipj": _IPJ.and_parts(*_IPJ.parts, "_matrix.pyx:finish_rows"),
        "blocked": _GEMM.and_parts(*_GEMM.parts, "gemm.pyx:finish"),
        "parallel": _GEMM.and_parts(*_RECTANGLES),
        "sparse": _SPARSE,
    },
    "rmsprop_update": {
        "typed": Code(
            ("optimizers.pyx:rmsprop_loop",), "optimizers:rmsprop_loop", ("update_range", "7Updates_run_range")
        ),
        "simd": _RMSPROP,
        "parallel": _RMSPROP.and_parts("optimizers.pyx:run", "optimizers.pyx:run_range"),
    },
}


def code(operation: str, rung: str) -> Code:
    """The entry of a compiled rung. ValueError if there is none."""
    try:
        return CODE[operation][rung]
    except KeyError:
        raise ValueError(
            f"bench/code/places.py has no entry for the rung {rung!r} of {operation!r}: add one to CODE"
        ) from None
