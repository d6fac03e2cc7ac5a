"""The dot product of two vectors, in chunks: the same order of additions for any number of threads."""

from cython.parallel cimport prange, threadid
from libc.stdlib cimport free, malloc

from kernels._matrix cimport Matrix, at, copy
from kernels._simd cimport idx, simd
from kernels._threads cimport home, spread, team

cdef enum:
    CHUNK = 16384  # elements whose products are added by one call of the leaf
    GRAIN = 100000  # elements per thread that pay for waking it, on an EPYC (Zen 3)


cdef double chunk_dot(idx k, Matrix x, Matrix y, idx chunk, char* space, bint is_double) noexcept nogil:
    """The dot product of one chunk; elements that are not adjacent are copied first, into space for two chunks."""
    cdef idx first = chunk * CHUNK, size = 8 if is_double else 4
    k = min(CHUNK, k - first)
    x, y = at(x, 0, first, size), at(y, 0, first, size)
    if x.column != 1:
        copy(x, 1, k, space, k, is_double)
        x.data = space
    if y.column != 1:
        copy(y, 1, k, space + CHUNK * size, k, is_double)
        y.data = space + CHUNK * size
    return simd[is_double].vector_dot(x.data, y.data, k)


cdef int dot_vectors(idx k, Matrix x, Matrix y, char* out, bint is_double, bint threads) except -1 nogil:
    """out (1) = x (1, k) . y (1, k): the sum of the chunks' dot products, in order."""
    cdef idx chunks = (k + CHUNK - 1) // CHUNK, space_bytes = 2 * CHUNK * (8 if is_double else 4), bytes = 0, i
    cdef int workers = team(k, GRAIN) if threads else 1, caller
    cdef char* memory = NULL
    cdef double* part
    cdef double total = 0
    if x.column != 1 or y.column != 1:
        bytes = workers * space_bytes
    if workers > 1 or bytes:
        memory = <char*> malloc(bytes + chunks * sizeof(double))
        if memory == NULL:
            with gil:
                raise MemoryError(f"a dot product has no memory for {bytes + chunks * sizeof(double)} bytes")
    if workers == 1:  # an OpenMP region of one thread would cost more than a short product
        for i in range(chunks):
            total += chunk_dot(k, x, y, i, memory, is_double)
    else:
        part = <double*> (memory + bytes)
        caller = home()
        for i in prange(chunks, num_threads=workers, schedule="static"):
            spread(caller)
            part[i] = chunk_dot(k, x, y, i, memory + threadid() * space_bytes if bytes else NULL, is_double)
        for i in range(chunks):
            total += part[i]
    free(memory)
    if is_double:
        (<double*> out)[0] = total
    else:
        (<float*> out)[0] = <float> total
    return 0
