cimport numpy as cnp

from kernels._simd cimport idx, leaves

cdef struct Matrix:
    # rows x columns elements: the next row begins `row` elements further on, the next column `column` elements
    char* data
    idx row
    idx column

cdef struct Epilogue:
    # what dense does to the finished product: add bias (or NULL) to each row, then relu if asked
    const char* bias
    bint relu

cdef struct Product:
    # c (m, n) = a (m, k) b (k, n), then the epilogue
    idx m, n, k
    Matrix a, b, c
    Epilogue end
    const leaves* leaf  # the functions for the type of a, b, c and the bias

cdef inline Matrix at(Matrix x, idx row, idx column, idx size) noexcept nogil:
    """The part of x that begins at this row and column; an element has `size` bytes."""
    return Matrix(x.data + (row * x.row + column * x.column) * size, x.row, x.column)

cdef inline Matrix transpose(Matrix x) noexcept nogil:
    return Matrix(x.data, x.column, x.row)

cdef inline void copy(const leaves* leaf, Matrix x, idx m, idx n, char* to, idx to_row) noexcept nogil:
    """to (m, n) = x (m, n)"""
    leaf.copy(m, n, x.data, x.row, x.column, to, to_row, 1)

cdef Matrix matrix(cnp.ndarray x, bint as_column)
cdef void finish_rows(const Product* x, idx top, idx bottom, idx left, idx right) noexcept nogil
