"""Softmax over the last axis, alone and fused with cross-entropy."""

cimport numpy as cnp
from cython cimport floating
from cython.parallel cimport prange
from libc.math cimport exp
from libc.stdint cimport int64_t

from kernels._arrays cimport as_float, check_out, overlaps
from kernels._simd cimport idx, leaves, simd
from kernels._threads cimport team

import numpy as np

cnp.import_array()

cdef double GRAIN = 8192  # elements per thread that pay for waking it (an exponential each)
cdef idx BLOCK = 4096     # elements whose exponentials run in one go and stay in L1


cdef enum Rung:
    TYPED
    SIMD
    PARALLEL


cdef void loop_rows(const floating* x, floating* out, idx m, idx n) noexcept nogil:
    """The naive loops with C types."""
    cdef idx i, j
    cdef floating top, sum
    for i in range(m):
        top = x[i * n]
        for j in range(1, n):
            top = max(top, x[i * n + j])
        sum = 0
        for j in range(n):
            out[i * n + j] = <floating> exp(x[i * n + j] - top)
            sum += out[i * n + j]
        for j in range(n):
            out[i * n + j] /= sum


cdef object rows_softmax(object x, object out, Rung rung):
    cdef cnp.ndarray a = as_float(x, "x"), c
    cdef bint is_double = cnp.PyArray_TYPE(a) == cnp.NPY_FLOAT64
    cdef idx size = cnp.PyArray_ITEMSIZE(a), m, n, rows, t, blocks
    cdef char* source
    cdef char* to
    cdef const leaves* leaf = &simd[is_double]
    cdef int workers
    if cnp.PyArray_NDIM(a) == 0:
        raise ValueError("softmax runs over the last axis, and x has none; write softmax(x[None])")
    a = np.ascontiguousarray(a)
    if out is None:
        c = np.empty((<object> a).shape, (<object> a).dtype)
    else:
        check_out(out, cnp.PyArray_NDIM(a), cnp.PyArray_DIMS(a), cnp.PyArray_TYPE(a))
        c = out
        if not cnp.PyArray_ISCARRAY(c) or overlaps(c, a):
            c = np.empty_like(a)
    n = cnp.PyArray_DIM(a, cnp.PyArray_NDIM(a) - 1)
    if cnp.PyArray_SIZE(a):
        m = cnp.PyArray_SIZE(a) // n
        source, to = cnp.PyArray_BYTES(a), cnp.PyArray_BYTES(c)
        rows = max(BLOCK // n, 1)
        blocks = (m + rows - 1) // rows
        workers = team(<double> m * n, GRAIN) if rung == PARALLEL else 1
        with nogil:
            if rung == TYPED:
                if is_double:
                    loop_rows(<double*> source, <double*> to, m, n)
                else:
                    loop_rows(<float*> source, <float*> to, m, n)
            else:
                for t in prange(blocks, num_threads=workers, schedule="static", use_threads_if=workers > 1):
                    leaf.softmax(source + t * rows * n * size, to + t * rows * n * size, min(rows, m - t * rows), n)
    if out is None:
        return c
    if c is not out:
        np.copyto(out, c)
    return out


def softmax_typed(x, out=None):
    """exp(x) / sum of exp(x): the naive loops with C types, one thread."""
    return rows_softmax(x, out, TYPED)


def softmax_simd(x, out=None):
    """exp(x) / sum of exp(x): exponentials of many rows at once, in vectors; one thread."""
    return rows_softmax(x, out, SIMD)


def softmax(x, out=None):
    """exp(x - max) / sum of exp(x - max) over the last axis: (..., n) -> (..., n).

    float32 or float64. Subtracting each row's maximum keeps exp from overflowing and changes nothing else. A row
    with NaN or +inf, or of -inf alone, gives NaN. `out` takes the result and is returned; it may be x. Raises
    TypeError for other types, ValueError for an x without axes or an out of another shape.
    """
    return rows_softmax(x, out, PARALLEL)


def softmax_cross_entropy(logits, targets):
    """-sum target log softmax(logits) per row, and its gradient, in one pass: (m, n), targets -> (m,), (m, n).

    targets are integer labels (m,) from 0 to n - 1, or distributions (m, n) of the logits' type. The gradient with
    respect to the logits is softmax(logits) * sum(target) - target. Raises TypeError for other types, ValueError
    for other shapes and for labels out of range.
    """
    cdef cnp.ndarray x = np.ascontiguousarray(as_float(logits, "logits")), t, losses, grad
    cdef bint is_double = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT64, labels
    cdef const leaves* leaf = &simd[is_double]
    cdef idx size = cnp.PyArray_ITEMSIZE(x), m, n, rows, i, blocks
    cdef const char* source
    cdef const char* target
    cdef char* loss
    cdef char* slope
    cdef int workers
    if cnp.PyArray_NDIM(x) != 2 or cnp.PyArray_DIM(x, 1) == 0:
        raise ValueError(f"logits are (rows, classes) with one class or more, not {(<object> x).shape}")
    m, n = cnp.PyArray_DIM(x, 0), cnp.PyArray_DIM(x, 1)
    t = np.asarray(targets)
    labels = (<object> t).dtype.kind in "iu"
    if (<object> t).shape != (<object> x).shape[:1 if labels else 2]:
        raise ValueError(f"targets have shape {(<object> t).shape}; logits {(<object> x).shape} take integer labels "
                         f"({m},) or distributions ({m}, {n})")
    if labels:
        t = (<object> t).copy()  # another thread may write the caller's labels after the check
        if m and not 0 <= t.min() <= t.max() < n:
            wrong = (<object> t)[((<object> t) < 0) | ((<object> t) >= n)][0]
            raise ValueError(f"label {wrong} is outside of the valid range [0, {n})")
        t = np.ascontiguousarray(t, np.int64)
    else:
        t = np.ascontiguousarray(as_float(t, "targets"))
        if cnp.PyArray_TYPE(t) != cnp.PyArray_TYPE(x):
            raise TypeError(f"targets are {(<object> t).dtype}, logits are {(<object> x).dtype}; "
                            f"convert one: targets.astype(np.{(<object> x).dtype})")
    losses, grad = np.empty(m, (<object> x).dtype), np.empty_like(x)
    source, target = cnp.PyArray_BYTES(x), cnp.PyArray_BYTES(t)
    loss, slope = cnp.PyArray_BYTES(losses), cnp.PyArray_BYTES(grad)
    rows = max(BLOCK // n, 1)
    blocks = (m + rows - 1) // rows
    workers = team(<double> m * n, GRAIN)
    with nogil:
        for i in prange(blocks, num_threads=workers, schedule="static", use_threads_if=workers > 1):
            if labels:
                leaf.cross_entropy_labels(source + i * rows * n * size, <const int64_t*> target + i * rows,
                                          loss + i * rows * size, slope + i * rows * n * size,
                                          min(rows, m - i * rows), n)
            else:
                leaf.cross_entropy_rows(source + i * rows * n * size, target + i * rows * n * size,
                                        loss + i * rows * size, slope + i * rows * n * size,
                                        min(rows, m - i * rows), n)
    return losses, grad
