"""The loop nest that walks two inputs and an output of any strides, whole or in ranges for threads."""

cimport numpy as cnp

from kernels._arrays cimport leaves_of
from kernels._simd cimport binary_leaf, end_stream, idx, leaves, stream_bytes
from kernels._threads cimport share, team

cnp.import_array()

cdef double GRAIN = 24576  # elements, see _threads.team

# Tuned on an EPYC (Zen 4, AVX-512), inner sizes 1 to 128.
cdef enum:
    NARROW = 128  # elements up to which a last axis is too short for a leaf's call of its own
    ROWS = 16  # such rows go through a leaf together in multiples of this, whole cache lines of a transposed operand
    BLOCK = 16448  # bytes of them: ROWS of the longest, and no power of two, as two blocks must not alias

# glibc hands out larger blocks as fresh pages: the kernel has just cleared them, and they are in the cache.
cdef idx RECYCLED = 33554432


cdef struct Walk:
    const Nest* nest
    binary_leaf* operation
    const char* x
    const char* y
    char* out
    idx steps
    bint stream


cdef void set_nest(Nest* nest, cnp.ndarray a, cnp.ndarray b, cnp.ndarray c) noexcept:
    cdef int ndim = cnp.PyArray_NDIM(c), axis, at, merged
    cdef idx length, size, sx, sy, so
    nest.leaf = leaves_of(c)
    nest.ndim, size = 0, nest.leaf.size
    for axis in range(ndim):
        length = cnp.PyArray_DIM(c, axis)
        if length == 1:
            continue
        sx = broadcast_stride(a, axis - ndim, size)
        sy = broadcast_stride(b, axis - ndim, size)
        so = cnp.PyArray_STRIDE(c, axis) // size
        at = nest.ndim  # insertion sort: the output's largest stride first
        while at > 0 and abs(nest.out[at - 1]) < abs(so):
            nest.shape[at], nest.x[at] = nest.shape[at - 1], nest.x[at - 1]
            nest.y[at], nest.out[at] = nest.y[at - 1], nest.out[at - 1]
            at -= 1
        nest.shape[at], nest.x[at], nest.y[at], nest.out[at] = length, sx, sy, so
        nest.ndim += 1
    if nest.ndim == 0:
        nest.ndim, nest.shape[0], nest.x[0], nest.y[0], nest.out[0] = 1, 1, 0, 0, 1
    merged = 0
    for axis in range(1, nest.ndim):
        length = nest.shape[axis]
        if (nest.x[merged] == nest.x[axis] * length and nest.y[merged] == nest.y[axis] * length
                and nest.out[merged] == nest.out[axis] * length):
            length *= nest.shape[merged]
        else:
            merged += 1
        nest.shape[merged], nest.x[merged] = length, nest.x[axis]
        nest.y[merged], nest.out[merged] = nest.y[axis], nest.out[axis]
    nest.ndim = merged + 1
    nest.unit = 1
    if merged > 0 and nest.shape[merged] <= NARROW:
        nest.unit = nest.shape[merged]
        at = merged - 1
        if nest.shape[at] * nest.unit < NARROW:  # the longest axis goes there
            for axis in range(merged - 1):
                if nest.shape[axis] > nest.shape[at]:
                    at = axis
            nest.shape[at], nest.shape[merged - 1] = nest.shape[merged - 1], nest.shape[at]
            nest.x[at], nest.x[merged - 1] = nest.x[merged - 1], nest.x[at]
            nest.y[at], nest.y[merged - 1] = nest.y[merged - 1], nest.y[at]
            nest.out[at], nest.out[merged - 1] = nest.out[merged - 1], nest.out[at]


cdef inline idx broadcast_stride(cnp.ndarray a, int axis, idx size) noexcept:
    """Stride in elements of an axis counted from the end; 0 where a is broadcast."""
    axis += cnp.PyArray_NDIM(a)
    return 0 if axis < 0 or cnp.PyArray_DIM(a, axis) == 1 else cnp.PyArray_STRIDE(a, axis) // size


cdef const char* adjacent(const leaves* leaf, const char* x, idx row, idx column, idx m, idx n,
                          char* space) noexcept nogil:
    """x (m, n) as m n elements in one piece: itself, or a copy in space."""
    if column == 1 and row == n:
        return x
    leaf.copy(m, n, x, row, column, space, n, 1)
    return space


