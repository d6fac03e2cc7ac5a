"""The blocked matrix product: c (m, n) = a (m, k) b (k, n).

The scheme of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), less the packing
of a. k is cut into slices of at most KC, n into blocks that fit the L2 cache. A block of b is packed into
panels as wide as the register tile; then tasks (rows of a x one panel) run a leaf that keeps its tile of c in
registers. Each element of c sums its k products in one order, whatever the blocks and the threads are: within
a slice from 0 up, then slice by slice.
"""

from cython cimport floating
from cython.parallel cimport parallel, prange
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from kernels._simd cimport idx, leaves, simd
from kernels._threads cimport home, spread, team

# Tuned on a Xeon with 48 KiB L1d and 2 MiB L2 per core.
cdef enum:
    SLICE_BYTES = 1536  # of k: a panel's slice (96 KiB in AVX-512) streams from L2 at full speed
    PACKED_BYTES = 786432  # a packed block of b; at 1 MiB the speed collapses
    ROWS = 96  # in a task: its part of a (144 KiB) stays in L2 while panels pass by
    FEW_ROWS = 24  # b is read too seldom to be worth packing
    SMALL_BYTES = 32768  # b stays in L1, packed or not
    GRAIN = 400000  # multiply-adds per thread that pay for waking it
    CHUNK = 32768  # of a long vector dot: partial sums in this order for any number of threads


cdef void pack(const floating* b, idx row, idx column, idx k, idx n, idx width, floating* panel) noexcept nogil:
    """panel (k, width) = b (k, n), zeros to its right."""
    cdef idx p, j, first
    if column == 1:
        for p in range(k):
            memcpy(panel + p * width, b + p * row, n * sizeof(floating))
            memset(panel + p * width + n, 0, (width - n) * sizeof(floating))
        return
    memset(panel, 0, k * width * sizeof(floating))
    for first in range(0, k, 16):  # a cache line of a column at a time
        for j in range(n):
            for p in range(first, min(first + 16, k)):
                panel[p * width + j] = b[p * row + j * column]


cdef void finish_rows(const leaves* leaf, Matrix c, idx m, idx n, Epilogue end, idx first, idx size) noexcept nogil:
    """The epilogue on rows of c whose first column is column `first` of the whole product."""
    cdef idx i
    cdef char* row
    for i in range(m):
        row = c.data + i * c.row * size
        if end.bias != NULL:
            (leaf.add_relu if end.relu else leaf.add)(row, 1, end.bias + first * size, 1, row, 1, n)
        elif end.relu:
            leaf.relu(row, 1, row, 1, row, 1, n)


