"""How a matrix product is computed: by which method, with which copies of its operands, by how many threads, in how
much memory. gemm.pyx carries it out. Shapes and strides alone decide in which order an element's terms are added, never
the number of threads.
"""

from kernels._matrix cimport Matrix, transpose
from kernels._simd cimport leaves
from kernels._threads cimport team

# Measured on an EPYC (Zen 4, AVX2 and AVX-512) with 32 KiB L1d and 1 MiB L2, float32 squares up to 2048 and MNIST's
# products; SMALL_BYTES, PACKING_ROWS and MANY_COLUMNS on one of Zen 3 (AVX2, 512 KiB L2).
cdef enum:
    SMALL_BYTES = 32768  # of b: it stays in L1, packed or not
    L2_BYTES = 1048576  # of b: up to here wide panels (AVX-512) are read where they lie, as where one block reads them
    PACKING_ROWS = 4  # packing b costs a thread as much as these rows of c
    ALIAS_BYTES = 4096  # rows of a that lie this far apart, or a multiple, evict each other; not beside wide panels
    MANY_COLUMNS = 256  # of c: they pay for a copy of a if its rows evict each other or are not contiguous
    GRAIN = 200000  # multiply-adds, see _threads.team
    # For inner sizes 1 to 64 and 20,000 rows, or sums of 20,000 terms (AVX-512; NARROW: AVX2):
    LONG = 64  # k from which several sums for each element of a small c pay
    FEW = 6  # rows of a c that the method SPLIT takes
    COLUMNS = 3  # of c, up to which dot products of rows can be best, namely
    LANES = 128  # if k has this many bytes for each column but one,
    PRODUCTS = 9  # or if a row of c takes no more multiply-adds than this
    LONG_ROWS = 40  # k for each column, from which dot products of rows are best for more columns
    NARROW = 16  # columns, up to which they are with AVX2 as well if a comes from memory: its rows are read in order
    WIDE = 64  # vectors in a row of k, up to which short vectors do as well in dot products


