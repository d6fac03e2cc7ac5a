"""Matrices of any strides, as the products see them."""

cimport numpy as cnp

from kernels._simd cimport idx, leaves

cnp.import_array()

cdef enum:
    BLOCK = 4096  # bytes of copies of a bias


cdef Matrix matrix(cnp.ndarray x, bint as_column):
    """x (rows, columns), or a vector as one column or one row."""
    cdef idx size = cnp.PyArray_ITEMSIZE(x)
    cdef char* data = cnp.PyArray_BYTES(x)
    if cnp.PyArray_NDIM(x) == 2:
        return Matrix(data, cnp.PyArray_STRIDE(x, 0) // size, cnp.PyArray_STRIDE(x, 1) // size)
    if as_column:
        return Matrix(data, cnp.PyArray_STRIDE(x, 0) // size, 1)
    return Matrix(data, 0, cnp.PyArray_STRIDE(x, 0) // size)


cdef void finish_rows(const Product* x, idx top, idx bottom, idx left, idx right) noexcept nogil:
    """The epilogue for rows top to bottom - 1 and columns left to right - 1 of c."""
    cdef const leaves* leaf = x.leaf
    cdef idx n = right - left, rows = 1
    cdef Matrix c
    cdef char biases[BLOCK]
    cdef const char* bias = x.end.bias
    if bias == NULL and not x.end.relu:
        return
    if bias != NULL:
        bias += left * leaf.size
    if x.c.row == n:  # the rows are adjacent: one call does many of them, with as many copies of the bias
        rows = bottom - top if bias == NULL else min(bottom - top, max(1, BLOCK // (n * leaf.size)))
        if bias != NULL and rows > 1:
            leaf.copy(rows, n, bias, 0, 1, biases, n, 1)
            bias = biases
    while top < bottom:
        c = at(x.c, top, left, leaf.size)
        rows = min(rows, bottom - top)
        if bias != NULL:
            (leaf.add_relu if x.end.relu else leaf.add)(c.data, 1, bias, 1, c.data, 1, rows * n, False)
        else:
            leaf.relu(c.data, 1, c.data, 1, c.data, 1, rows * n, False)
        top += rows
