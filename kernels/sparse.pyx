"""Products that skip zeros: c (m, n) = a (m, k) b (k, n) where most of a is 0, as in images of digits.

First the threads list what is not 0 in blocks of rows of a. Then each takes some columns of c (and a part of the rows,
if there are more threads than tiles of columns) and adds up rows of b, slice by slice of k, so that a slice of those
columns of b stays in L1 while all rows of a pass by. A sum meets its terms in the order of the dense product, and a
term of 0 changes no sum: the results are equal. Only 0 times infinity or NaN would be missed; the threads look at b as
they copy it, and if it is not finite the caller multiplies densely.
"""

from cython.parallel cimport parallel, prange, threadid
from libc.stdint cimport int32_t
from libc.stdlib cimport free, malloc

from kernels._matrix cimport Epilogue, Matrix, at, copy, finish_rows
from kernels._simd cimport idx, leaves, prefetch_rows, simd
from kernels._threads cimport home, spread, team

cdef enum:
    BLOCK = 16  # rows of a that a thread lists at a time: strokes fill the middle of an image, borders are empty
    SLICE = 128  # of k: its part of b (32 KiB) fills an L1, and shorter slices cost more than its misses
    ENTRIES = 262144  # places for entries of lists at a time; with 20% nonzero, 400 KiB of them are touched
    LONGEST = 8192  # k, so that a block's lists take half of them
    LEAST_WORK = 2000000  # multiply-adds of the dense product that pay for the lists
    GRAIN = 1000000  # multiply-adds of the dense product per thread that pay for waking it
    SAMPLES = 8  # rows in memory in which zeros are counted

# The share of nonzeros up to which the lists win: by 1.3 at this share and 2.2 at MNIST's 0.19, on an EPYC with AVX2,
# where the constants above were tuned, too. AVX-512 makes the dense product faster: there the limit was not measured.
cdef double MOST_DENSE = 0.4


cdef struct Lists:
    # of the nonzeros in a block of rows of a, see simd/sparse.inc
    int32_t* cuts
    int32_t* where
    char* value
    char* rows  # the block itself, where a's rows are not contiguous


cdef struct Sparse:
    idx m, n, k, size
    Matrix a, b, c
    Epilogue end
    bint is_double
    idx slices          # of k
    char* lists
    idx block_bytes     # of a block's lists
    idx first           # block that is listed now
    bint finite         # is b, as far as was seen? All writers write False, and the region's end orders them


