from kernels._simd cimport idx, leaves

cdef struct Matrix:
    # rows x columns elements at data, `row` and `column` elements apart
    char* data
    idx row
    idx column

cdef struct Epilogue:
    # what dense does to a finished row: add bias (or NULL), then relu if asked
    const char* bias
    bint relu

cdef inline Matrix at(Matrix x, idx row, idx column, idx size) noexcept nogil:
    """The part of x that begins there."""
    return Matrix(x.data + (row * x.row + column * x.column) * size, x.row, x.column)

cdef inline Matrix turned(Matrix x) noexcept nogil:
    """The transpose."""
    return Matrix(x.data, x.column, x.row)

cdef void copy(Matrix x, idx m, idx n, char* to, idx to_row, bint is_double) noexcept nogil
cdef void finish_rows(const leaves* leaf, Matrix c, idx m, idx n, Epilogue end, idx first, idx size) noexcept nogil