cdef double long_dot(const leaves* leaf, const char* x, const char* y, idx k, idx size) noexcept nogil:
    cdef double total = 0
    cdef idx i
    for i in range((k + CHUNK - 1) // CHUNK):
        total += leaf.vector_dot(x + i * CHUNK * size, y + i * CHUNK * size, min(CHUNK, k - i * CHUNK))
    return total


cdef inline void put(char* at, double value, bint is_double) noexcept nogil:
    if is_double:
        (<double*> at)[0] = value
    else:
        (<float*> at)[0] = <float> value


cdef int dot_rows(idx m, idx k, Matrix a, const char* y, Matrix c, bint is_double, int workers) except -1 nogil:
    """c (m, 1) = a (m, k) y (k), where rows of a and y are contiguous."""
    cdef const leaves* leaf = &simd[is_double]
    cdef idx size = 8 if is_double else 4, i, chunks = (k + CHUNK - 1) // CHUNK
    cdef double* part
    cdef double total = 0
    cdef int caller = home()
    if workers == 1:  # an OpenMP region of one thread would cost more than a short product
        for i in range(m):
            put(c.data + i * c.row * size, long_dot(leaf, a.data + i * a.row * size, y, k, size), is_double)
    elif m > 1:
        for i in prange(m, num_threads=workers, schedule="static"):
            spread(caller)
            put(c.data + i * c.row * size, long_dot(leaf, a.data + i * a.row * size, y, k, size), is_double)
    else:
        part = <double*> malloc(chunks * sizeof(double))
        if part == NULL:
            with gil:
                raise MemoryError
        for i in prange(chunks, num_threads=workers, schedule="static"):
            spread(caller)
            part[i] = leaf.vector_dot(a.data + i * CHUNK * size, y + i * CHUNK * size, min(CHUNK, k - i * CHUNK))
        for i in range(chunks):
            total += part[i]
        free(part)
        put(c.data, total, is_double)
    return 0


cdef struct Plan:
    # a product cut into slices of k, panels of n and row blocks of m
    idx m, n, k
    Matrix a, b, c
    Epilogue end
    bint is_double
    idx size            # bytes of an element
    idx panels          # of b, each leaf.panel columns wide but for the last
    idx block           # panels packed at a time
    idx slices          # of k
    idx row_blocks      # of m
    bint direct         # b is read in place, but for a last panel that fills no vector
    char* packed
    idx packed_bytes    # of one packed panel


cdef Matrix panel_of(const Plan* plan, const leaves* leaf, idx number, idx slice, idx* columns) noexcept nogil:
    """The slice of a panel of b as the leaf reads it: packed, or in place."""
    cdef idx column = number * leaf.panel, from_k = plan.k * slice // plan.slices, width
    columns[0] = min(leaf.panel, plan.n - column)
    width = (columns[0] + leaf.vector - 1) // leaf.vector * leaf.vector
    if plan.direct:
        if width == columns[0]:
            return Matrix(plan.b.data + (from_k * plan.b.row + column) * plan.size, plan.b.row, 1)
        return Matrix(plan.packed, width, 1)
    return Matrix(plan.packed + number % plan.block * plan.packed_bytes, width, 1)


cdef void pack_panel(const Plan* plan, idx number, idx slice) noexcept nogil:
    cdef const leaves* leaf = &simd[plan.is_double]
    cdef idx columns, from_k = plan.k * slice // plan.slices, to_k = plan.k * (slice + 1) // plan.slices
    cdef Matrix to = panel_of(plan, leaf, number, slice, &columns), b = plan.b
    cdef const char* source = b.data + (from_k * b.row + number * leaf.panel * b.column) * plan.size
    if to.data == source:
        return
    if plan.is_double:
        pack(<const double*> source, b.row, b.column, to_k - from_k, columns, to.row, <double*> to.data)
    else:
        pack(<const float*> source, b.row, b.column, to_k - from_k, columns, to.row, <float*> to.data)


cdef void multiply(const Plan* plan, idx number, idx row_block, idx slice) noexcept nogil:
    """c's part in one row block and one panel: += that of a's rows and the panel's slice."""
    cdef const leaves* leaf = &simd[plan.is_double]
    cdef idx row = plan.m * row_block // plan.row_blocks, rows = plan.m * (row_block + 1) // plan.row_blocks - row
    cdef idx from_k = plan.k * slice // plan.slices, to_k = plan.k * (slice + 1) // plan.slices
    cdef idx column = number * leaf.panel, columns
    cdef Matrix a = plan.a, c = plan.c, panel = panel_of(plan, leaf, number, slice, &columns)
    c.data += (row * c.row + column) * plan.size
    leaf.gemm_panel(rows, columns, to_k - from_k, a.data + (row * a.row + from_k * a.column) * plan.size, a.row,
                    a.column, panel.data, panel.row, c.data, c.row, slice > 0)
    if slice == plan.slices - 1:
        finish_rows(leaf, c, rows, columns, plan.end, column, plan.size)


cdef int gemm(idx m, idx n, idx k, Matrix a, Matrix b, Matrix c, Epilogue end, bint is_double,
              bint threads) except -1 nogil:
    """c (m, n) = a (m, k) b (k, n), then the epilogue. c's columns are adjacent; m and n are 1 or more."""
    cdef const leaves* leaf = &simd[is_double]
    cdef idx size = 8 if is_double else 4, longest, i, s = 0, turn = 0, first = 0, count = 0
    cdef int workers = team(<double> m * n * k, GRAIN) if threads else 1, caller
    cdef Plan plan
    if k == 0:
        for i in range(m):
            memset(c.data + i * c.row * size, 0, n * size)
        finish_rows(leaf, c, m, n, end, 0, size)
        return 0
    if a.column == 1 and b.row == 1 and (m == 1 or n == 1):
        if n == 1:
            dot_rows(m, k, a, b.data, c, is_double, workers)
        else:  # c' = b' a'
            dot_rows(n, k, Matrix(b.data, b.column, 1), a.data, Matrix(c.data, 1, 1), is_double, workers)
        finish_rows(leaf, c, m, n, end, 0, size)
        return 0

    plan.m, plan.n, plan.k, plan.a, plan.b, plan.c, plan.end = m, n, k, a, b, c, end
    plan.is_double, plan.size = is_double, size
    plan.panels = (n + leaf.panel - 1) // leaf.panel
    plan.slices = (k * size + SLICE_BYTES - 1) // SLICE_BYTES
    longest = (k + plan.slices - 1) // plan.slices
    plan.packed_bytes = longest * leaf.panel * size
    plan.direct = b.column == 1 and (m <= FEW_ROWS or k * n * size <= SMALL_BYTES)
    plan.block = min(max(PACKED_BYTES // plan.packed_bytes, 1), plan.panels)
    plan.row_blocks = (m + ROWS - 1) // ROWS
    if workers > 1:  # short blocks only where there are too few tasks for the threads
        plan.row_blocks = max(plan.row_blocks, min((m + 11) // 12, (3 * workers + plan.panels - 1) // plan.panels))
    plan.packed = <char*> malloc((1 if plan.direct else plan.block) * plan.packed_bytes)
    if plan.packed == NULL:
        with gil:
            raise MemoryError(f"no memory to pack {plan.block * plan.packed_bytes} bytes of an operand")

    if workers == 1:
        for turn in range((plan.panels + plan.block - 1) // plan.block):
            first = turn * plan.block
            count = min(plan.block, plan.panels - first)
            for s in range(plan.slices):
                for i in range(count):
                    pack_panel(&plan, first + i, s)
                for i in range(count * plan.row_blocks):
                    multiply(&plan, first + i % count, i // count, s)
    else:  # the same loops; every thread runs the outer ones and takes its share of the inner ones
        caller = home()
        with parallel(num_threads=workers):
            spread(caller)
            for turn in range((plan.panels + plan.block - 1) // plan.block):
                first = turn * plan.block
                count = min(plan.block, plan.panels - first)
                for s in range(plan.slices):
                    for i in prange(count, schedule="static"):
                        pack_panel(&plan, first + i, s)
                    for i in prange(count * plan.row_blocks, schedule="static"):
                        multiply(&plan, first + i % count, i // count, s)
    free(plan.packed)
    return 0
