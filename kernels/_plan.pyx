"""How a matrix product is computed: by which method, in which panels and slices, by how many threads, in how much
memory. The methods are gemm.pyx's; an element's sum has an order that shapes and strides alone decide, never threads.
"""

from kernels._matrix cimport Epilogue, Matrix, turned
from kernels._simd cimport idx, leaves, narrow, simd
from kernels._threads cimport team

# Tuned on an EPYC (Zen 3, AVX2) with 32 KiB L1d, 512 KiB L2 and 32 MiB L3, float32 squares up to 2048 and MNIST's
# products; SLICE_BYTES and GRAIN also on a Xeon (Emerald Rapids, AVX-512) with 48 KiB L1d and 2 MiB L2.
cdef enum:
    SLICE_BYTES = 1536  # of k: in float32 a panel's slice has 24 KiB in AVX2, 96 in AVX-512, and streams at full speed
    FEW_ROWS = 8  # b is read once or twice: not worth packing
    SMALL_BYTES = 32768  # b stays in L1, packed or not
    PACKING_ROWS = 4  # packing b costs a thread as much as these rows of c
    LARGE_BYTES = 262144  # half the smaller L2: of a larger b, what comes next is prefetched
    ALIAS_BYTES = 2048  # rows of a so far apart, or a multiple of it, evict each other from the caches
    MANY_COLUMNS = 256  # of c: they pay for a copy of a's blocks if those alias, are transposed or many
    GRAIN = 100000  # multiply-adds per thread that pay for waking it
    # on an EPYC (Zen 4, AVX-512), inner sizes 1 to 64 and 20,000 rows or sums of as many:
    LONG = 64  # k from which sums of a small c are worth splitting,
    FEW = 6  # rows of one vector, which then is done
    COLUMNS = 3  # up to which dot products of rows are best for a small c, and for a tall one
    LANES = 128  # if k has so many bytes for each of them but one,
    PRODUCTS = 9  # or if not more are summed for a row of c;
    WIDE = 8  # vectors in a row, above which dot products of rows do as well with long vectors as with short ones
    LONG_ROWS = 40  # k for each of more columns, from which they pay for the sums at their ends


cdef idx a_bytes(const Plan* plan) noexcept nogil:
    """Of the copy of a block of a."""
    return min(ROWS, plan.m) * plan.a_row * plan.size if plan.pack_a else 0


