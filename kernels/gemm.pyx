"""The blocked matrix product: c (m, n) = a (m, k) b (k, n).

The scheme of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), but a is read where it
lies, through its strides, unless its rows alias in the caches (`pack_a`). Each thread has a rectangle of c to itself
and meets the others only at the end. It cuts k into slices and its columns into panels as wide as the register tile; a
leaf multiplies a block of rows by a slice of a panel, with a tile of c in registers, and packs the slice while it reads
it for the first time.

Where a tile of registers would stay half empty, or b is read only once, other leaves do the work: see `choose_method`.
By tiles and by rows, an element of c is one chain of multiply-adds from p = 0 to k - 1; dot products sum in lanes.
Which it is depends on shapes and strides alone, never on threads.
"""

from cython.parallel cimport prange
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from kernels._matrix cimport Epilogue, Matrix, at, copy, finish_rows, turned
from kernels._simd cimport idx, leaves, narrow, simd
from kernels._threads cimport home, spread, team
from kernels.vectors cimport dot_vectors

# Tuned on an EPYC (Zen 3, AVX2) with 32 KiB L1d, 512 KiB L2 and 32 MiB L3, float32 squares up to 2048 and MNIST's
# products; SLICE_BYTES and GRAIN also on a Xeon (Emerald Rapids, AVX-512) with 48 KiB L1d and 2 MiB L2.
cdef enum:
    SLICE_BYTES = 1536  # of k: in float32 a panel's slice has 24 KiB in AVX2, 96 in AVX-512, and streams at full speed
    PACKED_BYTES = 8388608  # packed panels that are kept for the next block of rows; L3 holds them
    MOST_SLICES = 8  # in the kept panels, so that enough of them stand side by side and a is not read too often
    ROWS = 192  # in a block: its part of a (288 KiB) stays in L2 while panels pass by
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
    LONG_ROWS = 40  # k for each of more columns, from which they pay for the sums at their ends
    CHUNK = 16384  # of such a k: b's part stays in L2


cdef enum Method:
    TILES  # the scheme above
    INNER  # dot products of rows of a and columns of b, which are contiguous or get packed
    SPLIT  # c is a few rows of one vector: split sums
    ROW    # a is one row: b streams through once


cdef struct Plan:
    # What is computed: c = a b by a method, or if `transposed` c' = b' a', with a, b, c, m and n already exchanged.
    Method method
    const leaves* leaf
    bint transposed
    bint apart          # c' is computed in memory of its own, and its transpose copied to the caller's c
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


