"""Which instruction set the leaves use: the best that this CPU runs, or the one that KERNELS_ISA names."""

import os


cdef inline void agree(leaves* leaf) noexcept nogil:
    """Compiles, with setup.py's flags, only if the leaves of the header have the types that _simd.pxd declares and
    Cython gives this tuple. Elsewhere C would convert an argument of another type."""
    _ = (leaf.relu, leaf.vector_dot, leaf.ipj, leaf.tiled, leaf.gemm_panel, leaf.pack, leaf.inner, leaf.few,
         leaf.row_times, leaf.copy, leaf.zeros, leaf.nonzeros, leaf.copy_finite, leaf.sparse_rows, &leaf.panel,
         leaf.softmax, leaf.cross_entropy_labels, leaf.cross_entropy_rows, leaf.top_matches, leaf.vector_sum, leaf.sgd,
         leaf.momentum, leaf.rmsprop, leaf.adam)


cdef const simd_table* const* tables = simd_tables()

available: list[str] = []
while tables[len(available)] != NULL:
    available.append(tables[len(available)].isa.decode())

isa: str = os.environ.get("KERNELS_ISA") or available[len(available) - 1]
if isa not in available:
    raise ImportError(
        f"KERNELS_ISA={isa!r} cannot be used: this build on this CPU runs {', '.join(available)}. "
        "Set it to one of these, or unset it"
    )
simd = &tables[available.index(isa)].type[0]
