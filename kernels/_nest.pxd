cimport numpy as cnp

from kernels._simd cimport binary_leaf, idx, leaves

cdef enum:
    MOST_AXES = 64  # NumPy's own limit

cdef struct Nest:
    # A loop nest over two inputs and an output: axes that walk memory alike are merged, the innermost is last.
    const leaves* leaf  # those of the arrays' type
    int ndim
    idx unit  # elements in a step: one along the last axis, or all of a short last axis, along the one before
    idx shape[MOST_AXES]
    idx x[MOST_AXES]
    idx y[MOST_AXES]
    idx out[MOST_AXES]

cdef void set_nest(Nest* nest, cnp.ndarray a, cnp.ndarray b, cnp.ndarray c) noexcept
cdef void run(const Nest* nest, binary_leaf* operation, cnp.ndarray a, cnp.ndarray b, cnp.ndarray c, bint fresh,
              bint past_caches, bint threads) noexcept
