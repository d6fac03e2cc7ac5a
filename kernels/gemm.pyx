"""The blocked matrix product: c (m, n) = a (m, k) b (k, n).

The three naive loops read all of b from memory for each row of c. Here each loop is cut into pieces, and the pieces are
ordered so that whatever is used again soon is still in a fast cache: Goto and van de Geijn, "Anatomy of
High-Performance Matrix Multiplication" (2008). In float32, with the panels of AVX2:

                                   panel: 16 columns
                            +-----+======+---------------+
    slice of k: 512 rows    |     |  b   |               |
                            +-----+======+---------------+
                            |                            |
           slice            +----------------------------+
          +=======+----+    +-----+------+---------------+
    block |       |    |    |     |======| tile: 6 rows  |
    of    |   a   |    |    |     |  c   |               |
    144   |       |    |    |     |      |               |
    rows  +=======+----+    +-----+------+---------------+
          |            |    |                            |

    function    loop over                what is used throughout one turn of the loop, and where it stays
    tiles       groups of panels         packed panels of b, up to 8 MiB: L3
    tiles         blocks of rows
    block           slices of k          a slice of a block of a, 288 KiB: L2
    block             panels             a slice of a panel of b, 32 KiB: L1 (AVX-512: 64 columns, 128 KiB, L2)
    gemm_panel          tiles            a tile of c, 6 x 16: registers
    gemm_tile             k              (the micro-kernel: a column of the tile of a times a row of the panel of b)

Three things differ from the paper. A thread computes its rectangle of c from start to end, and waits for no other. A
block of a is copied only if many columns of c pay for it, and its rows are not contiguous or evict each other from the
caches, as rows 4 KiB apart do; else it is read where it lies. And b is packed where the first block of rows needs it, a
few panels at a time: those in 256 bytes of a row of b. A panel as wide as that, of AVX-512, is packed only if b leaves
L2 and several blocks read it.

Where tiles would leave registers empty, or b is read only once, other functions do the work: _plan.pyx chooses. With
tiles and for a single row, an element of c is one chain of multiply-adds from p = 0 to k - 1; dot products and split
sums have several. Only shapes and strides decide which it is. (The payload of a NaN may differ: where two NaN meet, x86
keeps that of the first operand, and the compiler chooses the order of operands for each size of tile.)
"""

from libc.stdlib cimport free, malloc
from libc.string cimport memset

from kernels._matrix cimport Matrix, Product, at, copy, finish_rows, transpose
from kernels._plan cimport (
    CHUNK, INNER, MOST_SLICES, PACKED_BYTES, ROW, ROWS, SLICE_BYTES, TILES, Plan, a_bytes, a_row, is_apart,
    is_large, is_symmetric, make_plan, panels, slices, strip,
)
from kernels._simd cimport idx, leaves
from kernels._threads cimport share
from kernels.vectors cimport dot_vectors

cdef extern from "_pages.h" nogil:
    const idx HUGE_PAGE
    void use_huge_pages(void* memory, size_t bytes)


cdef void panel_times(const Plan* plan, idx row, idx rows, idx columns, idx k, Matrix a, Matrix b, Matrix next,
                      Matrix c, bint accumulate) noexcept nogil:
    """c (rows, columns) = a (rows, k) b (k, columns), or +=; its first row is row `row` of the whole.

    For `next` see gemm_panel in simd/leaves.h.
    """
    cdef const leaves* leaf = plan.x.leaf
    cdef bint is_half = is_symmetric(plan)  # what lies right of the diagonal's vector is copied in the end
    cdef idx step = leaf.vector if is_half else rows, i = 0
    while i < rows:
        leaf.gemm_panel(min(step, rows - i), min(columns, row + i + step) if is_half else columns, k,
                        at(a, i, 0, leaf.size).data, a.row, a.column, b.data, b.row, next.data, next.row,
                        at(c, i, 0, leaf.size).data, c.row, accumulate)
        i += step


