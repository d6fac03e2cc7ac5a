import numpy as np
from libc.math cimport expf
from libc.math cimport sqrtf


def relu(const float[:, :] x):
    cdef float[:, :] out = np.empty((x.shape[0], x.shape[1]), np.float32)
    cdef Py_ssize_t i, j
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = 0 if x[i, j] <= 0 else x[i, j]
    return np.asarray(out)


def add(const float[:, :] x, const float[:, :] y):
    cdef float[:, :] out = np.empty((x.shape[0], x.shape[1]), np.float32)
    cdef Py_ssize_t i, j
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] + y[i, j]
    return np.asarray(out)


def add_matrix_and_vector(const float[:, :] x, const float[:] y):
    cdef float[:, :] out = np.empty((x.shape[0], x.shape[1]), np.float32)
    cdef Py_ssize_t i, j
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] + y[j]
    return np.asarray(out)


def maximum(x, y):
    cdef Py_ssize_t n = x.shape[x.ndim - 1], m = x.size // n if n else 0
    cdef const float[:, :] a = x.reshape(m, n), b = np.broadcast_to(y, x.shape).reshape(m, n)
    cdef float[:, :] out = np.empty((m, n), np.float32)
    cdef Py_ssize_t i, j
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i, j] = a[i, j] if a[i, j] > b[i, j] or a[i, j] != a[i, j] else b[i, j]
    return np.asarray(out).reshape(x.shape)


def add_relu(const float[:, :] x, const float[:, :] y):
    cdef float[:, :] out = np.empty((x.shape[0], x.shape[1]), np.float32)
    cdef Py_ssize_t i, j
    cdef float z
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            z = x[i, j] + y[i, j]
            out[i, j] = 0 if z <= 0 else z
    return np.asarray(out)


def vector_dot(const float[:] x, const float[:] y):
    cdef float total = 0
    cdef Py_ssize_t i
    for i in range(x.shape[0]):
        total += x[i] * y[i]
    return total


def matrix_vector_dot(const float[:, :] x, const float[:] y):
    cdef float[:] out = np.zeros(x.shape[0], np.float32)
    cdef Py_ssize_t i, p
    for i in range(x.shape[0]):
        for p in range(x.shape[1]):
            out[i] += x[i, p] * y[p]
    return np.asarray(out)


def dot(const float[:, :] x, const float[:, :] y):
    cdef float[:, :] out = np.zeros((x.shape[0], y.shape[1]), np.float32)
    cdef Py_ssize_t i, j, p
    for i in range(x.shape[0]):
        for j in range(y.shape[1]):
            for p in range(x.shape[1]):
                out[i, j] += x[i, p] * y[p, j]
    return np.asarray(out)


def dense(const float[:, :] x, const float[:, :] w, const float[:] b):
    cdef float[:, :] out = np.zeros((x.shape[0], w.shape[1]), np.float32)
    cdef Py_ssize_t i, j, p
    for i in range(x.shape[0]):
        for j in range(w.shape[1]):
            for p in range(x.shape[1]):
                out[i, j] += x[i, p] * w[p, j]
            out[i, j] += b[j]
            if out[i, j] <= 0:
                out[i, j] = 0
    return np.asarray(out)


def softmax(const float[:, :] x):
    cdef float[:, :] out = np.empty((x.shape[0], x.shape[1]), np.float32)
    cdef Py_ssize_t i, j
    cdef float top, total
    for i in range(x.shape[0]):
        top = x[i, 0] if x.shape[1] else 0
        for j in range(x.shape[1]):
            top = max(top, x[i, j])
        total = 0
        for j in range(x.shape[1]):
            out[i, j] = expf(x[i, j] - top)
            total += out[i, j]
        for j in range(x.shape[1]):
            out[i, j] /= total
    return np.asarray(out)


def rmsprop_update(
    float[:, :] w, float[:, :] v, const float[:, :] g, float learning_rate, float rho, float epsilon
):
    cdef Py_ssize_t i, j
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            v[i, j] = rho * v[i, j] + (1 - rho) * g[i, j] * g[i, j]
            w[i, j] -= learning_rate * g[i, j] / sqrtf(v[i, j] + epsilon)
