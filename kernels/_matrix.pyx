"""Matrices of any strides, as the products see them."""

from cython cimport floating
from libc.string cimport memcpy

from kernels._simd cimport idx, leaves, simd


cdef void copy_strided(const floating* x, idx row, idx column, idx m, idx n, floating* to, idx to_row) noexcept nogil:
    cdef idx i, j
    for i in range(m):
        for j in range(n):
            to[i * to_row + j] = x[i * row + j * column]


cdef void copy(Matrix x, idx m, idx n, char* to, idx to_row, bint is_double) noexcept nogil:
    """to (m, n) = x (m, n)"""
    cdef idx i, size = 8 if is_double else 4
    if x.column == 1:
        for i in range(m):
            memcpy(to + i * to_row * size, x.data + i * x.row * size, n * size)
    elif x.row == 1:
        simd[is_double].transpose(n, m, x.data, x.column, to, to_row)
    elif is_double:
        copy_strided(<const double*> x.data, x.row, x.column, m, n, <double*> to, to_row)
    else:
        copy_strided(<const float*> x.data, x.row, x.column, m, n, <float*> to, to_row)


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