cdef void run_rows(const Walk* w, idx first, idx m) noexcept nogil:
    """m rows of the last axis, which is short, from row `first` on: as many as fit a block become one long row."""
    cdef const Nest* nest = w.nest
    cdef int last = nest.ndim - 1, walked = last - 1
    cdef const leaves* leaf = nest.leaf
    cdef idx n = nest.unit, size = leaf.size, block = BLOCK // (n * size) // ROWS * ROWS, i = 0, rows
    cdef idx step_x = nest.x[walked] * size, step_y = nest.y[walked] * size, step_out = nest.out[walked] * size
    cdef bint direct = nest.out[last] == 1 and nest.out[walked] == n
    cdef const char* x = w.x + first * step_x
    cdef const char* y = w.y + first * step_y
    cdef char* out = w.out + first * step_out
    cdef bint same = x == y and nest.x[last] == nest.y[last] and step_x == step_y
    cdef char space[3][BLOCK]
    cdef const char* a = NULL
    cdef const char* b = NULL
    cdef char* to
    while i < m:
        rows = min(block, m - i)
        if i == 0 or step_x:  # a row that repeats is there already
            a = adjacent(leaf, x + i * step_x, nest.x[walked], nest.x[last], rows, n, space[0])
        if same:
            b = a
        elif i == 0 or step_y:
            b = adjacent(leaf, y + i * step_y, nest.y[walked], nest.y[last], rows, n, space[1])
        to = out + i * step_out if direct else space[2]
        w.operation(a, 1, b, 1, to, 1, rows * n, w.stream and direct)
        if not direct:
            leaf.copy(rows, n, to, n, 1, out + i * step_out, nest.out[walked], nest.out[last])
        i += rows


cdef void run_part(void* task, int worker, int workers) noexcept nogil:
    """Some of the steps, counted in the nest's order: whole lines of steps, and parts of the first and last one."""
    cdef Walk w = (<const Walk*> task)[0]
    cdef const Nest* nest = w.nest
    cdef idx part = (w.steps // workers + ROWS) // ROWS * ROWS  # threads write to cache lines of their own
    cdef idx start = min(worker * part, w.steps), stop = min(start + part, w.steps)
    cdef int walked = nest.ndim - 1 - (nest.unit > 1), axis
    cdef idx size = nest.leaf.size, length = nest.shape[walked], line = start // length, column = start % length, n
    cdef idx at[MOST_AXES]
    for axis in range(walked - 1, -1, -1):
        at[axis] = line % nest.shape[axis]
        line //= nest.shape[axis]
        w.x += at[axis] * nest.x[axis] * size
        w.y += at[axis] * nest.y[axis] * size
        w.out += at[axis] * nest.out[axis] * size
    while start < stop:
        n = min(length - column, stop - start)
        if nest.unit == 1:
            w.operation(w.x + column * nest.x[walked] * size, nest.x[walked], w.y + column * nest.y[walked] * size,
                        nest.y[walked], w.out + column * nest.out[walked] * size, nest.out[walked], n, w.stream)
        else:
            run_rows(&w, column, n)
        start += n
        column = 0
        axis = walked - 1
        while axis >= 0:  # the next line, as an odometer counts
            at[axis] += 1
            w.x += nest.x[axis] * size
            w.y += nest.y[axis] * size
            w.out += nest.out[axis] * size
            if at[axis] < nest.shape[axis]:
                break
            at[axis] = 0
            w.x -= nest.shape[axis] * nest.x[axis] * size
            w.y -= nest.shape[axis] * nest.y[axis] * size
            w.out -= nest.shape[axis] * nest.out[axis] * size
            axis -= 1
    if w.stream:
        end_stream()


cdef idx moved(const Nest* nest, idx n, bint unary) noexcept nogil:
    """Elements read and written; what is broadcast along an axis is read from a cache."""
    cdef bint whole_x = True, whole_y = not unary
    cdef int axis
    for axis in range(nest.ndim):
        whole_x = whole_x and nest.x[axis] != 0
        whole_y = whole_y and nest.y[axis] != 0
    return n * (1 + whole_x + whole_y)


cdef void run(const Nest* nest, binary_leaf* operation, cnp.ndarray a, cnp.ndarray b, cnp.ndarray c, bint fresh,
              bint past_caches, bint threads) noexcept:
    """c = operation(a, b). past_caches: write so where it pays; fresh: nobody has written c before."""
    cdef idx size = nest.leaf.size, n = cnp.PyArray_SIZE(c)
    cdef Walk walk = Walk(nest, operation, cnp.PyArray_BYTES(a), cnp.PyArray_BYTES(b), cnp.PyArray_BYTES(c),
                          n // nest.unit, False)
    walk.stream = (past_caches and nest.out[nest.ndim - 1] == 1 and walk.out != walk.x and walk.out != walk.y
                   and not (fresh and n * size > RECYCLED)
                   and moved(nest, n, walk.x == walk.y) * size > stream_bytes())
    with nogil:
        share(run_part, &walk, team(n, GRAIN) if threads else 1)
