"""The blocked matrix product: c (m, n) = a (m, k) b (k, n).

The scheme of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), but a is read where it
lies, through its strides, unless its rows alias in the caches (`pack_a`). Each thread has a rectangle of c to itself
and meets the others only at the end. It cuts k into slices and its columns into panels as wide as the register tile; a
leaf multiplies a block of rows by a slice of a panel, with a tile of c in registers, and packs the slice while it reads
it for the first time.

Where a tile of registers would stay half empty, or b is read only once, other leaves do the work: see _plan.pyx. By
tiles and by rows, an element of c is one chain of multiply-adds from p = 0 to k - 1; dot products and split sums have
several. Which it is depends on shapes and strides alone, never on threads. Only the payload of a NaN does: where two
meet, x86 keeps the first operand's, and the compiler orders operands anew for each size of tile.
"""

from cython.parallel cimport prange
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from kernels._matrix cimport Epilogue, Matrix, at, copy, finish_rows, turned
from kernels._plan cimport (
    CHUNK, MOST_SLICES, PACKED_BYTES, ROW, ROWS, SPLIT, TILES, Plan, a_bytes, make_plan,
)
from kernels._simd cimport idx, leaves, simd
from kernels._threads cimport home, spread
from kernels.vectors cimport dot_vectors


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
    cdef idx rest = 0, i = 0
    if is_packed:
        b, next = Matrix(packed, width, 1), Matrix(packed + plan.slice_bytes, width, 1)
    elif not (plan.direct and width == columns):
        if b.column == 1 and columns == leaf.panel and rows >= leaf.tile_rows and not plan.symmetric:  # which has parts
            packing = packed
        else:
            # what follows a row may be read, but for the last rows
            if plan.direct and k >= 2 * rows and b.row >= columns:
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
    if plan.symmetric:  # up to the vector on the diagonal
        width = leaf.vector
        while i < rows:
            leaf.gemm_panel(min(width, rows - i), min(columns, row + i + width), k, at(a, i, 0, plan.size).data, a.row,
                            a.column, b.data, b.row, NULL, NULL, 0, at(c, i, 0, plan.size).data, c.row,
                            slice > 0 or rest > 0)
            i += width
        return
    leaf.gemm_panel(rows, columns, k, a.data, a.row, a.column, b.data, b.row, packing, next.data, next.row,
                    c.data, c.row, slice > 0 or rest > 0)


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


cdef int gemm(idx m, idx n, idx k, Matrix a, Matrix b, Matrix c, Epilogue end, bint is_double,
              bint threads) except -1 nogil:
    """c (m, n) = a (m, k) b (k, n), then the epilogue. c's columns are adjacent; m and n are 1 or more."""
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
    make_plan(&plan, m, n, k, a, b, c, end, is_double, threads)
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
    if plan.symmetric:
        for i in range(n - 1):
            copy(turned(at(c, i + 1, i, size)), 1, n - 1 - i, at(c, i, i + 1, size).data, c.row, is_double)
    free(memory)
    return 0
