from kernels._matrix cimport Product

cdef bint has_many_zeros(const Product* x) noexcept nogil
cdef bint sparse(const Product* x) noexcept nogil
