from kernels._matrix cimport Epilogue, Matrix
from kernels._simd cimport idx, leaves

cdef enum:  # tuned as those of _plan.pyx
    PACKED_BYTES = 8388608  # packed panels that are kept for the next block of rows; L3 holds them
    MOST_SLICES = 8  # in the kept panels, so that enough of them stand side by side and a is not read too often
    ROWS = 192  # in a block: its part of a (288 KiB) stays in L2 while panels pass by
    CHUNK = 16384  # of a long k in dot products: b's part stays in L2

cdef enum Method:
    TILES  # gemm.pyx's scheme
    INNER  # dot products of rows of a and columns of b, which are contiguous or get packed
    SPLIT  # c is a few rows of one vector: split sums
    ROW    # a is one row: b streams through once

cdef struct Plan:
    # What is computed: c = a b by a method, or if `transposed` c' = b' a', with a, b, c, m and n already exchanged.
    Method method
    const leaves* leaf
    bint transposed
    bint apart          # c' is computed in memory of its own, and its transpose copied to the caller's c
    bint symmetric      # b is a': above the diagonal c is a copy of what is below
    idx m, n, k
    Matrix a, b, c
    Matrix result       # the caller's c
    Epilogue end
    bint is_double
    idx size            # bytes of an element
    idx panels          # of b, each leaf.panel columns wide but for the last
    idx slices          # of k
    idx slice_bytes     # of one packed slice of a panel
    bint direct         # b is read in place, but for a last panel that fills no vector
    bint large          # b does not stay in L2 by itself
    bint pack_a         # blocks of a are copied, into rows `a_row` elements apart
    idx a_row
    int workers, across  # threads in all, and side by side along the columns of c
    char* buffer        # each thread's own part of it:
    idx buffer_bytes

cdef idx a_bytes(const Plan* plan) noexcept nogil
cdef void make_plan(Plan* plan, idx m, idx n, idx k, Matrix a, Matrix b, Matrix c, Epilogue end, bint is_double,
                    bint threads) noexcept nogil
