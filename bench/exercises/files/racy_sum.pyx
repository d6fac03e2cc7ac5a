# Threads lose each other's additions.
#
# total(x) is the sum of x, computed by four threads. `sums[0] += ...` reads, adds and
# writes: what another thread has written in between is lost, now and then. Mend it so
# that the sum is right every time, and the threads stay.
#
# cython: boundscheck=False, wraparound=False
# distutils: extra_compile_args = -O2 -fopenmp
# distutils: extra_link_args = -fopenmp

from cython.parallel cimport prange


def total(const double[::1] x):
    cdef double[1] sums
    cdef Py_ssize_t i
    sums[0] = 0
    for i in prange(x.shape[0], nogil=True, num_threads=4):
        sums[0] += x[i]
    return sums[0]
