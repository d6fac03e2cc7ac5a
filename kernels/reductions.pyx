"""Sums over the batch."""

cimport numpy as cnp
from cython.parallel cimport prange

from kernels._arrays cimport as_float, check_out, leaves_of
from kernels._simd cimport idx, leaves
from kernels._threads cimport home, spread, team

import numpy as np

cnp.import_array()

cdef double GRAIN = 65536  # elements per thread that pay for waking it


cdef void sum_block(const leaves* leaf, const char* x, idx m, idx n, idx row, idx column, char* out) noexcept nogil:
    """out += each of m rows of x, in order."""
    cdef idx i
    for i in range(m):
        leaf.add(out, 1, x + i * row * leaf.size, column, out, 1, n, False)


def sum_rows(x, out=None):
    """Sum over the first axis: (m, n) -> (n,), as a bias needs of its gradients.

    Rows are added in order within blocks of 128 and the blocks in order, for any number of threads: over 60,000
    rows the rounding is that of 600 additions. Types, out and errors: see softmax.
    """
    cdef cnp.ndarray a = as_float(x, "x"), c, partial
    cdef const leaves* leaf = leaves_of(a)
    cdef idx size = leaf.size, m, n, rs, cs, blocks, t
    cdef char* source
    cdef char* to
    cdef int workers, caller = home()
    if cnp.PyArray_NDIM(a) != 2:
        raise ValueError(f"sum_rows takes a matrix (m, n), not shape {(<object> a).shape}")
    m, n = cnp.PyArray_DIM(a, 0), cnp.PyArray_DIM(a, 1)
    if out is not None:
        check_out(out, 1, cnp.PyArray_DIMS(a) + 1, cnp.PyArray_TYPE(a))
    blocks = max((m + 127) // 128, 1)
    partial = np.zeros((blocks, n), (<object> a).dtype)
    rs, cs = cnp.PyArray_STRIDE(a, 0) // size, cnp.PyArray_STRIDE(a, 1) // size
    source, to = cnp.PyArray_BYTES(a), cnp.PyArray_BYTES(partial)
    workers = team(<double> m * n, GRAIN)
    with nogil:
        if workers == 1:
            for t in range(blocks):
                sum_block(leaf, source + t * 128 * rs * size, min(128, m - t * 128), n, rs, cs, to + t * n * size)
        else:
            for t in prange(blocks, num_threads=workers, schedule="static"):
                spread(caller)
                sum_block(leaf, source + t * 128 * rs * size, min(128, m - t * 128), n, rs, cs, to + t * n * size)
        for t in range(1, blocks):
            leaf.add(to, 1, to + t * n * size, 1, to, 1, n, False)
    c = (<object> partial)[0] if blocks == 1 else (<object> partial)[0].copy()
    if out is None:
        return c
    np.copyto(out, c)
    return out
