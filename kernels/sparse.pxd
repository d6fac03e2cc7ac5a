from kernels._matrix cimport Product
from kernels._simd cimport weights

cdef enum:
    SLICE = 128  # of k: its part of b (32 KiB) fills an L1, and shorter slices cost more than its misses

cdef bint has_many_zeros(const Product* x) noexcept nogil
cdef bint sparse(const Product* x, const weights* to) noexcept nogil
