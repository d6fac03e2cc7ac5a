"""Sums over the batch."""

cimport numpy as cnp
from cython.parallel cimport prange

from kernels._arrays cimport as_float, check_out
from kernels._simd cimport idx, leaves, simd
from kernels._threads cimport home, spread, team

import numpy as np

cnp.import_array()

cdef double GRAIN = 65536  # elements per thread that pay for waking it

cdef enum:
    ROWS = 128  # of a block
    WIDE = 64  # elements up to which rows are too short for a call of the leaf each


cdef void add_rows(const leaves* leaf, const char* x, idx m, idx n, idx row, idx fold, idx size,
                   char* out) noexcept nogil:
    """out (fold n) += rows of x (m, n), fold adjacent ones at a time as one long row, in order."""
    cdef idx i = 0
    while i < m:
        leaf.add(out, 1, x + i * row * size, 1, out, 1, min(fold, m - i) * n, False)
        i += fold


cdef void sum_block(const leaves* leaf, const char* x, idx m, idx n, idx row, idx column, bint alone, idx fold,
                    idx size, char* out) noexcept nogil:
    """The same for any strides; if columns are summed alone, out (n, fold). Else what is not adjacent is copied, as
    many columns at a time as have room."""
    cdef char space[ROWS * WIDE * 8]
    cdef idx j = 0, columns
    if column == 1 and (fold == 1 or row == n):
        add_rows(leaf, x, m, n, row, fold, size, out)
        return
    if alone:
        for j in range(n):
            add_rows(leaf, x + j * column * size, m, 1, 1, fold, size, out + j * fold * size)
        return
    while j < n:
        columns = min(WIDE, n - j)
        leaf.copy(m, columns, x + j * column * size, row, column, space, columns, 1)
        add_rows(leaf, space, m, columns, columns, fold, size, out + j * size)
        j += columns


def sum_rows(x, out=None):
    """Sum over the first axis: (m, n) -> (n,), as a bias needs of its gradients.

    Rows are added in order within blocks of 128 and the blocks in order, for any number of threads: over 60,000
    rows the rounding is that of 600 additions. Of up to 32 columns, or of contiguous ones, 2, 4, ... 64 rows count
    as one long row, whose parts are added last. Types, out and errors: see softmax.
    """
    cdef cnp.ndarray a = as_float(x, "x"), partial
    cdef bint alone, is_double = cnp.PyArray_TYPE(a) == cnp.NPY_FLOAT64
    cdef const leaves* leaf = &simd[is_double]
    cdef idx size = cnp.PyArray_ITEMSIZE(a), m, n, rs, cs, blocks, t, fold = 1, rows, width
    cdef char* source
    cdef char* to
    cdef int workers, caller = home()
    if cnp.PyArray_NDIM(a) != 2:
        raise ValueError(f"sum_rows takes a matrix (m, n), not shape {(<object> a).shape}")
    m, n = cnp.PyArray_DIM(a, 0), cnp.PyArray_DIM(a, 1)
    if out is not None:
        check_out(out, 1, cnp.PyArray_DIMS(a) + 1, cnp.PyArray_TYPE(a))
    rs, cs = cnp.PyArray_STRIDE(a, 0) // size, cnp.PyArray_STRIDE(a, 1) // size
    if n == 1:
        cs = 1
    alone = n > 1 and rs == 1 and abs(cs) >= m > ROWS
    while 0 < 2 * fold * (1 if alone else n) <= WIDE and 2 * fold <= m:
        fold *= 2
    rows, width = ROWS * fold, fold * n
    blocks = max((m + rows - 1) // rows, 1)
    partial = np.zeros((max(blocks, 1 + alone), width), (<object> a).dtype)
    source, to = cnp.PyArray_BYTES(a), cnp.PyArray_BYTES(partial)
    workers = team(<double> m * n, GRAIN)
    with nogil:
        if workers == 1:
            for t in range(blocks):
                sum_block(leaf, source + t * rows * rs * size, min(rows, m - t * rows), n, rs, cs, alone, fold, size,
                          to + t * width * size)
        else:
            for t in prange(blocks, num_threads=workers, schedule="static"):
                spread(caller)
                sum_block(leaf, source + t * rows * rs * size, min(rows, m - t * rows), n, rs, cs, alone, fold, size,
                          to + t * width * size)
        for t in range(1, blocks):
            leaf.add(to, 1, to + t * width * size, 1, to, 1, width, False)
        if alone:  # the columns' parts side by side, as those of long rows are
            leaf.copy(fold, n, to, 1, fold, to + width * size, n, 1)
            to += width * size
        while fold > 1:
            fold //= 2
            leaf.add(to, 1, to + fold * n * size, 1, to, 1, fold * n, False)
    sums = (<object> partial)[int(alone), :n]
    if out is None:
        return sums if cnp.PyArray_SIZE(partial) == n else sums.copy()
    np.copyto(out, sums)
    return out