cdef void multiply(const Plan* plan, Matrix a, idx row, idx rows, idx number, idx slice, char* packed,
                   bint is_packed) noexcept nogil:
    """Rows of c += a, their slice, times that of panel `number`, which is packed already, or now on the way.

    The first slice does not add to c but sets it.
    """
    cdef const leaves* leaf = plan.leaf
    cdef idx column = number * leaf.panel, columns = min(leaf.panel, plan.n - column)
    cdef idx width = columns if columns == leaf.panel else (columns + leaf.vector - 1) // leaf.vector * leaf.vector
    cdef idx first = 0, k = plan.k
    if plan.slices > 1:  # divisions take longer than a short slice
        first = plan.k * slice // plan.slices
        k = plan.k * (slice + 1) // plan.slices - first
    cdef Matrix b = at(plan.b, first, column, plan.size)
    cdef Matrix c = at(plan.c, row, column, plan.size)
    cdef char* packing = NULL
    cdef Matrix next = at(b, 0, leaf.panel, plan.size)
    cdef idx rest = 0
    if is_packed:
        b, next = Matrix(packed, width, 1), Matrix(packed + plan.slice_bytes, width, 1)
    elif not (plan.direct and width == columns):
        if b.column == 1 and columns == leaf.panel and rows >= leaf.tile_rows:
            packing = packed
        else:
            if plan.direct and k >= 2 * rows and b.row >= columns:  # but for the last rows, what follows a row may be read
                rest = max(0, (width - columns + b.row - 1) // b.row - (plan.k - first - k))
                if rest < k:
                    leaf.gemm_panel(rows, columns, k - rest, a.data, a.row, a.column, b.data, b.row, NULL, NULL, 0,
                                    c.data, c.row, slice > 0)
                    if rest == 0:
                        return
                    a, b, k = at(a, 0, k - rest, plan.size), at(b, k - rest, 0, plan.size), rest
            if columns < width:
                memset(packed, 0, k * width * plan.size)
            copy(b, k, columns, packed, width, plan.is_double)
            b = Matrix(packed, width, 1)
    if not plan.large or number + 1 == plan.panels or next.column != 1:
        next.data = NULL
    leaf.gemm_panel(rows, columns, k, a.data, a.row, a.column, b.data, b.row, packing, next.data, next.row,
                    c.data, c.row, slice > 0 or rest > 0)


cdef idx a_bytes(const Plan* plan) noexcept nogil:
    """Of the copy of a block of a."""
    return min(ROWS, plan.m) * plan.a_row * plan.size if plan.pack_a else 0


cdef void tiles(const Plan* plan, idx top, idx bottom, idx left, idx right, char* buffer) noexcept nogil:
    """A rectangle of c: rows from top to bottom, panels from left to right."""
    cdef const leaves* leaf = plan.leaf
    cdef idx blocks = (bottom - top + ROWS - 1) // ROWS, block, row, rows
    cdef idx slices = plan.slices, panels = right - left  # in one go
    cdef idx i, j, k, from_slice, to_slice, from_panel, to_panel, s, p, place = 0
    cdef char* a_block = buffer + plan.buffer_bytes - a_bytes(plan)
    cdef Matrix a
    cdef bint keep = blocks > 1 and not plan.direct
    if keep:
        slices = min(slices, MOST_SLICES, max(1, PACKED_BYTES // plan.slice_bytes))
        panels = min(panels, max(1, PACKED_BYTES // (slices * plan.slice_bytes)))
    for i in range((plan.slices + slices - 1) // slices):
        from_slice, to_slice = i * slices, min((i + 1) * slices, plan.slices)
        for j in range((right - left + panels - 1) // panels):
            from_panel, to_panel = left + j * panels, min(left + (j + 1) * panels, right)
            for block in range(blocks):
                row = top + (bottom - top) * block // blocks
                rows = top + (bottom - top) * (block + 1) // blocks - row
                for s in range(from_slice, to_slice):
                    a = at(plan.a, row, plan.k * s // plan.slices, plan.size)
                    if plan.pack_a:
                        k = plan.k * (s + 1) // plan.slices - plan.k * s // plan.slices
                        copy(a, rows, k, a_block, plan.a_row, plan.is_double)
                        a = Matrix(a_block, plan.a_row, 1)
                    for p in range(from_panel, to_panel):
                        if keep:
                            place = (s - from_slice) * panels + p - from_panel
                        multiply(plan, a, row, rows, p, s, buffer + place * plan.slice_bytes, keep and block > 0)
                if to_slice == plan.slices:  # while they are in the cache
                    finish(plan, row, row + rows, from_panel * leaf.panel, min(to_panel * leaf.panel, plan.n))


cdef void finish(const Plan* plan, idx top, idx bottom, idx left, idx right) noexcept nogil:
    """The rest, for a finished rectangle of c."""
    cdef Matrix c
    if plan.transposed:
        top, bottom, left, right = left, right, top, bottom
    c = at(plan.result, top, left, plan.size)
    if plan.apart:  # the panel (rows, columns) is the transpose of what tiles computed
        copy(turned(at(plan.c, left, top, plan.size)), bottom - top, right - left, c.data, c.row, plan.is_double)
    finish_rows(plan.leaf, c, bottom - top, right - left, plan.end, left, plan.size)


cdef void rectangle(const Plan* plan, int worker) noexcept nogil:
    """A thread's part of c."""
    cdef const leaves* leaf = plan.leaf
    cdef idx down = plan.workers // plan.across, i = worker // plan.across, j = worker % plan.across
    cdef idx top = plan.m * i // down, bottom = plan.m * (i + 1) // down
    cdef idx left = plan.panels * j // plan.across, right = plan.panels * (j + 1) // plan.across
    cdef char* buffer = plan.buffer + worker * plan.buffer_bytes
    cdef Matrix a = at(plan.a, top, 0, plan.size), b, c
    cdef idx first = 0, k
    if top == bottom or left == right:  # more threads than rows or panels
        return
    if plan.method == TILES:
        tiles(plan, top, bottom, left, right, buffer)
        return
    left, right = left * leaf.panel, min(right * leaf.panel, plan.n)
    c = at(plan.c, top, left, plan.size)
    if plan.method == ROW:
        b = at(plan.b, 0, left, plan.size)
        leaf.row_times(right - left, plan.k, a.data, a.column, b.data, b.row, c.data)
    elif plan.method == SPLIT:
        leaf.few(plan.m, plan.n, plan.k, a.data, a.row, a.column, plan.b.data, plan.b.row, c.data, c.row)
    else:
        while first < plan.k:
            k = min(CHUNK, plan.k - first)
            b = at(turned(plan.b), 0, first, plan.size)
            if b.column != 1:
                copy(b, plan.n, k, buffer, k, plan.is_double)
                b = Matrix(buffer, k, 1)
            leaf.inner(bottom - top, plan.n, k, at(a, 0, first, plan.size).data, a.row, b.data, b.row, c.data, c.row,
                       c.column, first > 0)
            first += k
    finish(plan, top, bottom, left, right)


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
    if plan.method == TILES and small and plan.m <= FEW and plan.n <= vector and (
            plan.b.column == 1 and plan.b.row >= plan.n):
        plan.method = SPLIT
    if (plan.n < vector if plan.method == TILES else 2 * (plan.k if plan.method == INNER else plan.n) <= vector):
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


cdef int gemm(idx m, idx n, idx k, Matrix a, Matrix b, Matrix c, Epilogue end, bint is_double,
              bint threads) except -1 nogil:
    """c (m, n) = a (m, k) b (k, n), then the epilogue. c's columns are adjacent; m and n are 1 or more."""
    cdef const leaves* leaf
    cdef idx i, size = 8 if is_double else 4, bytes, turned_bytes = 0
    cdef int t, caller
    cdef Plan plan
    cdef char* memory = NULL
    if k == 0:
        for i in range(m):
            memset(c.data + i * c.row * size, 0, n * size)
        finish_rows(&simd[is_double], c, m, n, end, 0, size)
        return 0
    if m == 1 and n == 1:
        dot_vectors(k, a, turned(b), c.data, is_double, threads)
        finish_rows(&simd[is_double], c, 1, 1, end, 0, size)
        return 0
    plan.m, plan.n, plan.k, plan.a, plan.b, plan.c, plan.result, plan.end = m, n, k, a, b, c, c, end
    plan.is_double, plan.size, plan.buffer = is_double, size, NULL
    choose_method(&plan)
    leaf = plan.leaf
    plan.panels = (plan.n + leaf.panel - 1) // leaf.panel
    plan.slices = (k * size + SLICE_BYTES - 1) // SLICE_BYTES
    plan.slice_bytes = ((k + plan.slices - 1) // plan.slices * leaf.panel * size + 63) // 64 * 64
    plan.direct = plan.b.column == 1 and (plan.m <= FEW_ROWS or plan.n <= leaf.vector or k * plan.n * size <= SMALL_BYTES)
    plan.large = k * plan.n * size > LARGE_BYTES and plan.m > FEW_ROWS
    plan.pack_a = plan.n >= MANY_COLUMNS and (
        plan.m > 2 * ROWS or plan.a.column != 1 or plan.a.row * size % ALIAS_BYTES == 0)
    plan.a_row = (((k + plan.slices - 1) // plan.slices * size + 63) // 64 | 1) * 64 // size  # an odd number of lines
    plan.workers = team(<double> m * n * k, GRAIN) if threads else 1
    if plan.method == INNER:  # each with a copy of b, if that is not contiguous
        plan.workers = min(<idx> plan.workers, plan.m)
    elif plan.method == SPLIT:
        plan.workers = 1
    share_out(&plan, leaf)
    plan.buffer_bytes = (buffer_bytes(&plan, leaf) + 63) // 64 * 64
    bytes = plan.buffer_bytes * plan.workers
    if plan.apart:
        turned_bytes = m * n * size
    if bytes + turned_bytes:
        memory = <char*> malloc(bytes + turned_bytes + 64)
        if memory == NULL:
            with gil:
                raise MemoryError(f"a product has no memory to pack {bytes + turned_bytes} bytes of its operands")
        plan.buffer = memory + (-<size_t> memory) % 64
        if turned_bytes:
            plan.c = Matrix(plan.buffer + bytes, plan.n, 1)

    if plan.workers == 1:  # an OpenMP region of one thread would cost more than a small product
        rectangle(&plan, 0)
    else:
        caller = home()
        for t in prange(plan.workers, num_threads=plan.workers, schedule="static", chunksize=1):
            spread(caller)
            rectangle(&plan, t)
    free(memory)
    return 0
