"""Softmax over the last axis, alone and fused with cross-entropy."""

cimport numpy as cnp
from cython cimport floating
from libc.math cimport exp
from libc.stdint cimport int64_t

from kernels._arrays cimport as_array, as_float, check_out, leaves_of, overlaps, refuse_masked
from kernels._simd cimport idx, leaves
from kernels._threads cimport share, team

import numpy as np

cnp.import_array()

cdef double GRAIN = 4096  # elements (an exponential each), see _threads.team
cdef idx BLOCK = 4096  # elements whose exponentials run in one go and stay in L1


cdef enum Rung:
    TYPED
    SIMD
    BATCHED
    PARALLEL


cdef enum Kind:
    SOFTMAX
    LABELS         # cross-entropy with integer labels
    DISTRIBUTIONS  # cross-entropy with a distribution per row


cdef struct Rows:
    Kind kind
    const leaves* leaf  # those of x's type
    idx m, n, step  # rows, their length, and how many of them go through a leaf together
    const char* x
    const char* targets
    char* losses
    char* out  # softmax, or the gradient of the loss


cdef void run_part(void* task, int worker, int workers) noexcept nogil:
    cdef const Rows* r = <const Rows*> task
    cdef const leaves* leaf = r.leaf
    cdef idx m, row = r.n * leaf.size, first = r.m * worker // workers, stop = r.m * (worker + 1) // workers
    while first < stop:
        m = min(r.step, stop - first)
        if r.kind == SOFTMAX:
            leaf.softmax(r.x + first * row, r.out + first * row, m, r.n)
        elif r.kind == LABELS:
            leaf.cross_entropy_labels(r.x + first * row, <const int64_t*> r.targets + first,
                                      r.losses + first * leaf.size, r.out + first * row, m, r.n)
        else:
            leaf.cross_entropy_rows(r.x + first * row, r.targets + first * row,
                                    r.losses + first * leaf.size, r.out + first * row, m, r.n)
        first += m


cdef void run(Rows* r, bint threads) noexcept nogil:
    share(run_part, r, min(team(<double> r.m * r.n, GRAIN), r.m) if threads else 1)


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
    cdef idx n
    cdef Rows r
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
        r.kind, r.leaf, r.m, r.n = SOFTMAX, leaves_of(a), cnp.PyArray_SIZE(a) // n, n
        r.x, r.out, r.step = cnp.PyArray_BYTES(a), cnp.PyArray_BYTES(c), max(BLOCK // n, 1) if rung > SIMD else 1
        if rung != TYPED:
            with nogil:
                run(&r, rung == PARALLEL)
        elif r.leaf.size == sizeof(double):
            loop_rows(<double*> r.x, <double*> r.out, r.m, n)
        else:
            loop_rows(<float*> r.x, <float*> r.out, r.m, n)
    if out is None:
        return c
    if c is not out:
        np.copyto(out, c)
    return out


def softmax_typed(x, out=None):
    """exp(x) / sum of exp(x): the naive loops with C types, one thread."""
    return rows_softmax(x, out, TYPED)


def softmax_simd(x, out=None):
    """exp(x) / sum of exp(x): exponentials in vectors, row by row; one thread."""
    return rows_softmax(x, out, SIMD)


def softmax_batched(x, out=None):
    """exp(x) / sum of exp(x): exponentials of many rows at once, in vectors; one thread."""
    return rows_softmax(x, out, BATCHED)


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
    cdef bint labels
    cdef const int64_t* label
    cdef idx m, n, i
    cdef Rows r
    if cnp.PyArray_NDIM(x) != 2 or cnp.PyArray_DIM(x, 1) == 0:
        raise ValueError(f"logits are (rows, classes) with one class or more, not {(<object> x).shape}")
    m, n = cnp.PyArray_DIM(x, 0), cnp.PyArray_DIM(x, 1)
    refuse_masked(targets, "targets")
    t = as_array(targets, "targets")
    labels = (<object> t).dtype.kind in "iu"
    if (<object> t).shape != (<object> x).shape[:1 if labels else 2]:
        raise ValueError(f"targets have shape {(<object> t).shape}; logits {(<object> x).shape} take integer labels "
                         f"({m},) or distributions ({m}, {n})")
    if labels:
        t = (<object> t).astype(np.int64)  # a copy: another thread may write the caller's labels after the check
        label = <const int64_t*> cnp.PyArray_DATA(t)
        for i in range(m):
            if not 0 <= label[i] < n:
                raise ValueError(f"label {as_array(targets, 'targets')[i]} is outside of the valid range [0, {n})")
    else:
        t = np.ascontiguousarray(as_float(t, "targets"))
        if cnp.PyArray_TYPE(t) != cnp.PyArray_TYPE(x):
            raise TypeError(f"targets are {(<object> t).dtype}, logits are {(<object> x).dtype}; "
                            f"convert one: targets.astype(np.{(<object> x).dtype})")
    losses, grad = np.empty(m, (<object> x).dtype), np.empty((<object> x).shape, (<object> x).dtype)
    r.kind, r.leaf, r.m, r.n = LABELS if labels else DISTRIBUTIONS, leaves_of(x), m, n
    r.x, r.targets = cnp.PyArray_BYTES(x), cnp.PyArray_BYTES(t)
    r.losses, r.out, r.step = cnp.PyArray_BYTES(losses), cnp.PyArray_BYTES(grad), max(BLOCK // n, 1)
    with nogil:
        run(&r, True)
    return losses, grad
