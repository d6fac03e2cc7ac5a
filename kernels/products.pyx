"""Products: dot for vectors, matrices and stacks of matrices, and the fused dense layer.

`product` brings any shapes down to one matrix product c (m, n) = a (m, k) b (k, n) with strides; a rung says how
that is computed: loop orders `ijp`, with `sums` that do not wait, and `ipj`, that in vectors (`simd`, simd/ipj.inc),
`tiled` (simd/tiled.inc), `blocked` and `packed` (gemm.pyx), `parallel` (packed, threads), and the operation itself,
which skips zeros where x holds many (sparse.pyx).
"""

cimport numpy as cnp
from cython cimport floating
from libc.stdlib cimport calloc, free

from kernels._arrays cimport as_double, as_float, check_out, fits, leaves_of, overlaps
from kernels._matrix cimport Epilogue, Matrix, Product, copy, finish_rows, matrix
from kernels._simd cimport idx, leaves
from kernels.gemm cimport gemm
from kernels.sparse cimport Sparse, has_many_zeros, multiply, prepare

import numpy as np

cnp.import_array()

cdef enum:
    SMALL = 32768  # multiply-adds that are done before another Python thread could have started

cdef idx MOST_TERMS = <idx> 1 << 35  # of a sum: k times the number of its slices overflows beyond

cdef enum Rung:
    IJP
    SUMS
    IPJ
    SIMD
    TILED
    BLOCKED
    PACKED
    PARALLEL
    SPARSE

ctypedef void Loops(idx m, idx n, idx k, const void* a, idx ra, idx ca, const void* b, idx rb, idx cb, void* c,
                    idx rc) noexcept nogil


cdef void loop_ijp(idx m, idx n, idx k, const floating* a, idx ra, idx ca, const floating* b, idx rb, idx cb,
                   floating* c, idx rc) noexcept nogil:
    cdef idx i, j, p
    cdef floating sum
    for i in range(m):
        for j in range(n):
            sum = 0
            for p in range(k):  # walks down a column of b: a new cache line at each step
                sum += a[i * ra + p * ca] * b[p * rb + j * cb]
            c[i * rc + j] = sum


cdef void loop_sums(idx m, idx n, idx k, const floating* a, idx ra, idx ca, const floating* b, idx rb, idx cb,
                    floating* c, idx rc) noexcept nogil:
    cdef idx i, j, p
    cdef floating sum_0, sum_1, sum_2, sum_3
    for i in range(m):
        for j in range(n):
            sum_0 = sum_1 = sum_2 = sum_3 = 0
            for p in range(0, k - 3, 4):  # an addition waits for the fourth one before it, not for the last
                sum_0 += a[i * ra + p * ca] * b[p * rb + j * cb]
                sum_1 += a[i * ra + (p + 1) * ca] * b[(p + 1) * rb + j * cb]
                sum_2 += a[i * ra + (p + 2) * ca] * b[(p + 2) * rb + j * cb]
                sum_3 += a[i * ra + (p + 3) * ca] * b[(p + 3) * rb + j * cb]
            for p in range(k - k % 4, k):
                sum_0 += a[i * ra + p * ca] * b[p * rb + j * cb]
            c[i * rc + j] = sum_0 + sum_1 + (sum_2 + sum_3)


cdef void loop_ipj(idx m, idx n, idx k, const floating* a, idx ra, idx ca, const floating* b, idx rb, idx cb,
                   floating* c, idx rc) noexcept nogil:
    cdef idx i, j, p
    cdef floating a_ip
    for i in range(m):
        for j in range(n):
            c[i * rc + j] = 0
        for p in range(k):
            a_ip = a[i * ra + p * ca]
            for j in range(n):  # along rows of b and c: whole cache lines, and no addition waits for the last
                c[i * rc + j] += a_ip * b[p * rb + j * cb]


cdef Loops* loops(Rung rung, bint is_double) noexcept nogil:
    if rung == IJP:
        return <Loops*> loop_ijp[double] if is_double else <Loops*> loop_ijp[float]
    if rung == SUMS:
        return <Loops*> loop_sums[double] if is_double else <Loops*> loop_sums[float]
    return <Loops*> loop_ipj[double] if is_double else <Loops*> loop_ipj[float]


