"""What every operation asks of its arrays: types, output, overlap. Errors are in NumPy's words."""

cimport numpy as cnp
from cpython.float cimport PyFloat_CheckExact
from cpython.long cimport PyLong_CheckExact

import sys

import numpy as np

from kernels.dlpack import as_ndarray, reader

cnp.import_array()

cdef int BEHAVED = cnp.NPY_ARRAY_ALIGNED | cnp.NPY_ARRAY_NOTSWAPPED

cdef extern from "numpy/arrayobject.h":
    bint PyArray_ISBEHAVED_RO(cnp.ndarray x) nogil  # aligned and in native byte order


cdef object refuse_masked(object x, str name, bint written=False):
    """Raise if x is a masked array: kernels would compute with what it hides."""
    if x is None or cnp.PyArray_CheckExact(x):
        return
    masked = sys.modules.get("numpy.ma")  # nobody has masked arrays before it is imported
    if masked is not None and isinstance(x, masked.MaskedArray):
        raise TypeError(f"{name} is a masked array, and kernels know no masks: write {name}.data to " + (
            "let them change its values" if written else f"use its values as they are, or {name}.filled(0)"))


cdef cnp.ndarray as_array(object x, str name):
    """np.asarray(x); another library's array lies in its own memory."""
    if cnp.PyArray_CheckExact(x):
        return x
    return as_ndarray(x, name) if hasattr(x, "__dlpack__") else np.asarray(x)


cdef cnp.ndarray as_float(object x, str name):
    """x as an aligned, native float32 or float64 array whose strides count whole elements.

    Only layouts that a C pointer cannot walk are copied. Other types: TypeError, nothing is converted silently.
    """
    refuse_masked(x, name)
    cdef cnp.ndarray a = x if cnp.PyArray_CheckExact(x) else as_array(x, name)
    cdef int kind = cnp.PyArray_TYPE(a), axis
    if kind != cnp.NPY_FLOAT32 and kind != cnp.NPY_FLOAT64:
        written = name if isinstance(x, np.ndarray) else f"np.{reader(x).__name__}({name})"
        raise TypeError(
            f"{name} is {a.dtype}; kernels compute in float32 and float64. "
            f"Convert it yourself: {written}.astype(np.float32)"
        )
    if not PyArray_ISBEHAVED_RO(a):
        return cnp.PyArray_FROM_OF(a.astype(a.dtype.newbyteorder("=")), BEHAVED)
    if not cnp.PyArray_IS_C_CONTIGUOUS(a):
        for axis in range(cnp.PyArray_NDIM(a)):
            if cnp.PyArray_STRIDE(a, axis) % cnp.PyArray_ITEMSIZE(a):  # a field of a packed record
                return np.ascontiguousarray(a)
    return a


cdef inline bint is_weak(object x) noexcept:
    """Python's own numbers take the other operand's type (NEP 50)."""
    return PyFloat_CheckExact(x) or PyLong_CheckExact(x)


cdef cnp.ndarray number(object x, int type_num):
    """A Python number as an array without axes; one that is too large is infinite, silently."""
    cdef cnp.ndarray a = cnp.PyArray_EMPTY(0, NULL, type_num, False)
    cdef double value = x
    if type_num == cnp.NPY_FLOAT64:
        (<double*> cnp.PyArray_DATA(a))[0] = value
    else:
        (<float*> cnp.PyArray_DATA(a))[0] = <float> value
    return a


cdef cnp.ndarray as_double(cnp.ndarray x):
    """x in float64; a NaN that signals becomes a quiet one, silently."""
    with np.errstate(invalid="ignore"):
        return np.asarray(x, np.float64)


cdef tuple common_type(object x, object y):
    """x and y as arrays of the one type that NumPy's promotion gives."""
    cdef cnp.ndarray p, q
    if is_weak(x) and (PyFloat_CheckExact(y) or not is_weak(y)):
        q = as_float(y, "y")
        p = number(x, cnp.PyArray_TYPE(q))
    else:
        p = as_float(x, "x")
        q = p if y is x else number(y, cnp.PyArray_TYPE(p)) if is_weak(y) else as_float(y, "y")
    if cnp.PyArray_TYPE(p) != cnp.PyArray_TYPE(q):
        p, q = as_double(p), as_double(q)
    return p, q


cdef object check_out(object out, int ndim, const cnp.npy_intp* dims, int type_num):
    """Raise unless out can take a result of this shape and type."""
    cdef int axis
    shape = tuple([dims[axis] for axis in range(ndim)])
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be a NumPy array, not {type(out).__name__}" + (
            f"; np.{reader(out).__name__}(out) is one of its memory" if hasattr(out, "__dlpack__") else ""))
    refuse_masked(out, "out", True)
    if cnp.PyArray_TYPE(out) != type_num:
        raise TypeError(f"out is {out.dtype}, the result is {cnp.PyArray_DescrFromType(type_num)}")
    if out.shape != shape:
        raise ValueError(f"out has shape {out.shape}, the result has shape {shape}")
    if not out.flags.writeable:
        raise ValueError("output array is read-only")


cdef bint has_shape(cnp.ndarray x, int ndim, const cnp.npy_intp* dims) noexcept:
    cdef int axis
    if cnp.PyArray_NDIM(x) != ndim:
        return False
    for axis in range(ndim):
        if cnp.PyArray_DIM(x, axis) != dims[axis]:
            return False
    return True


cdef bint fits(object out, int ndim, const cnp.npy_intp* dims, int type_num) noexcept:
    """The quick yes to check_out, for a result in one piece. False says nothing."""
    return (cnp.PyArray_CheckExact(out) and cnp.PyArray_TYPE(out) == type_num and has_shape(out, ndim, dims)
            and contiguous(out) and cnp.PyArray_ISWRITEABLE(out))


cdef void bounds(cnp.ndarray x, size_t* low, size_t* high) noexcept:
    cdef int axis
    cdef Py_ssize_t reach
    low[0] = <size_t> cnp.PyArray_DATA(x)
    high[0] = low[0] + cnp.PyArray_ITEMSIZE(x)
    for axis in range(cnp.PyArray_NDIM(x)):
        reach = (cnp.PyArray_DIM(x, axis) - 1) * cnp.PyArray_STRIDE(x, axis)
        if reach < 0:
            low[0] += reach
        else:
            high[0] += reach


cdef bint overlaps(cnp.ndarray x, cnp.ndarray y) noexcept:
    """Do the memory ranges meet? May say yes to interleaved views, never no to shared elements."""
    cdef size_t x_low, x_high, y_low, y_high
    if cnp.PyArray_SIZE(x) == 0 or cnp.PyArray_SIZE(y) == 0:
        return False
    bounds(x, &x_low, &x_high)
    bounds(y, &y_low, &y_high)
    return x_low < y_high and y_low < x_high


cdef bint contiguous(cnp.ndarray x) noexcept:
    """C order, aligned and native: one pointer walks it."""
    return cnp.PyArray_IS_C_CONTIGUOUS(x) and PyArray_ISBEHAVED_RO(x)


cdef bint plain(cnp.ndarray x):
    """Can a loop write x: aligned, native, whole elements apart, and no two elements in one place?"""
    cdef Py_ssize_t size = cnp.PyArray_ITEMSIZE(x), extent = size
    if contiguous(x):
        return True
    if not PyArray_ISBEHAVED_RO(x):
        return False
    for step, length in sorted([(abs(s), n) for s, n in zip((<object> x).strides, (<object> x).shape) if n > 1]):
        if step < extent or step % size:
            return False
        extent += step * (length - 1)
    return True
