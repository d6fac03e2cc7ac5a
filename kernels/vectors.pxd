from kernels._matrix cimport Matrix
from kernels._simd cimport idx

cdef int dot_vectors(idx k, Matrix x, Matrix y, char* out, bint is_double, bint threads) except -1 nogil
