"""Products that skip zeros: c (m, n) = a (m, k) b (k, n) where most of a is 0, as in images of digits.

First the threads list what is not 0 in blocks of rows of a. Then each takes some columns of c (and a part of the rows,
if there are more threads than tiles of columns) and adds up rows of b, slice by slice of k, so that a slice of those
columns of b stays in L1 while all rows of a pass by. An element of c is the sum of the same terms in the same order as
in the dense product but for terms of 0, which change no sum: the results are equal. Only 0 times infinity or NaN would
be missed. The threads look for both as they copy b, and if they find one the caller multiplies densely.

The product may be the gradient of weights: then all of b is copied first, so that no weight is written before b is
known to be finite, and the update takes the product from the registers.
"""

from libc.stdint cimport int32_t
from libc.stdlib cimport free, malloc

from kernels._matrix cimport Matrix, Product, at, copy, finish_rows, transpose
from kernels._simd cimport idx, leaves, prefetch_rows, weights
from kernels._threads cimport share, team

cdef enum:
    BLOCK = 16  # rows of a that a thread lists at a time: strokes fill the middle of an image, borders are empty
    ENTRIES = 262144  # places for entries of lists at a time; with 20% nonzero, 400 KiB of them are touched
    LONGEST = 8192  # k, so that a block's lists take half of them
    LEAST_WORK = 2000000  # multiply-adds of the dense product that pay for the lists
    GRAIN = 1000000  # multiply-adds of the dense product, see _threads.team: twice as many, for threads meet twice
    SAMPLES = 8  # rows in memory in which zeros are counted

# The share of nonzeros up to which the lists win: by 1.3 at this share and 2.6 at MNIST's 0.2, on an EPYC (Zen 4) with
# AVX2 and AVX-512 alike; even at 0.65. An Intel CPU with AVX-512, whose dense product is faster, was not measured.
cdef double MOST_DENSE = 0.5


cdef struct Lists:
    # the nonzeros in a block of rows of a, see simd/sparse.inc: slice behind slice
    int32_t* cuts
    int32_t* where
    char* value


