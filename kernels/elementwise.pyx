"""Element-wise operations: relu, add, maximum, add_relu, relu_grad, with NumPy's broadcasting.

`apply` checks and allocates, a loop nest walks the arrays; a rung says which inner loop runs, and how: `typed` (the
naive loop, compiled), `branchless` (a look-up where that loop branches), `simd` (the leaf of this CPU's instruction
set), `fused` (add_relu's, one pass instead of two), `streaming` (past the caches where arrays exceed them), and the
operation itself (by threads).
"""

cimport numpy as cnp
from cython cimport floating

from kernels._arrays cimport check_out, common_type, contiguous, fits, has_shape, overlaps, plain
from kernels._nest cimport MOST_AXES, Nest, run, set_nest
from kernels._simd cimport binary_leaf, idx, simd

import numpy as np

cnp.import_array()

cdef enum:
    SMALL = 49152  # elements that are for one thread: two grains, see _nest.GRAIN

cdef enum Rung:
    TYPED
    SIMD
    STREAMING
    PARALLEL


cdef bint same_walk(cnp.ndarray a, cnp.ndarray c) noexcept:
    """May a loop that writes c read a as it goes? Yes if they are the same elements, or share none."""
    cdef int axis
    if not overlaps(a, c):
        return True
    if cnp.PyArray_DATA(a) != cnp.PyArray_DATA(c) or not cnp.PyArray_SAMESHAPE(a, c):
        return False
    for axis in range(cnp.PyArray_NDIM(c)):
        if cnp.PyArray_STRIDE(a, axis) != cnp.PyArray_STRIDE(c, axis):
            return False
    return True


cdef bint flat(object x, cnp.ndarray like) noexcept:
    """Is x an array of like's type and shape, in one piece?"""
    return (cnp.PyArray_CheckExact(x) and cnp.PyArray_TYPE(x) == cnp.PyArray_TYPE(like)
            and cnp.PyArray_SAMESHAPE(x, like) and contiguous(x))


cdef int broadcast(cnp.ndarray a, cnp.ndarray b, cnp.npy_intp* dims) except -1:
    """The broadcast shape into dims; returns its number of axes."""
    cdef int ndim = max(cnp.PyArray_NDIM(a), cnp.PyArray_NDIM(b)), axis, p, q
    cdef cnp.npy_intp from_a, from_b
    for axis in range(ndim):
        p, q = axis - ndim + cnp.PyArray_NDIM(a), axis - ndim + cnp.PyArray_NDIM(b)
        from_a = cnp.PyArray_DIM(a, p) if p >= 0 else 1
        from_b = cnp.PyArray_DIM(b, q) if q >= 0 else 1
        if from_a != from_b and from_a != 1 and from_b != 1:
            shapes = f"{(<object> a).shape} {(<object> b).shape}".replace(", ", ",")
            raise ValueError(f"operands could not be broadcast together with shapes {shapes}")
        dims[axis] = from_b if from_a == 1 else from_a
    return ndim


cdef cnp.ndarray result(cnp.ndarray a, cnp.ndarray b, int ndim, cnp.npy_intp* dims):
    """An empty result; its axes lie in memory as those of an input of that shape (NumPy's order="K")."""
    if has_shape(a, ndim, dims):
        if not cnp.PyArray_IS_C_CONTIGUOUS(a):
            return np.empty_like(a, subok=False)
    elif has_shape(b, ndim, dims) and not cnp.PyArray_IS_C_CONTIGUOUS(b):
        return np.empty_like(b, subok=False)
    return cnp.PyArray_EMPTY(ndim, dims, cnp.PyArray_TYPE(a), 0)