cdef idx readable(const Plan* plan, idx first, idx k, idx columns, idx width) noexcept nogil:
    """Of the last panel's k rows of b from `first` on, those that can be read as whole vectors, `width` elements.

    A vector may then run into the next row of b; but behind the last rows of b there may be no memory to read.
    """
    cdef idx row = plan.x.b.row
    if row < columns:
        return 0
    return max(0, min(k, plan.x.k - (width - columns + row - 1) // row - first))


cdef void multiply(const Plan* plan, idx row, idx rows, idx column, Matrix a, idx first, idx k, char* packed,
                   bint is_packed) noexcept nogil:
    """c += a b for rows of c, the panel that begins at `column`, and the slice of k that begins at `first`.

    a (rows, k) is this slice of these rows. If is_packed, the slice of the panel is in `packed` already; else it is
    packed there now, where it has to be.
    """
    cdef const leaves* leaf = plan.x.leaf
    cdef bint is_whole = plan.x.n - column >= leaf.panel
    cdef idx columns = leaf.panel if is_whole else plan.x.n - column
    cdef idx width = columns if is_whole else (columns + leaf.vector - 1) // leaf.vector * leaf.vector
    cdef Matrix b = at(plan.x.b, first, column, leaf.size), c = at(plan.x.c, row, column, leaf.size)
    cdef Matrix next = at(b, 0, leaf.panel, leaf.size), none = Matrix(NULL, 0, 0)
    cdef idx done = 0  # rows of b
    if is_packed:
        b, next = Matrix(packed, width, 1), Matrix(packed + k * width * leaf.size, width, 1)
    elif plan.pack_b or width != columns:
        if not plan.pack_b and k >= 2 * rows:  # else one copy of all rows costs less
            done = readable(plan, first, k, columns, width)
        if done > 0:
            panel_times(plan, row, rows, columns, done, a, b, none, c, first > 0)
            if done == k:
                return
            a, b, k = at(a, 0, done, leaf.size), at(b, done, 0, leaf.size), k - done
        if columns < width:
            memset(packed, 0, k * width * leaf.size)
        copy(leaf, b, k, columns, packed, width)
        b = Matrix(packed, width, 1)
    if column + columns == plan.x.n or next.column != 1 or not is_large(&plan.x):
        next = none
    panel_times(plan, row, rows, columns, k, a, b, next, c, first + done > 0)  # the first slice sets c


cdef void block(const Plan* plan, idx row, idx rows, idx left, idx right, idx from_slice, idx to_slice, char* packed,
                bint keep, bint is_packed) noexcept nogil:
    """c += a b for a block of rows, columns left to right - 1, and some slices of k.

    keep: the packed slices of panels stand one behind the other, for the next block; else each takes the same place.
    """
    cdef const leaves* leaf = plan.x.leaf
    cdef idx s, first, k, column, packing, count = slices(&plan.x)
    cdef char* a_copy = packed + plan.buffer_bytes - a_bytes(plan)
    cdef char* panel
    cdef Matrix a
    for s in range(from_slice, to_slice):
        first = plan.x.k * s // count
        k = plan.x.k * (s + 1) // count - first
        a = at(plan.x.a, row, first, leaf.size)
        if plan.pack_a:
            copy(leaf, a, rows, k, a_copy, a_row(&plan.x))
            a = Matrix(a_copy, a_row(&plan.x), 1)
        column = left
        while column < right:
            packing, panel = 0, packed
            if plan.pack_b and plan.x.b.column == 1 and not is_packed:
                packing = min((right - column) // leaf.panel, strip(leaf))
                leaf.pack(packing, k, at(plan.x.b, first, column, leaf.size).data, plan.x.b.row, packed)
            for _ in range(max(packing, 1)):
                multiply(plan, row, rows, column, a, first, k, panel, is_packed or packing > 0)
                column += leaf.panel
                panel += k * leaf.panel * leaf.size
            if keep:
                packed = panel


cdef void tiles(const Plan* plan, idx top, idx bottom, idx left, idx right, char* buffer) noexcept nogil:
    """A rectangle of c: rows top to bottom - 1, columns left to right - 1."""
    cdef const leaves* leaf = plan.x.leaf
    cdef idx blocks = (bottom - top + ROWS - 1) // ROWS, count = slices(&plan.x)
    cdef bint keep = plan.pack_b and blocks > 1
    cdef idx together = count, width = right - left  # slices and columns that are packed before the next block
    cdef idx from_slice = 0, to_slice, from_column, to_column, i, row, rows
    if keep:
        together = min(count, MOST_SLICES)
        width = PACKED_BYTES // (min(plan.x.k * leaf.size, MOST_SLICES * SLICE_BYTES) * leaf.panel) * leaf.panel
    while from_slice < count:
        to_slice, from_column = min(from_slice + together, count), left
        while from_column < right:
            to_column = min(from_column + width, right)
            for i in range(blocks):
                row = top + (bottom - top) * i // blocks
                rows = top + (bottom - top) * (i + 1) // blocks - row
                block(plan, row, rows, from_column, to_column, from_slice, to_slice, buffer, keep, keep and i > 0)
                if to_slice == count:  # this part of c is complete, and still in a cache
                    finish(plan, row, row + rows, from_column, to_column)
            from_column = to_column
        from_slice = to_slice


cdef void finish(const Plan* plan, idx top, idx bottom, idx left, idx right) noexcept nogil:
    """Bring a finished rectangle to the caller's c, and apply the epilogue."""
    cdef idx size = plan.x.leaf.size
    cdef Matrix part = at(plan.x.c, top, left, size), c
    if plan.transposed:
        top, bottom, left, right = left, right, top, bottom
    if is_apart(plan):
        c = at(plan.given.c, top, left, size)
        copy(plan.x.leaf, transpose(part), bottom - top, right - left, c.data, c.row)
    finish_rows(plan.given, top, bottom, left, right)


cdef void rectangle(void* task, int worker, int workers) noexcept nogil:
    """The part of c that one thread computes."""
    cdef const Plan* plan = <const Plan*> task
    cdef const leaves* leaf = plan.x.leaf
    cdef idx down = workers // plan.across, i = worker // plan.across, j = worker % plan.across
    cdef idx top = plan.x.m * i // down, bottom = plan.x.m * (i + 1) // down, count = panels(&plan.x)
    cdef idx left = count * j // plan.across * leaf.panel
    cdef idx right = min(count * (j + 1) // plan.across * leaf.panel, plan.x.n)
    cdef char* buffer = plan.buffer + worker * plan.buffer_bytes
    cdef Matrix a = at(plan.x.a, top, 0, leaf.size), b = at(plan.x.b, 0, left, leaf.size)
    cdef Matrix c = at(plan.x.c, top, left, leaf.size)
    cdef idx first = 0, k
    if top == bottom or left == right:  # more threads than rows or panels
        return
    if plan.method == TILES:
        tiles(plan, top, bottom, left, right, buffer)
        return
    if plan.method == ROW:
        leaf.row_times(right - left, plan.x.k, a.data, a.column, b.data, b.row, c.data)
    elif plan.method == INNER:
        while first < plan.x.k:
            k = min(CHUNK, plan.x.k - first)
            b = at(transpose(plan.x.b), 0, first, leaf.size)
            if b.column != 1:
                copy(leaf, b, plan.x.n, k, buffer, k)
                b = Matrix(buffer, k, 1)
            leaf.inner(bottom - top, plan.x.n, k, at(a, 0, first, leaf.size).data, a.row, b.data, b.row, c.data, c.row,
                       c.column, first > 0)
            first += k
    else:
        leaf.few(plan.x.m, plan.x.n, plan.x.k, a.data, a.row, a.column, b.data, b.row, c.data, c.row)
    finish(plan, top, bottom, left, right)


cdef int gemm(const Product* x, bint pack, bint threads) except -1 nogil:
    """c (m, n) = a (m, k) b (k, n), then the epilogue, for m and n of 1 or more. The columns of c are adjacent.

    Without `pack` the operands are read where they lie, but for a b whose rows are not contiguous.
    """
    cdef idx i, size = x.leaf.size, bytes, apart_bytes = 0, page
    cdef Plan plan
    cdef char* memory = NULL
    if x.k == 0:
        for i in range(x.m):
            memset(at(x.c, i, 0, size).data, 0, x.n * size)
        finish_rows(x, 0, x.m, 0, x.n)
        return 0
    if x.m == 1 and x.n == 1:
        dot_vectors(x, threads)
        finish_rows(x, 0, 1, 0, 1)
        return 0
    make_plan(&plan, x, pack, threads)
    bytes = plan.buffer_bytes * plan.workers
    if is_apart(&plan):
        apart_bytes = x.m * x.n * size
    if bytes + apart_bytes:
        page = HUGE_PAGE if bytes >= HUGE_PAGE else 64
        memory = <char*> malloc(bytes + apart_bytes + page)
        if memory == NULL:
            with gil:
                raise MemoryError(f"a product has no memory to copy {bytes + apart_bytes} bytes of its operands")
        plan.buffer = memory + (-<size_t> memory) % page
        if page == HUGE_PAGE:
            use_huge_pages(plan.buffer, bytes)
    if apart_bytes:
        plan.x.c = Matrix(plan.buffer + bytes, plan.x.n, 1)
    share(rectangle, &plan, plan.workers)
    if is_symmetric(&plan):
        for i in range(x.n - 1):
            copy(x.leaf, transpose(at(x.c, i + 1, i, size)), 1, x.n - 1 - i, at(x.c, i, i + 1, size).data, x.c.row)
    free(memory)
    return 0