cdef bint wasteful(idx n, idx vector) noexcept nogil:
    """Would a fifth or more of the tile's registers hold nothing?"""
    return n < 2 * vector and 5 * n <= 4 * ((n + vector - 1) // vector * vector)


cdef bint sums_in_lanes(idx n, idx k, bint small, const leaves* leaf, idx size) noexcept nogil:
    """Are dot products of rows best for a c of n columns, more than one?"""
    if n <= COLUMNS:
        return small or k * size >= LANES * (n - 1) or k < leaf.vector and n * k <= PRODUCTS
    return not small and wasteful(n, leaf.vector) and k >= LONG_ROWS * n


cdef idx cost(idx m, idx n, Matrix b, idx vector) noexcept nogil:
    """Vectors of c (m, n), if the rows of b can fill them."""
    return m * ((n + vector - 1) // vector) if b.column == 1 and b.row >= n else m * n


cdef void choose_method(Plan* plan) noexcept nogil:
    """By shapes and strides alone, so that the bits do not depend on threads."""
    cdef const leaves* leaf = &simd[plan.is_double]
    cdef idx m = plan.m, n = plan.n, vector = leaf.vector
    cdef bint small = plan.k >= LONG and max(m, n) <= leaf.panel  # c is, and its sums are long
    cdef bint is_narrow
    plan.transposed = False
    if plan.a.column == 1 and (n == 1 or m > 1 and sums_in_lanes(n, plan.k, small, leaf, plan.size)):
        plan.method = INNER
    elif plan.b.row == 1 and (m == 1 or n > 1 and sums_in_lanes(m, plan.k, small, leaf, plan.size)):
        plan.method, plan.transposed = INNER, True
    elif not small and m == 1 and plan.b.column == 1:
        plan.method = ROW
    elif not small and n == 1 and plan.a.row == 1:
        plan.method, plan.transposed = ROW, True
    else:
        plan.method, plan.transposed = TILES, plan.a.row == 1 and wasteful(n, vector) and m > 2 * vector
        if small:
            plan.transposed = cost(n, m, turned(plan.a), vector) < cost(m, n, plan.b, vector)
    if plan.transposed:
        plan.m, plan.n = n, m
        plan.a, plan.b, plan.c = turned(plan.b), turned(plan.a), turned(plan.c)
    if plan.method == TILES and small and plan.m <= FEW and (plan.n <= vector or plan.m == 1) and (
            plan.b.column == 1 and plan.b.row >= plan.n):
        plan.method = SPLIT
    if plan.method == INNER:
        is_narrow = plan.k <= WIDE * vector
    else:
        is_narrow = plan.n < vector if plan.method == TILES else 2 * plan.n <= vector
    if is_narrow:
        leaf = &narrow[plan.is_double]
    plan.leaf = leaf
    plan.apart = plan.transposed and plan.method != ROW and plan.method != INNER


cdef void share_out(Plan* plan, const leaves* leaf) noexcept nogil:
    """Threads side by side and one below the other, so that the largest rectangle, and packing for it, is least."""
    cdef idx rows, columns, least = -1
    cdef int across
    plan.across = 1
    for across in range(1, plan.workers + 1):
        if plan.workers % across == 0 and not (plan.method == INNER and across > 1):
            rows = (plan.m * across + plan.workers - 1) // plan.workers
            columns = (plan.panels + across - 1) // across * leaf.panel
            if least < 0 or (rows + PACKING_ROWS) * columns < least:
                least, plan.across = (rows + PACKING_ROWS) * columns, across


cdef idx buffer_bytes(const Plan* plan, const leaves* leaf) noexcept nogil:
    """What each thread packs at a time."""
    cdef idx panels = (plan.panels + plan.across - 1) // plan.across
    if plan.method == ROW or plan.method == SPLIT or plan.method == INNER and plan.b.row == 1:
        return 0
    if plan.method == INNER:
        return plan.n * min(plan.k, CHUNK) * plan.size
    if plan.direct:
        return a_bytes(plan) + (0 if plan.n % leaf.vector == 0 else plan.slice_bytes)
    if plan.m <= ROWS:
        return a_bytes(plan) + plan.slice_bytes
    return a_bytes(plan) + min(max(PACKED_BYTES, plan.slice_bytes), plan.slices * panels * plan.slice_bytes)


cdef void make_plan(Plan* plan, idx m, idx n, idx k, Matrix a, Matrix b, Matrix c, Epilogue end, bint is_double,
                    bint threads) noexcept nogil:
    """Plan c (m, n) = a (m, k) b (k, n), all of them 1 or more; the buffer is the caller's to allocate."""
    cdef const leaves* leaf
    cdef idx size = 8 if is_double else 4
    plan.m, plan.n, plan.k, plan.a, plan.b, plan.c, plan.result, plan.end = m, n, k, a, b, c, c, end
    plan.is_double, plan.size, plan.buffer = is_double, size, NULL
    choose_method(plan)
    leaf = plan.leaf
    plan.panels = (plan.n + leaf.panel - 1) // leaf.panel
    plan.symmetric = (plan.method == TILES and not plan.transposed and plan.panels == 1 and m == n
                      and a.data == b.data and a.row == b.column and a.column == b.row
                      and end.bias == NULL and not end.relu)
    plan.slices = (k * size + SLICE_BYTES - 1) // SLICE_BYTES
    plan.slice_bytes = ((k + plan.slices - 1) // plan.slices * leaf.panel * size + 63) // 64 * 64
    plan.direct = plan.b.column == 1 and (
        plan.m <= FEW_ROWS or plan.n <= leaf.vector or k * plan.n * size <= SMALL_BYTES)
    plan.large = k * plan.n * size > LARGE_BYTES and plan.m > FEW_ROWS
    plan.pack_a = plan.n >= MANY_COLUMNS and (
        plan.m > 2 * ROWS or plan.a.column != 1 or plan.a.row * size % ALIAS_BYTES == 0)
    plan.a_row = (((k + plan.slices - 1) // plan.slices * size + 63) // 64 | 1) * 64 // size  # an odd number of lines
    plan.workers = team(<double> m * n * k, GRAIN) if threads else 1
    if plan.method == INNER:  # each with a copy of b, if that is not contiguous
        plan.workers = min(<idx> plan.workers, plan.m)
    elif plan.method == SPLIT:
        plan.workers = 1
    share_out(plan, leaf)
    plan.buffer_bytes = (buffer_bytes(plan, leaf) + 63) // 64 * 64
