"""Rows of an array in a given order, which shuffled batches are."""

cimport numpy as cnp
from libc.string cimport memcpy

from kernels._arrays cimport as_array, has_shape, overlaps, refuse_masked
from kernels._simd cimport idx, prefetch_rows
from kernels._threads cimport share, team

import numpy as np

cnp.import_array()

cdef double GRAIN = 131072  # bytes, see _threads.team


cdef struct Rows:
    const char* x
    const cnp.npy_intp* wanted
    idx m, bytes  # rows wanted, and bytes of each
    char* out


cdef void copy_part(void* task, int worker, int workers) noexcept nogil:
    cdef const Rows* r = <const Rows*> task
    cdef idx i, stop = r.m * (worker + 1) // workers
    for i in range(r.m * worker // workers, stop):
        if i + 1 < stop:
            prefetch_rows(r.x + r.wanted[i + 1] * r.bytes, 1, 0, r.bytes)
        memcpy(r.out + i * r.bytes, r.x + r.wanted[i] * r.bytes, r.bytes)


def take_rows(x, rows, out=None):
    """x[rows]: x (n, ...), rows (m,) integers from 0 to n - 1 -> (m, ...).

    x is contiguous, of any type but objects. `out` takes the result and is returned; it is contiguous and shares no
    memory with x. Raises TypeError for other types, ValueError for other layouts and shapes, IndexError for a row
    that x does not have.
    """
    cdef cnp.ndarray a, order, c
    cdef cnp.npy_intp* wanted
    cdef cnp.npy_intp dims[64]
    cdef idx i, m, n
    cdef int axis
    cdef Rows r
    refuse_masked(x, "x")
    refuse_masked(rows, "rows")
    refuse_masked(out, "out", True)
    if not isinstance(x, np.ndarray) or x.dtype.hasobject:
        raise TypeError("x must be a NumPy array without objects")
    a, order = x, as_array(rows, "rows")
    if cnp.PyArray_NDIM(a) == 0 or not cnp.PyArray_IS_C_CONTIGUOUS(a):
        raise ValueError("x must be contiguous and have rows: np.ascontiguousarray(x)")
    if cnp.PyArray_NDIM(order) != 1 or order.dtype.kind not in "iu" and cnp.PyArray_SIZE(order):  # [] is float64
        raise TypeError(f"rows must be a vector of integers, not {order.dtype} of shape {(<object> order).shape}")
    order = (<object> order).astype(np.intp)  # a copy: another thread may write the caller's after the check
    m, n, wanted = cnp.PyArray_SIZE(order), cnp.PyArray_DIM(a, 0), <cnp.npy_intp*> cnp.PyArray_DATA(order)
    for i in range(m):
        if not 0 <= wanted[i] < n:
            raise IndexError(f"row {wanted[i]} is outside of the {n} rows of x")
    dims[0] = m
    for axis in range(1, cnp.PyArray_NDIM(a)):
        dims[axis] = cnp.PyArray_DIM(a, axis)
    if out is None:
        out = np.empty((m, *(<object> a).shape[1:]), (<object> a).dtype)
    elif not isinstance(out, np.ndarray) or out.dtype != (<object> a).dtype:
        raise TypeError(f"out must be a NumPy array of {(<object> a).dtype}, as x is")
    elif not has_shape(out, cnp.PyArray_NDIM(a), dims) or not out.flags.c_contiguous or not out.flags.writeable:
        raise ValueError(f"out must be contiguous, writable and of shape {(m, *(<object> a).shape[1:])}")
    elif overlaps(out, a):
        raise ValueError("out must not share memory with x")
    c = out
    if m == 0 or cnp.PyArray_SIZE(a) == 0:
        return c
    r = Rows(cnp.PyArray_BYTES(a), wanted, m, cnp.PyArray_NBYTES(a) // n, cnp.PyArray_BYTES(c))
    with nogil:
        share(copy_part, &r, min(team(<double> m * r.bytes, GRAIN), m))
    return c
