cdef int team(double work, double grain) noexcept nogil
cdef int home() noexcept nogil
cdef void spread(int home) noexcept nogil
