"""Sums over the batch and over all elements, and which rows have their largest where it should be."""

cimport numpy as cnp
from libc.stdint cimport int64_t

from kernels._arrays cimport as_array, as_float, check_out, has_shape, leaves_of, refuse_masked
from kernels._simd cimport idx, leaves
from kernels._threads cimport share, team

import numpy as np

cnp.import_array()

cdef double GRAIN = 40960  # elements, see _threads.team
cdef enum:
    BLOCK = 128  # rows


cdef struct Rows:
    const leaves* leaf  # those of x's type
    const char* x
    idx m, n, row, column, blocks
    char* sums  # of the blocks


cdef void sum_part(void* task, int worker, int workers) noexcept nogil:
    """Of some blocks: their rows, in order, are added to their sums."""
    cdef const Rows* r = <const Rows*> task
    cdef idx i
    cdef char* sum
    for i in range(BLOCK * (r.blocks * worker // workers), min(BLOCK * (r.blocks * (worker + 1) // workers), r.m)):
        sum = r.sums + i // BLOCK * r.n * r.leaf.size
        r.leaf.add(sum, 1, r.x + i * r.row * r.leaf.size, r.column, sum, 1, r.n, False)


def sum_rows(x, out=None):
    """Sum over the first axis: (m, n) -> (n,), as a bias needs of its gradients.

    Rows are added in order within blocks of 128 and the blocks in order, for any number of threads: over 60,000
    rows the rounding is that of 600 additions. Types, out and errors: see softmax.
    """
    cdef cnp.ndarray a = as_float(x, "x"), c, partial
    cdef idx size = leaves_of(a).size, i
    cdef Rows r
    if cnp.PyArray_NDIM(a) != 2:
        raise ValueError(f"sum_rows takes a matrix (m, n), not shape {(<object> a).shape}")
    r.leaf, r.x, r.m, r.n = leaves_of(a), cnp.PyArray_BYTES(a), cnp.PyArray_DIM(a, 0), cnp.PyArray_DIM(a, 1)
    r.row, r.column = cnp.PyArray_STRIDE(a, 0) // size, cnp.PyArray_STRIDE(a, 1) // size
    if out is not None:
        check_out(out, 1, cnp.PyArray_DIMS(a) + 1, cnp.PyArray_TYPE(a))
    r.blocks = max((r.m + BLOCK - 1) // BLOCK, 1)
    partial = np.zeros((r.blocks, r.n), (<object> a).dtype)
    r.sums = cnp.PyArray_BYTES(partial)
    with nogil:
        share(sum_part, &r, min(team(<double> r.m * r.n, GRAIN), r.blocks))
        for i in range(1, r.blocks):
            r.leaf.add(r.sums, 1, r.sums + i * r.n * size, 1, r.sums, 1, r.n, False)
    c = (<object> partial)[0] if r.blocks == 1 else (<object> partial)[0].copy()
    if out is None:
        return c
    np.copyto(out, c)
    return out


def total(x):
    """The sum of all elements of x, a Python float: (...) -> ().

    2,048 elements at a time are added in x's type, in one order on every instruction set, and these sums in double
    precision. Raises TypeError for other types than float32 and float64.
    """
    cdef cnp.ndarray a = as_float(x, "x")
    cdef const leaves* leaf = leaves_of(a)
    cdef idx i, n = cnp.PyArray_SIZE(a)
    cdef double sum = 0
    cdef const char* data
    if not cnp.PyArray_IS_C_CONTIGUOUS(a):
        a = np.ascontiguousarray(a)
    data = cnp.PyArray_BYTES(a)
    with nogil:
        for i in range(0, n, 2048):
            sum += leaf.vector_sum(data + i * leaf.size, min(2048, n - i))
    return sum


def top_matches(scores, labels):
    """1 where the largest along the last axis is at the label, else 0: scores (..., n), integer labels (...) ->
    float32 (...).

    The first of equals is the largest, and a NaN counts as -inf. A label outside of 0 to n - 1 gives 0. Raises
    TypeError for other types, ValueError for other shapes.
    """
    cdef cnp.ndarray x = cnp.PyArray_GETCONTIGUOUS(as_float(scores, "scores")), label, out
    cdef const leaves* leaf = leaves_of(x)
    cdef const void* data = cnp.PyArray_DATA(x)
    cdef const int64_t* wanted
    cdef void* matches
    cdef idx m, n
    refuse_masked(labels, "labels")
    label = as_array(labels, "labels")
    if not has_shape(label, cnp.PyArray_NDIM(x) - 1, cnp.PyArray_DIMS(x)):
        raise ValueError(f"scores (..., n) go with labels (...), not {(<object> x).shape} with "
                         f"{(<object> label).shape}")
    if not cnp.PyArray_ISINTEGER(label):
        raise TypeError(f"labels are integers, not {(<object> label).dtype}")
    out = cnp.PyArray_EMPTY(cnp.PyArray_NDIM(label), cnp.PyArray_DIMS(label), cnp.NPY_FLOAT32, False)
    label = cnp.PyArray_FROM_OTF(  # a copy: another thread may write the caller's labels after the leaf's check
        label, cnp.NPY_INT64, cnp.NPY_ARRAY_CARRAY_RO | cnp.NPY_ARRAY_FORCECAST | cnp.NPY_ARRAY_ENSURECOPY)
    wanted, matches = <const int64_t*> cnp.PyArray_DATA(label), cnp.PyArray_DATA(out)
    m, n = cnp.PyArray_SIZE(label), cnp.PyArray_DIM(x, cnp.PyArray_NDIM(x) - 1)
    with nogil:
        leaf.top_matches(data, wanted, matches, m, n)
    return out
