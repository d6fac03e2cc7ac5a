cdef int team(double work, double grain) noexcept nogil
ctypedef void part_of(void* task, int worker, int workers) noexcept nogil
cdef void share(part_of* part, void* task, int workers) noexcept nogil
