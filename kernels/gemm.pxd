from kernels._matrix cimport Epilogue, Matrix
from kernels._simd cimport idx

cdef int gemm(idx m, idx n, idx k, Matrix a, Matrix b, Matrix c, Epilogue end, bint is_double,
              bint threads) except -1 nogil
