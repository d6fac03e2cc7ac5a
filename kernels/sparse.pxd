from kernels._simd cimport idx
from kernels.gemm cimport Epilogue, Matrix

cdef bint has_many_zeros(idx m, idx n, idx k, Matrix a, bint is_double) noexcept nogil
cdef int sparse(idx m, idx n, idx k, Matrix a, Matrix b, Matrix c, Epilogue end, bint is_double) except -1 nogil
