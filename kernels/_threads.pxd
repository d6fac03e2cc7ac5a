cdef int team(double work, double grain) noexcept nogil