cdef bint is_wasteful(idx n, idx vector) noexcept nogil:
    """Would a fifth or more of a tile's registers stay empty?"""
    return n < 2 * vector and 5 * n <= 4 * ((n + vector - 1) // vector * vector)


cdef bint suits_inner(idx m, idx n, idx k, bint is_small, const leaves* leaf) noexcept nogil:
    """Are dot products of rows best for a c of n columns, more than one?"""
    cdef bint is_streamed = leaf.vector < n <= NARROW and leaf.panel <= NARROW and m * k * leaf.size > PACKED_BYTES
    if n <= COLUMNS:
        return is_small or k * leaf.size >= LANES * (n - 1) or k < leaf.vector and n * k <= PRODUCTS
    return not is_small and (is_streamed or is_wasteful(n, leaf.vector)) and k >= LONG_ROWS * n


cdef idx vectors(idx m, idx n, Matrix b, idx vector) noexcept nogil:
    """Vectors in c (m, n), or its elements if the rows of b cannot fill vectors: the cost of computing it."""
    return m * ((n + vector - 1) // vector) if b.column == 1 and b.row >= n else m * n


cdef void exchange(Product* x) noexcept nogil:
    """c = a b becomes c' = b' a'."""
    cdef Matrix a = x.a
    x.m, x.n = x.n, x.m
    x.a, x.b, x.c = transpose(x.b), transpose(a), transpose(x.c)


cdef void choose_method(Plan* plan) noexcept nogil:
    """The method, whether to compute the transpose, and the length of vectors."""
    cdef Product* x = &plan.x
    cdef const leaves* leaf = x.leaf
    cdef idx m = x.m, n = x.n, vector = leaf.vector
    cdef bint is_small = x.k >= LONG and max(m, n) <= leaf.panel  # c is, and its sums are long
    plan.transposed = False
    if x.a.column == 1 and (n == 1 or m > 1 and suits_inner(m, n, x.k, is_small, leaf)):
        plan.method = INNER
    elif x.b.row == 1 and (m == 1 or n > 1 and suits_inner(n, m, x.k, is_small, leaf)):
        plan.method, plan.transposed = INNER, True
    elif not is_small and m == 1 and x.b.column == 1:
        plan.method = ROW
    elif not is_small and n == 1 and x.a.row == 1:
        plan.method, plan.transposed = ROW, True
    else:
        plan.method, plan.transposed = TILES, x.a.row == 1 and is_wasteful(n, vector) and m > 2 * vector
        if is_small:
            plan.transposed = vectors(n, m, transpose(x.a), vector) < vectors(m, n, x.b, vector)
    if plan.transposed:
        exchange(x)
    if plan.method == TILES and is_small and x.m <= FEW and (x.n <= vector or x.m == 1) and (
            x.b.column == 1 and x.b.row >= x.n):
        plan.method = SPLIT
    if (x.k <= WIDE * vector if plan.method == INNER else
            x.n < vector if plan.method == TILES else
            2 * x.n <= vector):
        x.leaf = leaf.narrow


cdef void share_out(Plan* plan) noexcept nogil:
    """Each thread computes a rectangle of c. The grid of rectangles is chosen in which the largest one, with the
    packing for it, costs least."""
    cdef const Product* x = &plan.x
    cdef idx rows, columns, count = panels(x), least = -1
    cdef int across
    plan.across = 1
    if plan.method == INNER:
        return
    for across in range(1, plan.workers + 1):
        if plan.workers % across == 0:
            rows = (x.m * across + plan.workers - 1) // plan.workers
            columns = (count + across - 1) // across * x.leaf.panel
            if least < 0 or (rows + PACKING_ROWS) * columns < least:
                least, plan.across = (rows + PACKING_ROWS) * columns, across


cdef idx buffer_bytes(const Plan* plan) noexcept nogil:
    """The memory for what one thread packs at a time."""
    cdef const Product* x = &plan.x
    cdef const leaves* leaf = x.leaf
    cdef idx columns, k_bytes = x.k * leaf.size, bytes = 0
    if plan.method == INNER:
        return 0 if x.b.row == 1 else x.n * min(x.k, CHUNK) * leaf.size
    if plan.method != TILES:
        return 0
    if plan.pack_b and x.m > ROWS:
        columns = (panels(x) + plan.across - 1) // plan.across * leaf.panel
        bytes = min(PACKED_BYTES, k_bytes * columns)
    elif plan.pack_b or x.n % leaf.vector:  # also a last panel that does not fill its vectors is copied
        bytes = min(k_bytes, SLICE_BYTES) * leaf.panel * min(panels(x), strip(leaf))
    return bytes + a_bytes(plan)


cdef void make_plan(Plan* plan, const Product* given, bint pack, bint threads) noexcept nogil:
    """Plan a product whose m, n and k are 1 or more. Without `pack` b is read where it lies if its rows are contiguous,
    and a in any case. The caller allocates the buffer."""
    cdef Product* x = &plan.x
    cdef bint is_wide
    cdef idx b_bytes
    plan.given, plan.x, plan.buffer = given, given[0], NULL
    choose_method(plan)
    is_wide = strip(x.leaf) == 1  # panels: their rows are whole lines side by side, and their slices too long for L1
    b_bytes = x.k * x.n * x.leaf.size
    plan.pack_b = x.b.column != 1 or pack and x.n > x.leaf.vector and (
        x.m > ROWS and b_bytes > L2_BYTES if is_wide else x.m > FEW_ROWS and b_bytes > SMALL_BYTES)
    plan.pack_a = pack and x.n >= MANY_COLUMNS and (
        x.a.column != 1 or not is_wide and x.a.row * x.leaf.size % ALIAS_BYTES == 0)
    plan.workers = team(<double> x.m * x.n * x.k, GRAIN) if threads else 1
    if plan.method == INNER:
        plan.workers = min(<idx> plan.workers, x.m)
    elif plan.method == SPLIT:
        plan.workers = 1
    share_out(plan)
    plan.buffer_bytes = (buffer_bytes(plan) + 63) // 64 * 64