cdef int tiled(const Product* x) except -1 nogil:
    """c = a b by tiles of whole vectors: a copy of b serves where they do not fit, with columns of zeros at its end."""
    cdef const leaves* leaf = x.leaf
    cdef idx m = x.m, k = x.k, width = (x.n + leaf.vector - 1) // leaf.vector * leaf.vector
    cdef char* memory
    cdef Matrix a = x.a, b = x.b, c = x.c, wide
    if b.column == 1 and x.n == width:
        leaf.tiled(m, width, k, a.data, a.row, a.column, b.data, b.row, c.data, c.row)
        return 0
    memory = <char*> calloc(k + m, width * leaf.size)
    if memory == NULL:
        with gil:
            raise MemoryError(f"a product has no memory to copy {k + m} rows of {width * leaf.size} bytes")
    wide = Matrix(memory + k * width * leaf.size, width, 1)
    copy(leaf, b, k, x.n, memory, width)
    leaf.tiled(m, width, k, a.data, a.row, a.column, memory, width, wide.data, width)
    copy(leaf, wide, m, x.n, c.data, c.row)
    free(memory)
    return 0


cdef int compute(const Product* x, Rung rung) except -1 nogil:
    cdef Matrix a = x.a, b = x.b, c = x.c
    cdef Sparse sparse
    if rung == SPARSE and has_many_zeros(x) and prepare(&sparse, x, NULL) and multiply(&sparse):
        return 0
    if rung >= BLOCKED:
        return gemm(x, rung >= PACKED, rung >= PARALLEL)
    if rung == TILED:
        tiled(x)
    elif rung == SIMD and b.column == 1:
        x.leaf.ipj(x.m, x.n, x.k, a.data, a.row, a.column, b.data, b.row, c.data, c.row)
    else:
        loops(rung, x.leaf.size == sizeof(double))(
            x.m, x.n, x.k, a.data, a.row, a.column, b.data, b.row, b.column, c.data, c.row)
    finish_rows(x, 0, x.m, 0, x.n)
    return 0


cdef object product(object x, object y, object bias, bint relu, object out, Rung rung, str right="y"):
    """out (..., n) = x (..., k) y (k, n), or without the n when y is a vector; then the epilogue."""
    cdef cnp.ndarray a = as_float(x, "x"), b = as_float(y, right), c = None, v = None
    cdef int kind = cnp.PyArray_TYPE(a), ndim, axis
    cdef int a_axes = cnp.PyArray_NDIM(a), b_axes = cnp.PyArray_NDIM(b)
    cdef cnp.npy_intp dims[64]
    cdef idx m = 1, n = 1, k
    cdef Epilogue end = Epilogue(NULL, relu)
    cdef Product task
    if bias is not None:
        v = as_float(bias, "b")
    if kind != cnp.PyArray_TYPE(b) or v is not None and kind != cnp.PyArray_TYPE(v):
        kind = cnp.NPY_FLOAT64  # NumPy's promotion
        a, b, v = as_double(a), as_double(b), None if v is None else as_double(v)
    if a_axes == 0 or not 1 <= b_axes <= 2:
        raise ValueError(f"dot takes x of one or more axes and y of one or two, not shapes "
                         f"{(<object> a).shape} and {(<object> b).shape}")
    k = cnp.PyArray_DIM(b, 0)
    if cnp.PyArray_DIM(a, a_axes - 1) != k:
        shapes = f"{(<object> a).shape} and {(<object> b).shape}".replace(", ", ",")
        raise ValueError(f"shapes {shapes} not aligned: {cnp.PyArray_DIM(a, a_axes - 1)} (dim {a_axes - 1}) "
                         f"!= {k} (dim 0)")
    if k > MOST_TERMS:
        raise ValueError(f"dot adds up to {MOST_TERMS} products, not {k}")
    ndim = a_axes - 1
    for axis in range(ndim):
        dims[axis] = cnp.PyArray_DIM(a, axis)
        m *= dims[axis]
    if b_axes == 2:
        dims[ndim] = n = cnp.PyArray_DIM(b, 1)
        ndim += 1
    if a_axes > 2:  # a view, where the leading axes can be walked as one
        a = (<object> a).reshape(m, k)
    if v is not None:
        if cnp.PyArray_NDIM(v) != 1 or cnp.PyArray_DIM(v, 0) != n:
            raise ValueError(f"b has shape {(<object> v).shape}, dense adds a vector of shape ({n},)")
        v = np.ascontiguousarray(v)
        end.bias = cnp.PyArray_BYTES(v)

    if out is not None:
        if fits(out, ndim, dims, kind):
            if not (overlaps(out, a) or overlaps(out, b) or v is not None and overlaps(out, v)):
                c = out
        else:
            check_out(out, ndim, dims, kind)
    if c is None:
        c = cnp.PyArray_EMPTY(ndim, dims, kind, 0)
    task.m, task.n, task.k, task.end, task.leaf = m, n, k, end, leaves_of(a)
    task.a, task.b, task.c = matrix(a, False), matrix(b, True), Matrix(cnp.PyArray_BYTES(c), n, 1)
    if m * n * k > SMALL:
        with nogil:
            compute(&task, rung)
    elif m and n:
        compute(&task, rung)
    if out is None:
        return c if ndim else cnp.PyArray_ToScalar(cnp.PyArray_DATA(c), c)  # NumPy gives a scalar
    if c is not out:
        np.copyto(out, c)
    return out


