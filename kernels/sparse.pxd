from kernels._matrix cimport Epilogue, Matrix
from kernels._simd cimport idx

cdef bint has_many_zeros(idx m, idx n, idx k, Matrix a, bint is_double) noexcept nogil
cdef bint sparse(idx m, idx n, idx k, Matrix a, Matrix b, Matrix c, Epilogue end, bint is_double) noexcept nogil
