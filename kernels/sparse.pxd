from kernels._matrix cimport Product
from kernels._simd cimport idx, weights

cdef enum:
    SLICE = 128  # of k: its part of b (32 KiB) fills an L1, and shorter slices cost more than its misses

cdef struct Sparse:
    const Product* x
    const weights* to  # c, if the product is their gradient, else NULL
    idx copied    # tiles of columns of b, before the multiplication: with `to` all, else none
    char* memory  # panels and lists
    char* panels  # those copies, then one for each thread: of a slice of a block of a, to have its rows, then of b
    char* lists   # of the blocks from `first` to stop - 1, one behind the other
    idx first, stop
    int workers
    bint finite   # is b, as far as was seen? Threads write only False, and read it when all are done

cdef bint has_many_zeros(const Product* x) noexcept nogil
cdef bint prepare(Sparse* s, const Product* x, const weights* to) noexcept nogil
cdef bint multiply(Sparse* s) noexcept nogil
cdef void release(Sparse* s) noexcept nogil
