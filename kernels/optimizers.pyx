"""In-place optimizer updates, one pass over weights and state. The rules are Keras 3's (keras/src/optimizers)."""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.math cimport sqrt

from kernels._arrays cimport contiguous, overlaps
from kernels._simd cimport idx, leaves, simd
from kernels._threads cimport team

import numpy as np

cnp.import_array()

cdef double GRAIN = 16384  # weights per thread that pay for waking it


cdef struct Update:
    # an array's data each; those that a rule does not use are NULL
    char* w
    char* m
    char* v
    char* g
    idx n
    idx size
    bint is_double


cdef char* checked(object x, cnp.ndarray w, str name, bint written) except NULL:
    if not isinstance(x, np.ndarray) or cnp.PyArray_TYPE(x) != cnp.PyArray_TYPE(w):
        raise TypeError(f"{name} must be a {(<object> w).dtype} array, as w is")
    if x.shape != (<object> w).shape:
        raise ValueError(f"{name} has shape {x.shape}, w has shape {(<object> w).shape}")
    if not contiguous(x):
        raise ValueError(f"{name} must be contiguous: it is updated, or read, in one sweep")
    if written and not cnp.PyArray_ISWRITEABLE(x):
        raise ValueError(f"{name} is read-only, and it is updated in place")
    return cnp.PyArray_BYTES(x)


cdef Update prepare(object w, object g, dict state) except *:
    cdef Update u
    if not isinstance(w, np.ndarray) or cnp.PyArray_TYPE(w) not in (cnp.NPY_FLOAT32, cnp.NPY_FLOAT64):
        raise TypeError("w must be a float32 or float64 array: it is updated in place")
    u.w = checked(w, w, "w", True)
    u.g = checked(g, w, "g", False)
    u.m = checked(state["m"], w, "m", True) if "m" in state else NULL
    u.v = checked(state["v"], w, "v", True) if "v" in state else NULL
    arrays = [w, g, *state.values()]
    for i, x in enumerate(arrays):
        for y in arrays[:i]:
            if overlaps(x, y):
                raise ValueError("w, its state and its gradient must not share memory")
    u.n = cnp.PyArray_SIZE(w)
    u.size = cnp.PyArray_ITEMSIZE(w)
    u.is_double = cnp.PyArray_TYPE(w) == cnp.NPY_FLOAT64
    return u


cdef inline idx share(Update u, int workers, int t) noexcept nogil:
    """Where thread t's weights begin; threads write to cache lines of their own."""
    return min((u.n // workers + 64) // 64 * 64 * t, u.n) if t < workers else u.n


def sgd_update(w, g, double learning_rate):
    """w -= learning_rate g. All arrays of an update: contiguous, one shape, float32 or float64, no shared memory."""
    cdef Update u = prepare(w, g, {})
    cdef const leaves* leaf = &simd[u.is_double]
    cdef int t, workers = team(u.n, GRAIN)
    cdef idx i
    with nogil:
        for t in prange(workers, num_threads=workers, schedule="static", use_threads_if=workers > 1):
            i = share(u, workers, t)
            leaf.sgd(u.w + i * u.size, u.g + i * u.size, share(u, workers, t + 1) - i, learning_rate)


def momentum_update(w, m, g, double learning_rate, double momentum, bint nesterov=False):
    """m = momentum m - learning_rate g; w += m, or with nesterov w += momentum m - learning_rate g."""
    cdef Update u = prepare(w, g, {"m": m})
    cdef const leaves* leaf = &simd[u.is_double]
    cdef int t, workers = team(u.n, GRAIN)
    cdef idx i
    with nogil:
        for t in prange(workers, num_threads=workers, schedule="static", use_threads_if=workers > 1):
            i = share(u, workers, t)
            leaf.momentum(u.w + i * u.size, u.m + i * u.size, u.g + i * u.size, share(u, workers, t + 1) - i,
                          learning_rate, momentum, nesterov)


def rmsprop_update(w, v, g, double learning_rate, double rho, double epsilon):
    """v = rho v + (1 - rho) g g; w -= learning_rate g / sqrt(v + epsilon): epsilon inside the root."""
    cdef Update u = prepare(w, g, {"v": v})
    cdef const leaves* leaf = &simd[u.is_double]
    cdef int t, workers = team(u.n, GRAIN)
    cdef idx i
    with nogil:
        for t in prange(workers, num_threads=workers, schedule="static", use_threads_if=workers > 1):
            i = share(u, workers, t)
            leaf.rmsprop(u.w + i * u.size, u.v + i * u.size, u.g + i * u.size, share(u, workers, t + 1) - i,
                         learning_rate, rho, epsilon)


def adam_update(w, m, v, g, double learning_rate, double beta_1, double beta_2, double epsilon, Py_ssize_t step):
    """m += (1 - beta_1)(g - m); v += (1 - beta_2)(g g - v); w -= alpha m / (sqrt(v) + epsilon), where
    alpha = learning_rate sqrt(1 - beta_2**step) / (1 - beta_1**step): epsilon outside the root, step from 1.

    Kingma and Ba, "Adam" (2015), in the form of its section 2, last paragraph, as in Keras.
    """
    if step < 1:
        raise ValueError(f"step counts from 1, not {step}")
    cdef Update u = prepare(w, g, {"m": m, "v": v})
    cdef const leaves* leaf = &simd[u.is_double]
    cdef double alpha = learning_rate * sqrt(1 - beta_2 ** step) / (1 - beta_1 ** step)
    cdef int t, workers = team(u.n, GRAIN)
    cdef idx i
    with nogil:
        for t in prange(workers, num_threads=workers, schedule="static", use_threads_if=workers > 1):
            i = share(u, workers, t)
            leaf.adam(u.w + i * u.size, u.m + i * u.size, u.v + i * u.size, u.g + i * u.size,
                      share(u, workers, t + 1) - i, alpha, beta_1, beta_2, epsilon)
