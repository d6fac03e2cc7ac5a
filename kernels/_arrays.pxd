cimport numpy as cnp

from kernels._simd cimport leaves, simd

cdef inline const leaves* leaves_of(cnp.ndarray x) noexcept:
    """Those for x's type, float32 or float64."""
    return &simd[cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT64]

cdef object refuse_masked(object x, str name, bint written=?)
cdef cnp.ndarray as_array(object x, str name)
cdef cnp.ndarray as_float(object x, str name)
cdef cnp.ndarray as_double(cnp.ndarray x)
cdef tuple common_type(object x, object y)
cdef object check_out(object out, int ndim, const cnp.npy_intp* dims, int type_num)
cdef bint has_shape(cnp.ndarray x, int ndim, const cnp.npy_intp* dims) noexcept
cdef bint fits(object out, int ndim, const cnp.npy_intp* dims, int type_num) noexcept
cdef void bounds(cnp.ndarray x, size_t* low, size_t* high) noexcept
cdef bint overlaps(cnp.ndarray x, cnp.ndarray y) noexcept
cdef bint contiguous(cnp.ndarray x) noexcept
cdef bint plain(cnp.ndarray x)