cdef bint has_many_zeros(idx m, idx n, idx k, Matrix a, bint is_double) noexcept nogil:
    """Is it worth while to look for zeros in a, and are there many in a sample of its rows, or of its columns?

    The sample does not depend on threads, nor does the method.
    """
    cdef idx i, size = 8 if is_double else 4, zeros = 0, length = k, lines = m, count
    cdef Matrix x = a
    if m < 2 * simd[is_double].vector or m < BLOCK:  # few rows do not pay for a copy of b; and gemm may sum in lanes
        return False
    if 4 * n < 3 * simd[is_double].sparse_columns or k > LONGEST or <double> m * n * k < LEAST_WORK:
        return False
    if a.column != 1:
        if a.row != 1:
            return False
        x, length, lines = Matrix(a.data, a.column, a.row), m, k
    count = min(lines, SAMPLES)
    for i in range(count):
        zeros += simd[is_double].zeros(length, at(x, lines * i // count, 0, size).data)
    return zeros > (1 - MOST_DENSE) * count * length


cdef Lists lists_of(const Sparse* s, idx place) noexcept nogil:
    cdef idx entries = BLOCK * s.k
    cdef char* start = s.lists + place * s.block_bytes
    cdef char* value = start + (BLOCK * (s.slices + 1) + entries) * sizeof(int32_t)
    value += (-<size_t> value) % 64
    return Lists(<int32_t*> start, <int32_t*> start + BLOCK * (s.slices + 1), value, value + entries * s.size)


cdef void list_block(const Sparse* s, idx block) noexcept nogil:
    """Lists the nonzeros of a block of rows."""
    cdef const leaves* leaf = &simd[s.is_double]
    cdef Lists to = lists_of(s, block - s.first)
    cdef idx first = block * BLOCK, rows = min(BLOCK, s.m - first), i, j, p, count
    cdef Matrix a = at(s.a, first, 0, s.size)
    cdef int32_t* cuts = to.cuts
    if a.column != 1:
        copy(a, rows, s.k, to.rows, s.k, s.is_double)
        a = Matrix(to.rows, s.k, 1)
    for i in range(rows):
        cuts[0] = count = 0
        for j in range(s.slices):
            p = s.k * j // s.slices
            count += leaf.nonzeros(s.k * (j + 1) // s.slices - p, at(a, i, p, s.size).data,
                                   to.where + i * s.k + count, to.value + (i * s.k + count) * s.size)
            cuts[j + 1] = <int32_t> count
        cuts += s.slices + 1


cdef void multiply(Sparse* s, idx first, idx stop, idx column, idx columns, char* panel) noexcept nogil:
    """A few columns of c, in the rows of blocks first to stop. It may find that those of b are not finite."""
    cdef const leaves* leaf = &simd[s.is_double]
    cdef idx width = leaf.sparse_columns
    cdef idx j, p, k, block, from_row, to_row
    cdef Matrix b, part, c, ahead  # what comes next of b
    cdef Lists lists
    for j in range(s.slices):
        p = s.k * j // s.slices
        k = s.k * (j + 1) // s.slices - p
        b = part = at(s.b, p, column, s.size)
        if b.column != 1:
            copy(b, k, columns, panel, width, s.is_double)
            part = Matrix(panel, width, 1)
        # in one piece, since rows of b far apart would evict each other from L1
        if not leaf.copy_finite(k, columns, part.data, part.row, panel, width):
            s.finite = False
            return
        ahead = at(b, k, 0, s.size) if j + 1 < s.slices else at(s.b, 0, min(column + columns, s.n - 1), s.size)
        for block in range(first, stop):
            from_row, to_row = k * (block - first) // (stop - first), k * (block - first + 1) // (stop - first)
            prefetch_rows(at(ahead, from_row, 0, s.size).data, to_row - from_row, ahead.row * s.size, columns * s.size)
            lists, c = lists_of(s, block - s.first), at(s.c, block * BLOCK, column, s.size)
            leaf.sparse_rows(min(BLOCK, s.m - block * BLOCK), columns, lists.cuts + j, s.slices, lists.where,
                             lists.value, s.k, panel, c.data, c.row, j > 0)
    c = at(s.c, first * BLOCK, column, s.size)
    finish_rows(leaf, c, min(stop * BLOCK, s.m) - first * BLOCK, columns, s.end, column, s.size)


cdef void multiply_task(Sparse* s, idx stop, idx task, idx down, char* panel) noexcept nogil:
    """One of `down` parts of the listed rows times one tile of columns."""
    cdef idx tile = simd[s.is_double].sparse_columns, column = task // down * tile, part = task % down
    cdef idx blocks = stop - s.first
    multiply(s, s.first + blocks * part // down, s.first + blocks * (part + 1) // down, column,
             min(tile, s.n - column), panel)


cdef bint sparse(idx m, idx n, idx k, Matrix a, Matrix b, Matrix c, Epilogue end, bint is_double) noexcept nogil:
    """c (m, n) = a (m, k) b (k, n), then the epilogue, for k of 1 or more.

    False, with c unfinished, if b holds infinity or NaN, or memory is short: multiply densely.
    """
    cdef const leaves* leaf = &simd[is_double]
    cdef idx size = 8 if is_double else 4, blocks = (m + BLOCK - 1) // BLOCK, together, stop, i, bytes, down
    cdef idx tiles = (n + leaf.sparse_columns - 1) // leaf.sparse_columns
    cdef idx panel_bytes = SLICE * leaf.sparse_columns * size
    cdef int workers = team(<double> m * n * k, GRAIN), caller = home()
    cdef Sparse s
    cdef char* memory
    cdef char* panels
    s.m, s.n, s.k, s.size, s.a, s.b, s.c, s.end, s.is_double = m, n, k, size, a, b, c, end, is_double
    s.slices, s.first, s.finite = (k + SLICE - 1) // SLICE, 0, True
    s.block_bytes = (BLOCK * ((s.slices + 1) * sizeof(int32_t) + k * (sizeof(int32_t) + 2 * size)) + 127) // 64 * 64
    together = min(max(1, ENTRIES // (BLOCK * k)), blocks)
    down = (workers + tiles - 1) // tiles
    bytes = workers * panel_bytes + together * s.block_bytes
    memory = <char*> malloc(bytes + 64)
    if memory == NULL:  # the dense product needs less
        return False
    panels = memory + (-<size_t> memory) % 64
    s.lists = panels + workers * panel_bytes
    while s.first < blocks and s.finite:
        stop = min(s.first + together, blocks)
        if workers == 1:
            for i in range(s.first, stop):
                list_block(&s, i)
            for i in range(tiles):
                multiply_task(&s, stop, i, 1, panels)
        else:
            with parallel(num_threads=workers):
                spread(caller)
                for i in prange(s.first, stop, schedule="static", chunksize=1):
                    list_block(&s, i)
                # the loop's end is a barrier: all lists are complete
                for i in prange(tiles * down, schedule="static"):
                    multiply_task(&s, stop, i, down, panels + threadid() * panel_bytes)
        s.first = stop
    free(memory)
    return s.finite
