"""The dot product of two vectors, in chunks: the same order of additions for any number of threads."""

from cython.parallel cimport prange, threadid
from libc.stdlib cimport free, malloc

from kernels._matrix cimport Matrix, Product, at, copy, transpose
from kernels._simd cimport idx, leaves
from kernels._threads cimport home, spread, team

cdef enum:
    CHUNK = 16384  # elements whose products are added by one call of the leaf
    GRAIN = 100000  # elements per thread that pay for waking it, on an EPYC (Zen 3)


cdef double chunk_dot(const Product* x, idx chunk, char* space) noexcept nogil:
    """The dot product of one chunk. `space`, for two chunks, takes copies of elements that are not adjacent."""
    cdef const leaves* leaf = x.leaf
    cdef idx first = chunk * CHUNK, k = min(CHUNK, x.k - first)
    cdef Matrix a = at(x.a, 0, first, leaf.size), b = at(transpose(x.b), 0, first, leaf.size)
    if a.column != 1:
        copy(leaf, a, 1, k, space, k)
        a.data = space
    if b.column != 1:
        space += CHUNK * leaf.size
        copy(leaf, b, 1, k, space, k)
        b.data = space
    return leaf.vector_dot(a.data, b.data, k)


cdef int dot_vectors(const Product* x, bint threads) except -1 nogil:
    """c (1, 1) = a (1, k) b (k, 1): the sum of the chunks' dot products, in order."""
    cdef idx chunks = (x.k + CHUNK - 1) // CHUNK, space_bytes = 0, bytes, i
    cdef int workers = team(x.k, GRAIN) if threads else 1, caller
    cdef char* memory = NULL
    cdef double* part
    cdef double total = 0
    if x.a.column != 1 or x.b.row != 1:
        space_bytes = 2 * CHUNK * x.leaf.size
    if workers > 1 or space_bytes:
        bytes = workers * space_bytes + chunks * sizeof(double)
        memory = <char*> malloc(bytes)
        if memory == NULL:
            with gil:
                raise MemoryError(f"a dot product has no memory for {bytes} bytes")
    if workers == 1:  # an OpenMP region of one thread would cost more than a short product
        for i in range(chunks):
            total += chunk_dot(x, i, memory)
    else:
        part = <double*> (memory + workers * space_bytes)
        caller = home()
        for i in prange(chunks, num_threads=workers, schedule="static"):
            spread(caller)
            part[i] = chunk_dot(x, i, memory + threadid() * space_bytes)
        for i in range(chunks):
            total += part[i]
    free(memory)
    if x.leaf.size == sizeof(double):
        (<double*> x.c.data)[0] = total
    else:
        (<float*> x.c.data)[0] = <float> total
    return 0