cdef object apply(binary_leaf* leaf_f32, binary_leaf* leaf_f64, object x, object y, object out, Rung rung):
    """out = leaf(x, y) for any shapes that broadcast, any strides, any overlap."""
    cdef cnp.ndarray a, b, c
    cdef binary_leaf* leaf
    cdef Nest nest
    cdef cnp.npy_intp dims[MOST_AXES]
    cdef int ndim, kind
    if cnp.PyArray_CheckExact(x) and cnp.PyArray_NDIM(x) > 0 and (y is x or flat(y, x)) and flat(x, x):
        a, b = x, y
        kind = cnp.PyArray_TYPE(a)
        if (kind == cnp.NPY_FLOAT32 or kind == cnp.NPY_FLOAT64) and (
                out is None or flat(out, a) and cnp.PyArray_ISWRITEABLE(out)
                and same_walk(a, out) and same_walk(b, out)):
            # Arrays of one shape in one piece skip the checks below: a call must cost less than NumPy's.
            c = out if out is not None else cnp.PyArray_EMPTY(cnp.PyArray_NDIM(a), cnp.PyArray_DIMS(a), kind, 0)
            leaf = leaf_f32 if kind == cnp.NPY_FLOAT32 else leaf_f64
            if cnp.PyArray_SIZE(a) >= SMALL:
                set_nest(&nest, a, b, c)
                run(&nest, leaf, a, b, c, out is None, rung >= STREAMING, rung == PARALLEL)
                return c
            leaf(cnp.PyArray_DATA(a), 1, cnp.PyArray_DATA(b), 1, cnp.PyArray_DATA(c), 1, cnp.PyArray_SIZE(a), False)
            return c

    a, b = common_type(x, y)
    kind = cnp.PyArray_TYPE(a)
    leaf = leaf_f32 if kind == cnp.NPY_FLOAT32 else leaf_f64
    ndim = broadcast(a, b, dims)
    if out is None:
        c = result(a, b, ndim, dims)
    else:
        if not fits(out, ndim, dims, kind):
            check_out(out, ndim, dims, kind)
        c = out
        if not (same_walk(a, c) and same_walk(b, c) and plain(c)):
            c = cnp.PyArray_EMPTY(ndim, dims, kind, 0)
    if cnp.PyArray_SIZE(c):
        set_nest(&nest, a, b, c)
        run(&nest, leaf, a, b, c, c is not out, rung >= STREAMING, rung == PARALLEL)
    if out is None:
        return c if ndim else cnp.PyArray_ToScalar(cnp.PyArray_DATA(c), c)  # NumPy gives scalars for 0-d
    if c is not out:
        np.copyto(out, c)
    return out


# The typed rung: what the naive loops become when their variables have C types.

cdef void relu_loop(const floating* x, idx sx, const floating* y, idx sy, floating* out, idx so, idx n,
                    int stream) noexcept nogil:
    cdef idx i
    for i in range(n):
        out[i * so] = x[i * sx] if not x[i * sx] <= 0 else 0  # keeps NaN, and turns -0.0 into 0.0


cdef void add_loop(const floating* x, idx sx, const floating* y, idx sy, floating* out, idx so, idx n,
                   int stream) noexcept nogil:
    cdef idx i
    for i in range(n):
        out[i * so] = x[i * sx] + y[i * sy]


cdef void relu_branchless_loop(const floating* x, idx sx, const floating* y, idx sy, floating* out, idx so, idx n,
                               int stream) noexcept nogil:
    cdef idx i
    cdef floating choice[2]
    choice[0] = 0
    for i in range(n):
        choice[1] = x[i * sx]
        out[i * so] = choice[not choice[1] <= 0]


cdef void maximum_loop(const floating* x, idx sx, const floating* y, idx sy, floating* out, idx so, idx n,
                       int stream) noexcept nogil:
    cdef idx i
    cdef floating a, b
    for i in range(n):
        a, b = x[i * sx], y[i * sy]
        out[i * so] = a if a > b or a != a else b  # NaN on either side wins


cdef void maximum_branchless_loop(const floating* x, idx sx, const floating* y, idx sy, floating* out, idx so, idx n,
                                  int stream) noexcept nogil:
    cdef idx i
    cdef floating choice[2]
    for i in range(n):
        choice[0], choice[1] = y[i * sy], x[i * sx]
        out[i * so] = choice[(choice[1] > choice[0]) | (choice[1] != choice[1])]


def relu_typed(x, out=None):
    """max(x, 0): the naive loop with C types, one thread."""
    return apply(<binary_leaf*> relu_loop[float], <binary_leaf*> relu_loop[double], x, x, out, TYPED)


def add_typed(x, y, out=None):
    """x + y: the naive loop with C types, one thread."""
    return apply(<binary_leaf*> add_loop[float], <binary_leaf*> add_loop[double], x, y, out, TYPED)


def maximum_typed(x, y, out=None):
    """max(x, y): the naive loop with C types, one thread."""
    return apply(<binary_leaf*> maximum_loop[float], <binary_leaf*> maximum_loop[double], x, y, out, TYPED)


