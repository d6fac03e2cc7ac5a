from kernels._matrix cimport Product

cdef int gemm(const Product* x, bint pack, bint threads) except -1 nogil