cdef bint has_many_zeros(const Product* x) noexcept nogil:
    """Is it worth while to look for zeros in a, and are there many in a sample of its rows, or of its columns?

    The sample does not depend on the number of threads, and so the method does not.
    """
    cdef const leaves* leaf = x.leaf
    cdef idx i, zeros = 0, length = x.k, lines = x.m, count
    cdef Matrix a = x.a
    if x.m < 2 * leaf.vector or x.m < BLOCK:  # few rows do not pay for a copy of b; and gemm may split their sums
        return False
    if 4 * x.n < 3 * leaf.sparse_columns or x.k > LONGEST or <double> x.m * x.n * x.k < LEAST_WORK:
        return False
    if a.column != 1:
        if a.row != 1:
            return False
        a, length, lines = transpose(a), x.m, x.k
    count = min(lines, SAMPLES)
    for i in range(count):
        zeros += leaf.zeros(length, at(a, lines * i // count, 0, leaf.size).data)
    return zeros > (1 - MOST_DENSE) * count * length


cdef idx slices(const Product* x) noexcept nogil:
    return (x.k + SLICE - 1) // SLICE


cdef idx list_bytes(const Product* x) noexcept nogil:
    """The memory for a block's lists."""
    cdef idx cuts = BLOCK * slices(x) + 1, entries = BLOCK * x.k
    return (cuts * sizeof(int32_t) + entries * (sizeof(int32_t) + x.leaf.size) + 127) // 64 * 64


cdef Lists lists_of(const Sparse* s, idx block) noexcept nogil:
    cdef idx cuts = BLOCK * slices(s.x) + 1, entries = BLOCK * s.x.k
    cdef int32_t* start = <int32_t*> (s.lists + (block - s.first) * list_bytes(s.x))
    cdef char* value = <char*> (start + cuts + entries)
    return Lists(start, start + cuts, value + (-<size_t> value) % 64)


cdef idx panel_bytes(const Product* x) noexcept nogil:
    return SLICE * x.leaf.sparse_columns * x.leaf.size


cdef char* panel(const Sparse* s, idx i) noexcept nogil:
    return s.panels + i * panel_bytes(s.x)


cdef void list_block(const Sparse* s, idx block, char* rows_of_a) noexcept nogil:
    """List the nonzeros of a block of rows."""
    cdef const leaves* leaf = s.x.leaf
    cdef Lists to = lists_of(s, block)
    cdef idx first = block * BLOCK, rows = min(BLOCK, s.x.m - first), count = slices(s.x), found = 0, i, j, p, k
    cdef Matrix a
    for j in range(count):
        p = s.x.k * j // count
        k = s.x.k * (j + 1) // count - p
        a = at(s.x.a, first, p, leaf.size)
        if a.column != 1:
            copy(leaf, a, rows, k, rows_of_a, k)
            a = Matrix(rows_of_a, k, 1)
        for i in range(rows):
            to.cuts[j * rows + i] = <int32_t> found
            found += leaf.nonzeros(k, at(a, i, 0, leaf.size).data, to.where + found, to.value + found * leaf.size)
    to.cuts[count * rows] = <int32_t> found


cdef bint copy_part(const Product* x, idx p, idx k, idx column, idx columns, char* panel) noexcept nogil:
    """Copy rows p to p + k - 1 of a few columns of b to one piece, since rows far apart would evict each other from
    L1. Are they finite?"""
    cdef idx width = x.leaf.sparse_columns
    cdef Matrix b = at(x.b, p, column, x.leaf.size)
    if b.column != 1:
        copy(x.leaf, b, k, columns, panel, width)
        b = Matrix(panel, width, 1)
    return x.leaf.copy_finite(k, columns, b.data, b.row, panel, width)


cdef void multiply_tile(Sparse* s, idx first, idx stop, idx column, idx columns, char* panel) noexcept nogil:
    """A few columns of c, in the rows of blocks first to stop - 1. It may find that those of b are not finite."""
    cdef const leaves* leaf = s.x.leaf
    cdef idx m = s.x.m, count = slices(s.x)
    cdef idx j, p, k, block, rows, from_row, to_row
    cdef Matrix c, next
    cdef Lists lists
    for j in range(count):
        p = s.x.k * j // count
        k = s.x.k * (j + 1) // count - p
        if not s.copied and not copy_part(s.x, p, k, column, columns, panel):
            s.finite = False
            return
        # what comes next of b: the slice below, or the first one of the columns beside
        if s.copied:
            next = Matrix(panel + panel_bytes(s.x), leaf.sparse_columns, 1)
        elif j + 1 < count:
            next = at(s.x.b, p + k, column, leaf.size)
        else:
            next = at(s.x.b, 0, min(column + columns, s.x.n - 1), leaf.size)
        for block in range(first, stop):
            from_row, to_row = k * (block - first) // (stop - first), k * (block - first + 1) // (stop - first)
            prefetch_rows(at(next, from_row, 0, leaf.size).data, to_row - from_row, next.row * leaf.size,
                          columns * leaf.size)
            rows = min(BLOCK, m - block * BLOCK)
            lists, c = lists_of(s, block), at(s.x.c, block * BLOCK, column, leaf.size)
            leaf.sparse_rows(rows, columns, lists.cuts + j * rows, lists.where, lists.value, panel, c.data, c.row,
                             j > 0, s.to)
    finish_rows(s.x, first * BLOCK, min(stop * BLOCK, m), column, column + columns)


cdef void list_part(void* task, int worker, int workers) noexcept nogil:
    cdef Sparse* s = <Sparse*> task
    cdef idx block = s.first + worker, tile = s.x.leaf.sparse_columns, i
    if s.first == 0:  # before a weight is written, all of b must be known to be finite
        for i in range(s.copied * worker // workers, s.copied * (worker + 1) // workers):
            if not copy_part(s.x, 0, s.x.k, i * tile, min(tile, s.x.n - i * tile), panel(s, i)):
                s.finite = False
    while block < s.stop:
        list_block(s, block, panel(s, s.copied + worker))
        block += workers


cdef void multiply_part(void* task, int worker, int workers) noexcept nogil:
    """Some of the tiles of columns, each by some of the rows in the lists."""
    cdef Sparse* s = <Sparse*> task
    cdef idx tile = s.x.leaf.sparse_columns, tiles = (s.x.n + tile - 1) // tile, blocks = s.stop - s.first
    cdef idx down = (workers + tiles - 1) // tiles  # parts of the rows, if there are more threads than tiles
    cdef idx pieces = tiles * down, i, column, part
    for i in range(pieces * worker // workers, pieces * (worker + 1) // workers):
        column, part = i // down * tile, i % down
        multiply_tile(s, s.first + blocks * part // down, s.first + blocks * (part + 1) // down, column,
                      min(tile, s.x.n - column), panel(s, i // down if s.copied else worker))


cdef idx blocks_of_rows(const Product* x) noexcept nogil:
    return (x.m + BLOCK - 1) // BLOCK


cdef idx together(const Product* x) noexcept nogil:
    """How many blocks are listed before they are multiplied."""
    return min(max(1, ENTRIES // (BLOCK * x.k)), blocks_of_rows(x))


cdef void release(Sparse* s) noexcept nogil:
    free(s.memory)
    s.memory = NULL


cdef bint prepare(Sparse* s, const Product* x, const weights* to) noexcept nogil:
    """List the first rows of a, for k of 1 or more, so that `multiply` can go on.

    With `to`, if not NULL, c is its w, which is updated by the gradient a b, for k up to SLICE and no epilogue: b is
    copied, too, and `multiply` does not fail. False if b is seen to hold infinity or NaN, or memory is short.
    """
    cdef idx tile = x.leaf.sparse_columns, tiles = (x.n + tile - 1) // tile, copied = tiles if to != NULL else 0
    cdef int workers = team(<double> x.m * x.n * x.k, GRAIN)
    cdef idx panels_bytes = (copied + workers) * panel_bytes(x)
    cdef char* memory = <char*> malloc(panels_bytes + together(x) * list_bytes(x) + 64)
    cdef char* panels = memory + (-<size_t> memory) % 64
    if memory == NULL:  # the dense product needs less
        return False
    s[0] = Sparse(x, to, copied, memory, panels, panels + panels_bytes, 0, together(x), workers, True)
    share(list_part, s, workers)
    if not s.finite:
        release(s)
    return s.finite


cdef bint multiply(Sparse* s) noexcept nogil:
    """c (m, n) = a (m, k) b (k, n), then the epilogue, and free what `prepare` took. False, with c unfinished, if b
    holds infinity or NaN: multiply densely."""
    cdef idx blocks = blocks_of_rows(s.x)
    share(multiply_part, s, s.workers)
    while s.finite and s.stop < blocks:
        s.first, s.stop = s.stop, min(s.stop + together(s.x), blocks)
        share(list_part, s, s.workers)
        share(multiply_part, s, s.workers)
    release(s)
    return s.finite