def add_relu_typed(x, y, out=None):
    """max(x + y, 0): the naive loops with C types, one after the other; one thread."""
    return relu_typed(add_typed(x, y, out), out)


def relu_branchless(x, out=None):
    """max(x, 0): which value is stored is looked up, not branched upon; one thread."""
    return apply(<binary_leaf*> relu_branchless_loop[float], <binary_leaf*> relu_branchless_loop[double], x, x, out,
                 TYPED)


def maximum_branchless(x, y, out=None):
    """max(x, y): which value is stored is looked up, not branched upon; one thread."""
    return apply(<binary_leaf*> maximum_branchless_loop[float], <binary_leaf*> maximum_branchless_loop[double], x, y,
                 out, TYPED)


def add_relu_branchless(x, y, out=None):
    """max(x + y, 0): relu looks up what it stores, and does not branch; two passes, one thread."""
    return relu_branchless(add_typed(x, y, out), out)


def relu_simd(x, out=None):
    """max(x, 0) in this CPU's widest vectors, one thread."""
    return apply(simd[0].relu, simd[1].relu, x, x, out, SIMD)


def add_simd(x, y, out=None):
    """x + y in this CPU's widest vectors, one thread."""
    return apply(simd[0].add, simd[1].add, x, y, out, SIMD)


def maximum_simd(x, y, out=None):
    """max(x, y) in this CPU's widest vectors, one thread."""
    return apply(simd[0].maximum, simd[1].maximum, x, y, out, SIMD)


def add_relu_simd(x, y, out=None):
    """max(x + y, 0) in this CPU's widest vectors, two passes; one thread."""
    return relu_simd(add_simd(x, y, out), out)


def add_relu_fused(x, y, out=None):
    """max(x + y, 0) in one pass: a sum is not stored before relu; one thread."""
    return apply(simd[0].add_relu, simd[1].add_relu, x, y, out, SIMD)


def relu_streaming(x, out=None):
    """max(x, 0): what exceeds the caches is written past them; one thread."""
    return apply(simd[0].relu, simd[1].relu, x, x, out, STREAMING)


def add_streaming(x, y, out=None):
    """x + y: what exceeds the caches is written past them; one thread."""
    return apply(simd[0].add, simd[1].add, x, y, out, STREAMING)


def maximum_streaming(x, y, out=None):
    """max(x, y): what exceeds the caches is written past them; one thread."""
    return apply(simd[0].maximum, simd[1].maximum, x, y, out, STREAMING)


def add_relu_streaming(x, y, out=None):
    """max(x + y, 0) in one pass: what exceeds the caches is written past them; one thread."""
    return apply(simd[0].add_relu, simd[1].add_relu, x, y, out, STREAMING)


def relu(x, out=None):
    """max(x, 0), element by element: any shape -> the same shape.

    float32 or float64; NaN stays NaN and -0.0 becomes 0.0, bit for bit np.maximum(x, 0). `out` takes the result
    and is returned; it may be x. Raises TypeError for other types, ValueError for an out of another shape.
    """
    return apply(simd[0].relu, simd[1].relu, x, x, out, PARALLEL)


def add(x, y, out=None):
    """x + y with NumPy's broadcasting and promotion: (64, 3, 32, 10) + (32, 10) -> (64, 3, 32, 10).

    float32 or float64 arrays; Python numbers take the other operand's type. `out` takes the result and is
    returned; it may overlap x or y. Raises TypeError for other types, ValueError for shapes that do not broadcast.
    """
    return apply(simd[0].add, simd[1].add, x, y, out, PARALLEL)


def maximum(x, y, out=None):
    """The larger of x and y, element by element; NaN if either is NaN. Shapes, types and errors: see add."""
    return apply(simd[0].maximum, simd[1].maximum, x, y, out, PARALLEL)


def add_relu(x, y, out=None):
    """max(x + y, 0) in one pass over memory instead of two. Shapes, types and errors: see add."""
    return apply(simd[0].add_relu, simd[1].add_relu, x, y, out, PARALLEL)


def relu_grad(g, y, out=None):
    """g where y > 0, else 0: the gradient of y = relu(x), given that of y. Shapes, types and errors: see add."""
    return apply(simd[0].relu_grad, simd[1].relu_grad, g, y, out, PARALLEL)
