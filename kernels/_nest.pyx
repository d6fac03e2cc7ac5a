"""The loop nest that walks two inputs and an output of any strides, whole or in ranges for threads."""

cimport numpy as cnp
from cython.parallel cimport prange

from kernels._simd cimport binary_leaf, end_stream, idx, simd
from kernels._threads cimport home, spread, team

cnp.import_array()

# Elements per thread below which waking a second thread costs more than it saves (hot libgomp region, 2-core
# Xeon with AVX-512, float32 add).
cdef double GRAIN = 16384

# glibc hands out larger blocks as fresh pages: the kernel has just cleared them, and they are in the cache.
cdef idx RECYCLED = 33554432


cdef void set_nest(Nest* nest, cnp.ndarray a, cnp.ndarray b, cnp.ndarray c) noexcept:
    cdef int ndim = cnp.PyArray_NDIM(c), axis, at, merged
    cdef idx length, size = cnp.PyArray_ITEMSIZE(c), sx, sy, so
    nest.ndim = 0
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


cdef inline idx broadcast_stride(cnp.ndarray a, int axis, idx size) noexcept:
    """Stride in elements of an axis counted from the end; 0 where a is broadcast."""
    axis += cnp.PyArray_NDIM(a)
    return 0 if axis < 0 or cnp.PyArray_DIM(a, axis) == 1 else cnp.PyArray_STRIDE(a, axis) // size


cdef void run_range(const Nest* nest, binary_leaf* leaf, const char* x, const char* y, char* out, idx size,
                    idx start, idx stop, bint stream) noexcept nogil:
    """Elements start to stop, counted in the nest's order: whole rows, and parts of the first and last one."""
    cdef int last = nest.ndim - 1, axis
    cdef idx inner = nest.shape[last], row = start // inner, column = start % inner, n
    cdef idx at[MOST_AXES]
    for axis in range(last - 1, -1, -1):
        at[axis] = row % nest.shape[axis]
        row //= nest.shape[axis]
        x += at[axis] * nest.x[axis] * size
        y += at[axis] * nest.y[axis] * size
        out += at[axis] * nest.out[axis] * size
    while start < stop:
        n = min(inner - column, stop - start)
        leaf(x + column * nest.x[last] * size, nest.x[last], y + column * nest.y[last] * size, nest.y[last],
             out + column * nest.out[last] * size, nest.out[last], n, stream)
        start += n
        column = 0
        axis = last - 1
        while axis >= 0:  # the next row, as an odometer counts
            at[axis] += 1
            x += nest.x[axis] * size
            y += nest.y[axis] * size
            out += nest.out[axis] * size
            if at[axis] < nest.shape[axis]:
                break
            at[axis] = 0
            x -= nest.shape[axis] * nest.x[axis] * size
            y -= nest.shape[axis] * nest.y[axis] * size
            out -= nest.shape[axis] * nest.out[axis] * size
            axis -= 1
    if stream:
        end_stream()


cdef idx moved(const Nest* nest, idx n, bint unary) noexcept nogil:
    """Elements read and written; what is broadcast along an axis is read from a cache."""
    cdef bint whole_x = True, whole_y = not unary
    cdef int axis
    for axis in range(nest.ndim):
        whole_x = whole_x and nest.x[axis] != 0
        whole_y = whole_y and nest.y[axis] != 0
    return n * (1 + whole_x + whole_y)


cdef void run(const Nest* nest, binary_leaf* leaf, cnp.ndarray a, cnp.ndarray b, cnp.ndarray c, bint threads,
              bint fresh) noexcept:
    cdef const char* x = cnp.PyArray_BYTES(a)
    cdef const char* y = cnp.PyArray_BYTES(b)
    cdef char* out = cnp.PyArray_BYTES(c)
    cdef idx size = cnp.PyArray_ITEMSIZE(c), n = cnp.PyArray_SIZE(c), share
    cdef bint stream
    cdef int t, workers = team(n, GRAIN) if threads else 1, caller = home()
    stream = not (fresh and n * size > RECYCLED) and nest.out[nest.ndim - 1] == 1 and out != x and out != y and (
        moved(nest, n, x == y) * size > simd[size == 8].stream_bytes)
    with nogil:
        if workers == 1:
            run_range(nest, leaf, x, y, out, size, 0, n, stream)
        else:
            share = (n // workers + 64) // 64 * 64  # threads write to cache lines of their own
            for t in prange(workers, num_threads=workers, schedule="static", chunksize=1):
                spread(caller)
                run_range(nest, leaf, x, y, out, size, min(t * share, n), min((t + 1) * share, n), stream)