cdef bint is_relu(object activation) except -1:
    if activation is not None and not (isinstance(activation, str) and activation == "relu"):
        raise ValueError(f"activation is None or 'relu', not {activation!r}")
    return activation is not None


def dot_ijp(x, y, out=None):
    """x . y by inner products: the naive loops with C types."""
    return product(x, y, None, False, out, IJP)


def dot_sums(x, y, out=None):
    """x . y by inner products, each in four sums that do not wait for one another."""
    return product(x, y, None, False, out, SUMS)


def dot_ipj(x, y, out=None):
    """x . y with the inner loop along rows of y and out, which are contiguous."""
    return product(x, y, None, False, out, IPJ)


def dot_simd(x, y, out=None):
    """x . y by the loops of dot_ipj, the inner one in this CPU's widest vectors where rows of y are contiguous."""
    return product(x, y, None, False, out, SIMD)


def dot_tiled(x, y, out=None):
    """x . y with a tile of out in registers, x and y read where they lie."""
    return product(x, y, None, False, out, TILED)


def dot_blocked(x, y, out=None):
    """x . y in blocks that fit the caches, read where they lie, a tile of out in this CPU's registers; one thread."""
    return product(x, y, None, False, out, BLOCKED)


def dot_packed(x, y, out=None):
    """x . y in blocks, those of y packed, and those of x where their rows would evict each other; one thread."""
    return product(x, y, None, False, out, PACKED)


def dot_parallel(x, y, out=None):
    """x . y in packed blocks, rectangles of out shared out among threads."""
    return product(x, y, None, False, out, PARALLEL)


def dot(x, y, out=None):
    """Sum over x's last and y's first axis: (d,) . (d,) -> scalar; (..., d) . (d,) -> (...);
    (..., d) . (d, e) -> (..., e).

    float32 or float64, any strides; a transposed matrix is never copied as a whole. The bits do not depend on the
    number of threads. `out` takes the result and is returned; it may overlap x or y. Raises TypeError for other types,
    ValueError for shapes that are not aligned, or more than 2**35 terms of a sum.
    """
    return product(x, y, None, False, out, SPARSE)


def dense_ijp(x, w, b=None, activation=None, out=None):
    """activation(x . w + b) with the loops of dot_ijp, one thread."""
    return product(x, w, b, is_relu(activation), out, IJP, "w")


def dense_ipj(x, w, b=None, activation=None, out=None):
    """activation(x . w + b) with the loops of dot_ipj, one thread."""
    return product(x, w, b, is_relu(activation), out, IPJ, "w")


def dense_simd(x, w, b=None, activation=None, out=None):
    """activation(x . w + b) with the loops of dot_simd, one thread."""
    return product(x, w, b, is_relu(activation), out, SIMD, "w")


def dense_tiled(x, w, b=None, activation=None, out=None):
    """activation(x . w + b) in the tiles of dot_tiled, one thread."""
    return product(x, w, b, is_relu(activation), out, TILED, "w")


def dense_blocked(x, w, b=None, activation=None, out=None):
    """activation(x . w + b), blocked; bias and relu go over each block while it is in the cache; one thread."""
    return product(x, w, b, is_relu(activation), out, BLOCKED, "w")


def dense_packed(x, w, b=None, activation=None, out=None):
    """activation(x . w + b), blocked, w packed; one thread."""
    return product(x, w, b, is_relu(activation), out, PACKED, "w")


def dense_parallel(x, w, b=None, activation=None, out=None):
    """activation(x . w + b) in packed blocks, rectangles of out shared out among threads."""
    return product(x, w, b, is_relu(activation), out, PARALLEL, "w")


def dense(x, w, b=None, activation=None, out=None):
    """activation(x . w + b) in one fused pass: x (..., d), w (d, e), b (e,) or None -> (..., e).

    activation: None or "relu". The same bits as relu(add(dot(x, w), b)), but for the payload of NaN. Types, out and
    errors: see dot.
    """
    return product(x, w, b, is_relu(activation), out, SPARSE, "w")
