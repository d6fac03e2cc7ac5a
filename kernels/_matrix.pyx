"""Matrices of any strides, as the products see them."""

from kernels._simd cimport idx, leaves, simd

cdef enum:
    BLOCK = 4096  # bytes of copies of a bias


cdef void copy(Matrix x, idx m, idx n, char* to, idx to_row, bint is_double) noexcept nogil:
    """to (m, n) = x (m, n)"""
    simd[is_double].copy(m, n, x.data, x.row, x.column, to, to_row, 1)


cdef void finish_rows(const leaves* leaf, Matrix c, idx m, idx n, Epilogue end, idx first, idx size) noexcept nogil:
    """The epilogue on rows of c whose first column is column `first` of the whole product."""
    cdef idx rows = 1
    cdef char biases[BLOCK]
    cdef const char* bias = end.bias
    if bias == NULL and not end.relu:
        return
    if bias != NULL:
        bias += first * size
    if c.row == n:  # adjacent rows are finished together
        rows = m if bias == NULL else min(m, max(1, BLOCK // (n * size)))
        if bias != NULL and rows > 1:
            leaf.copy(rows, n, bias, 0, 1, biases, n, 1)
            bias = biases
    while m > 0:
        rows = min(rows, m)
        if bias != NULL:
            (leaf.add_relu if end.relu else leaf.add)(c.data, 1, bias, 1, c.data, 1, rows * n, False)
        else:
            leaf.relu(c.data, 1, c.data, 1, c.data, 1, rows * n, False)
        c = at(c, rows, 0, size)
        m -= rows
