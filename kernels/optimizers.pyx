"""In-place optimizer updates, one pass over weights and state. The rules are Keras 3's (keras/src/optimizers)."""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.math cimport sqrt

from kernels._arrays cimport contiguous, overlaps
from kernels._simd cimport idx, leaves, simd
from kernels._threads cimport home, spread, team

import numpy as np

cnp.import_array()

cdef double GRAIN = 16384  # weights per thread that pay for waking it


cdef enum Rule:
    SGD
    MOMENTUM
    RMSPROP
    ADAM


cdef struct Update:
    Rule rule
    char* w  # data of the arrays; those that the rule does not use are NULL
    char* m
    char* v
    char* g
    idx n
    idx size
    bint is_double
    double rate      # Adam: with its bias corrections
    double decay     # momentum, rho, or beta_1
    double decay_2   # beta_2
    double epsilon
    bint nesterov


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


cdef Update prepare(Rule rule, object w, object g, dict state, double learning_rate) except *:
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
    u.rule, u.rate = rule, learning_rate
    u.n = cnp.PyArray_SIZE(w)
    u.size = cnp.PyArray_ITEMSIZE(w)
    u.is_double = cnp.PyArray_TYPE(w) == cnp.NPY_FLOAT64
    return u


cdef void update_range(const Update* u, idx first, idx stop) noexcept nogil:
    cdef const leaves* leaf = &simd[u.is_double]
    cdef idx n = stop - first, at = first * u.size
    if u.rule == SGD:
        leaf.sgd(u.w + at, u.g + at, n, u.rate)
    elif u.rule == MOMENTUM:
        leaf.momentum(u.w + at, u.m + at, u.g + at, n, u.rate, u.decay, u.nesterov)
    elif u.rule == RMSPROP:
        leaf.rmsprop(u.w + at, u.v + at, u.g + at, n, u.rate, u.decay, u.epsilon)
    else:
        leaf.adam(u.w + at, u.m + at, u.v + at, u.g + at, n, u.rate, u.decay, u.decay_2, u.epsilon)


cdef void run(const Update* u) noexcept:
    cdef int t, workers = team(u.n, GRAIN), caller = home()
    cdef idx share = (u.n // workers + 64) // 64 * 64  # threads write to cache lines of their own
    with nogil:
        if workers == 1:
            update_range(u, 0, u.n)
        else:
            for t in prange(workers, num_threads=workers, schedule="static", chunksize=1):
                spread(caller)
                update_range(u, min(t * share, u.n), min((t + 1) * share, u.n))


def sgd_update(w, g, double learning_rate):
    """w -= learning_rate g. All arrays of an update: contiguous, one shape, float32 or float64, no shared memory."""
    cdef Update u = prepare(SGD, w, g, {}, learning_rate)
    run(&u)


def momentum_update(w, m, g, double learning_rate, double momentum, bint nesterov=False):
    """m = momentum m - learning_rate g; w += m, or with nesterov w += momentum m - learning_rate g."""
    cdef Update u = prepare(MOMENTUM, w, g, {"m": m}, learning_rate)
    u.decay, u.nesterov = momentum, nesterov
    run(&u)


def rmsprop_update(w, v, g, double learning_rate, double rho, double epsilon):
    """v = rho v + (1 - rho) g g; w -= learning_rate g / sqrt(v + epsilon): epsilon inside the root."""
    cdef Update u = prepare(RMSPROP, w, g, {"v": v}, learning_rate)
    u.decay, u.epsilon = rho, epsilon
    run(&u)


def adam_update(w, m, v, g, double learning_rate, double beta_1, double beta_2, double epsilon, Py_ssize_t step):
    """m += (1 - beta_1)(g - m); v += (1 - beta_2)(g g - v); w -= alpha m / (sqrt(v) + epsilon), where
    alpha = learning_rate sqrt(1 - beta_2**step) / (1 - beta_1**step): epsilon outside the root, step from 1.

    Kingma and Ba, "Adam" (2015), in the form of its section 2, last paragraph, as in Keras.
    """
    if step < 1:
        raise ValueError(f"step counts from 1, not {step}")
    cdef double alpha = learning_rate * sqrt(1 - beta_2 ** step) / (1 - beta_1 ** step)
    cdef Update u = prepare(ADAM, w, g, {"m": m, "v": v}, alpha)
    u.decay, u.decay_2, u.epsilon = beta_1, beta_2, epsilon
    run(&u)
