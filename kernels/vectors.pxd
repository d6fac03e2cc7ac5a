from kernels._matrix cimport Product

cdef int dot_vectors(const Product* x, bint threads) except -1 nogil
