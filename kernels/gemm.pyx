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
from kernels._threads cimport team

# Tuned on a Xeon with 48 KiB L1d and 2 MiB L2 per core.
cdef enum:
    SLICE_BYTES = 1536  # of k: a panel's slice (96 KiB in AVX-512) streams from L2 at full speed
    PACKED_BYTES = 786432  # a packed block of b; at 1 MiB the speed collapses
    ROWS = 96  # in a task: its part of a (144 KiB) stays in L2 while panels pass by
    FEW_ROWS = 24  # b is read too seldom to be worth packing
    SMALL_BYTES = 32768  # b stays in L1, packed or not
    GRAIN = 100000  # multiply-adds per thread that pay for waking it
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


cdef int dot_rows(idx m, idx k, Matrix a, const char* y, Matrix c, Epilogue end, bint is_double,
                  int workers) except -1 nogil:
    """c (m, 1) = a (m, k) y (k), where rows of a and y are contiguous."""
    cdef const leaves* leaf = &simd[is_double]
    cdef idx size = 8 if is_double else 4, i, chunks = (k + CHUNK - 1) // CHUNK
    cdef double* part
    cdef double total = 0
    if m > 1 or chunks < 2:
        for i in prange(m, num_threads=workers, schedule="static", use_threads_if=workers > 1):
            put(c.data + i * c.row * size, long_dot(leaf, a.data + i * a.row * size, y, k, size), is_double)
    else:
        part = <double*> malloc(chunks * sizeof(double))
        if part == NULL:
            with gil:
                raise MemoryError
        for i in prange(chunks, num_threads=workers, schedule="static", use_threads_if=workers > 1):
            part[i] = leaf.vector_dot(a.data + i * CHUNK * size, y + i * CHUNK * size, min(CHUNK, k - i * CHUNK))
        for i in range(chunks):
            total += part[i]
        free(part)
        put(c.data, total, is_double)
    finish_rows(leaf, c, m, 1, end, 0, size)
    return 0


cdef int gemm(idx m, idx n, idx k, Matrix a, Matrix b, Matrix c, Epilogue end, bint is_double,
              bint threads) except -1 nogil:
    """c (m, n) = a (m, k) b (k, n), then the epilogue. c's columns are adjacent; m, n, k are 1 or more."""
    cdef const leaves* leaf = &simd[is_double]
    cdef idx size = 8 if is_double else 4
    cdef int workers = team(<double> m * n * k, GRAIN) if threads else 1
    cdef idx i
    if n == 1 and a.column == 1 and b.row == 1:
        return dot_rows(m, k, a, b.data, c, end, is_double, workers)
    if m == 1 and a.column == 1 and b.row == 1:  # c' = b' a'
        dot_rows(n, k, Matrix(b.data, b.column, 1), a.data, Matrix(c.data, 1, 1), Epilogue(NULL, False), is_double,
                 workers)
        finish_rows(leaf, c, 1, n, end, 0, size)
        return 0

    if k == 0:
        for i in range(m):
            memset(c.data + i * c.row * size, 0, n * size)
        finish_rows(leaf, c, m, n, end, 0, size)
        return 0

    cdef idx panels = (n + leaf.panel - 1) // leaf.panel
    cdef idx slices = (k * size + SLICE_BYTES - 1) // SLICE_BYTES, longest = (k + slices - 1) // slices
    cdef idx block = max(PACKED_BYTES // (longest * leaf.panel * size), 1)  # panels packed at a time
    cdef bint direct = b.column == 1 and (m <= FEW_ROWS or k * n * size <= SMALL_BYTES)
    # Row blocks are shared out evenly; short ones only when there are too few tasks for the threads.
    cdef idx row_blocks = max((m + ROWS - 1) // ROWS, min((m + 11) // 12, (3 * workers + panels - 1) // panels))
    if workers == 1:
        row_blocks = (m + ROWS - 1) // ROWS
    # b read in place still needs its last columns packed, with zeros up to a whole vector.
    cdef idx panel_bytes = longest * leaf.panel * size, slots = 1 if direct else min(block, panels)
    cdef char* packed = <char*> malloc(slots * panel_bytes)
    if packed == NULL:
        with gil:
            raise MemoryError(f"no memory to pack {slots * panel_bytes} bytes of an operand")

    cdef idx s = 0, turn = 0, first_panel = 0, in_block = 0, from_k = 0, to_k = 0  # the same in every thread
    cdef idx t, p, rows, row, width, columns, column
    cdef const char* panel
    cdef idx stride
    with parallel(num_threads=workers, use_threads_if=workers > 1):
        for turn in range((panels + block - 1) // block):
            first_panel = turn * block
            in_block = min(block, panels - first_panel)
            for s in range(slices):
                from_k = k * s // slices
                to_k = k * (s + 1) // slices
                for t in prange(in_block, schedule="static"):
                    columns = min(leaf.panel, n - (first_panel + t) * leaf.panel)
                    width = (columns + leaf.vector - 1) // leaf.vector * leaf.vector
                    if direct and width == columns:
                        continue
                    panel = b.data + (from_k * b.row + (first_panel + t) * leaf.panel * b.column) * size
                    if is_double:
                        pack(<const double*> panel, b.row, b.column, to_k - from_k, columns, width,
                             <double*> (packed + t % slots * panel_bytes))
                    else:
                        pack(<const float*> panel, b.row, b.column, to_k - from_k, columns, width,
                             <float*> (packed + t % slots * panel_bytes))
                for t in prange(in_block * row_blocks, schedule="static"):
                    p = t % in_block
                    row = m * (t // in_block) // row_blocks
                    rows = m * (t // in_block + 1) // row_blocks - row
                    column = (first_panel + p) * leaf.panel
                    columns = min(leaf.panel, n - column)
                    width = (columns + leaf.vector - 1) // leaf.vector * leaf.vector
                    panel = packed + p % slots * panel_bytes
                    stride = width
                    if direct and width == columns:
                        panel = b.data + (from_k * b.row + column) * size
                        stride = b.row
                    leaf.gemm_panel(rows, columns, to_k - from_k, a.data + (row * a.row + from_k * a.column) * size,
                                    a.row, a.column, panel, stride, c.data + (row * c.row + column) * size, c.row,
                                    s > 0)
                    if s == slices - 1:
                        finish_rows(leaf, Matrix(c.data + (row * c.row + column) * size, c.row, 1), rows, columns,
                                    end, column, size)
    free(packed)
    return 0
