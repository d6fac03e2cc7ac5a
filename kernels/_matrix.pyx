"""Matrices of any strides, as the products see them."""

from kernels._simd cimport idx, leaves, simd


cdef void copy(Matrix x, idx m, idx n, char* to, idx to_row, bint is_double) noexcept nogil:
    """to (m, n) = x (m, n)"""
    simd[is_double].copy(m, n, x.data, x.row, x.column, to, to_row, 1)


cdef void finish_rows(const leaves* leaf, Matrix c, idx m, idx n, Epilogue end, idx first, idx size) noexcept nogil:
    """The epilogue on rows of c whose first column is column `first` of the whole product."""
    cdef idx i
    cdef char* row
    for i in range(m):
        row = c.data + i * c.row * size
        if end.bias != NULL:
            (leaf.add_relu if end.relu else leaf.add)(row, 1, end.bias + first * size, 1, row, 1, n, False)
        elif end.relu:
            leaf.relu(row, 1, row, 1, row, 1, n, False)
