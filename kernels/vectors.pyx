"""The dot product of two vectors, in chunks: the same order of additions for any number of threads."""

from libc.stdlib cimport free, malloc

from kernels._matrix cimport Matrix, Product, at, copy, transpose
from kernels._simd cimport idx, leaves
from kernels._threads cimport share, team

cdef enum:
    CHUNK = 16384  # elements whose products are added by one call of the leaf
    GRAIN = 49152  # elements, see _threads.team


cdef struct Chunks:
    const Product* x
    idx count
    double* sums
    char* space  # for two chunks of each worker, where elements are not adjacent
    idx space_bytes


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


cdef void dot_part(void* task, int worker, int workers) noexcept nogil:
    cdef const Chunks* chunks = <const Chunks*> task
    cdef idx i
    for i in range(chunks.count * worker // workers, chunks.count * (worker + 1) // workers):
        chunks.sums[i] = chunk_dot(chunks.x, i, chunks.space + worker * chunks.space_bytes)


cdef int dot_vectors(const Product* x, bint threads) except -1 nogil:
    """c (1, 1) = a (1, k) b (k, 1): the sum of the chunks' dot products, in order."""
    cdef int workers = team(x.k, GRAIN) if threads else 1
    cdef double sum, total = 0
    cdef Chunks chunks = Chunks(x, (x.k + CHUNK - 1) // CHUNK, &sum, NULL, 0)
    cdef idx bytes, i
    if x.a.column != 1 or x.b.row != 1:
        chunks.space_bytes = 2 * CHUNK * x.leaf.size
    if chunks.count > 1 or chunks.space_bytes:
        bytes = workers * chunks.space_bytes + chunks.count * sizeof(double)
        chunks.space = <char*> malloc(bytes)
        if chunks.space == NULL:
            with gil:
                raise MemoryError(f"a dot product has no memory for {bytes} bytes")
        chunks.sums = <double*> (chunks.space + workers * chunks.space_bytes)
    share(dot_part, &chunks, workers)
    for i in range(chunks.count):
        total += chunks.sums[i]
    free(chunks.space)
    if x.leaf.size == sizeof(double):
        (<double*> x.c.data)[0] = total
    else:
        (<float*> x.c.data)[0] = <float> total
    return 0
