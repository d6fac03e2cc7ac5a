from kernels._matrix cimport Product
from kernels._simd cimport idx, leaves

cdef enum:  # measured as those of _plan.pyx were; PACKED_BYTES, FEW_ROWS, LARGE_BYTES and CHUNK on the Zen 3
    ROWS = 144  # of a block: its slice of a (288 KiB) stays in L2 while the panels of b pass by
    PACKED_BYTES = 8388608  # of packed panels that are kept for the next block of rows: L3 holds them
    SLICE_BYTES = 2048  # of k: in float32 a panel's slice has 32 KiB with AVX2 (L1), with AVX-512 128 (L2)
    MOST_SLICES = 6  # of k that are kept: with more, fewer panels would fit, and a would be read more often
    STRIP_BYTES = 256  # of each row of b, as panels are packed: four lines together
    FEW_ROWS = 8  # of c: b is read once or twice, which does not pay for packing or prefetching it
    LARGE_BYTES = 262144  # half of a small L2
    CHUNK = 16384  # of a long k in dot products: that part of b stays in L2

cdef enum Method:
    TILES  # blocks and tiles, see gemm.pyx
    INNER  # dot products of rows of a and columns of b, whose elements are adjacent, or are copied to be
    SPLIT  # c is one vector wide and a few rows high: several sums for each element take turns
    ROW    # a is one row: b is read once, from front to back

cdef struct Plan:
    Method method
    const Product* given
    bint transposed  # c' = b' a' is computed for the given c = a b
    Product x        # what is computed: its operands are those of `given`, exchanged if transposed
    bint pack_a      # copy each slice of a block of a, so that its rows lie close together
    bint pack_b      # copy each slice of a panel of b, so that its rows are adjacent
    int workers      # threads
    int across       # of them, side by side along the columns of c
    char* buffer     # each worker has a part of it:
    idx buffer_bytes

cdef inline idx panels(const Product* x) noexcept nogil:
    """Panels of b: each is leaf.panel columns wide, the last one may be narrower."""
    return (x.n + x.leaf.panel - 1) // x.leaf.panel

cdef inline idx slices(const Product* x) noexcept nogil:
    """Slices of k, of equal lengths but for rounding."""
    return (x.k * x.leaf.size + SLICE_BYTES - 1) // SLICE_BYTES

cdef inline idx strip(const leaves* leaf) noexcept nogil:
    """Panels that are packed together."""
    return max(1, STRIP_BYTES // (leaf.panel * leaf.size))

cdef inline idx a_row(const Product* x) noexcept nogil:
    """From one row of a packed block to the next: an odd number of cache lines, since rows that lie a power of two
    apart would evict each other."""
    return ((min(x.k * x.leaf.size, SLICE_BYTES) + 63) // 64 | 1) * 64 // x.leaf.size

cdef inline idx a_bytes(const Plan* plan) noexcept nogil:
    """The memory for a packed block of a, at the end of the buffer."""
    return min(ROWS, plan.x.m) * a_row(&plan.x) * plan.x.leaf.size if plan.pack_a else 0

cdef inline bint is_apart(const Plan* plan) noexcept nogil:
    """Is c computed in memory of its own, because the method needs rows whose elements are adjacent?"""
    return plan.transposed and plan.given.c.row != 1 and (plan.method == TILES or plan.method == SPLIT)

cdef inline bint is_symmetric(const Plan* plan) noexcept nogil:
    """Is b the transpose of a? Then one half of c is computed, and the other copied from it."""
    cdef const Product* x = &plan.x
    return (x.a.data == x.b.data and x.a.row == x.b.column and x.a.column == x.b.row and x.m == x.n
            and x.n <= x.leaf.panel and plan.method == TILES and not plan.transposed
            and x.end.bias == NULL and not x.end.relu)

cdef inline bint is_large(const Product* x) noexcept nogil:
    """Has b left L2 when it is needed again? Then what comes next of it is prefetched."""
    return x.m > FEW_ROWS and x.k * x.n * x.leaf.size > LARGE_BYTES

cdef void make_plan(Plan* plan, const Product* given, bint pack, bint threads) noexcept nogil
