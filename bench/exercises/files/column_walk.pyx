# The loop walks down columns.
#
# add(x, y, out) writes x + y into out, for matrices whose rows lie one after another in
# memory. A cache line holds 16 floats of a row, and each step down a column needs
# another line: mend it so that each line is used whole before the next one.
#
# cython: boundscheck=False, wraparound=False
# distutils: extra_compile_args = -O2

def add(const float[:, ::1] x, const float[:, ::1] y, float[:, ::1] out):
    cdef Py_ssize_t i, j
    for j in range(x.shape[1]):
        for i in range(x.shape[0]):
            out[i, j] = x[i, j] + y[i, j]
