# cython: boundscheck=False, wraparound=False
# distutils: extra_compile_args = -O2 -fopenmp
# distutils: extra_link_args = -fopenmp

from cython.parallel cimport prange


def total(const double[::1] x):
    cdef double sums = 0
    cdef Py_ssize_t i
    for i in prange(x.shape[0], nogil=True, num_threads=4):
        sums += x[i]
    return sums
