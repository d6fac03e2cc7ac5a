"""In-place optimizer updates, one pass over weights and state. The rules are Keras 3's (keras/src/optimizers).

RMSprop's has rungs below it: `typed` (the naive loop, compiled) and `simd` (the leaf of this CPU's instruction set).
"""

cimport numpy as cnp
from cython cimport floating
from libc.math cimport sqrt
from libc.stdlib cimport calloc, free, malloc

from kernels._arrays cimport as_float, bounds, contiguous, leaves_of, refuse_masked
from kernels._matrix cimport Epilogue, Matrix, Product, matrix
from kernels._simd cimport idx, leaves, weights
from kernels._threads cimport share, team
from kernels.sparse cimport SLICE, Sparse, has_many_zeros, multiply, prepare, release

import numpy as np

from kernels.products import dot

cnp.import_array()

cdef double GRAIN = 16384  # weights, see _threads.team


cdef enum Rule:
    SGD
    MOMENTUM
    RMSPROP_TYPED
    RMSPROP
    ADAM


cdef struct Update:
    Rule rule
    char* w  # data of the arrays; those that the rule does not use are NULL
    char* m
    char* v
    char* g
    idx n
    const leaves* leaf  # those of w's type
    double rate      # Adam: with its bias corrections
    double decay     # momentum, rho, or beta_1
    double decay_2   # beta_2
    double epsilon
    bint nesterov
    bint in_registers  # is the gradient a product that is not stored? g is NULL then, and n is 0,
    Product x          # it is this one, whose c is w,
    weights to
    Sparse sparse      # and this is what it needs, if sparse.memory is not NULL


cdef struct AllUpdates:
    Update* update  # one for each parameter
    idx count, elements


cdef struct Span:
    size_t low, high
    bint written


cdef tuple pair(tuple g):
    """The arrays x and y of a gradient dot(x, y): those that are checked are those that are multiplied."""
    if len(g) != 2:
        raise TypeError(f"g is a float32 or float64 array, or a pair (x, y) of them, not a tuple of {len(g)}")
    return as_float(g[0], "x"), as_float(g[1], "y")


cdef class Updates:
    """The updates of one call: one for each parameter."""
    cdef AllUpdates all
    cdef Span* span  # the memory of all arrays, by address
    cdef idx spans
    cdef list keep  # the arrays: another thread may change the caller's lists meanwhile

    def __cinit__(self, Rule rule, object w, object g, dict state, double rate, double decay=0, double decay_2=0,
                  double epsilon=0, bint nesterov=False):
        cdef idx i
        cdef size_t end = 0, written_end = 0
        cdef Update* u
        if not isinstance(w, (list, tuple)):
            w, g, state = (w,), (g,), {name: (x,) for name, x in state.items()}
        for name, x in (("g", g), *state.items()):
            if not isinstance(x, (list, tuple)):
                raise TypeError(f"w is a list, so {name} must be a list of float32 or float64 arrays as well")
        g = tuple([pair(x) if isinstance(x, tuple) else x for x in g])
        w, state = tuple(w), {name: tuple(x) for name, x in state.items()}
        self.keep = [w, g, *state.values()]
        for name, x in (("g", g), *state.items()):
            if len(x) != len(w):
                raise ValueError(f"{name} holds {len(x)} arrays, w {len(w)}")
        self.all.update = <Update*> calloc(max(1, len(w)), sizeof(Update))
        self.span = <Span*> malloc(max(1, len(w)) * (4 + len(state)) * sizeof(Span))  # w, g, its x and y
        if self.all.update == NULL or self.span == NULL:
            raise MemoryError
        for i in range(len(w)):
            u = &self.all.update[i]
            u.rule, u.rate, u.decay, u.decay_2, u.epsilon, u.nesterov = rule, rate, decay, decay_2, epsilon, nesterov
            self.take(u, w[i], g[i], {name: x[i] for name, x in state.items()})
            self.all.count += 1
        for i in range(self.spans):
            if self.span[i].low < (end if self.span[i].written else written_end):
                raise ValueError("weights, their state and their gradients must not share memory")
            end = max(end, self.span[i].high)
            if self.span[i].written:
                written_end = max(written_end, self.span[i].high)

    def __dealloc__(self):
        cdef idx i
        for i in range(self.all.count):
            release(&self.all.update[i].sparse)
        free(self.all.update)
        free(self.span)

    cdef int take(self, Update* u, object w, object g, dict state) except -1:
        if not isinstance(w, np.ndarray) or cnp.PyArray_TYPE(w) not in (cnp.NPY_FLOAT32, cnp.NPY_FLOAT64):
            raise TypeError("w must be a float32 or float64 array: it is updated in place")
        u.w, u.leaf = self.checked(w, w, "w", True), leaves_of(w)
        if "m" in state:
            u.m = self.checked(state["m"], w, "m", True)
        if "v" in state:
            u.v = self.checked(state["v"], w, "v", True)
        if isinstance(g, tuple):
            if self.skips_zeros(u, w, g[0], g[1]):
                return 0
        return self.read(u, w, g)

    cdef int read(self, Update* u, object w, object g) except -1:
        """The gradient as an array: of a pair, its product."""
        if isinstance(g, tuple):
            g = dot(*g)
            self.keep.append(g)
        u.g, u.n = self.checked(g, w, "g", False), cnp.PyArray_SIZE(w)
        self.all.elements += u.n
        return 0

    cdef bint skips_zeros(self, Update* u, cnp.ndarray w, cnp.ndarray x, cnp.ndarray y):
        """Can w's gradient x . y stay in registers? Then u holds this product.

        On an EPYC (Zen 4), 784x128x512 with MNIST's zeros, product and RMSprop then take 0.89 of the time with AVX-512
        and 0.93 with AVX2; with Adam, which has more state to read and write, 0.95 and 0.98.
        """
        cdef idx m, n, k
        self.occupy(x, False)
        self.occupy(y, False)
        if u.rule not in (RMSPROP, ADAM) or not cnp.PyArray_TYPE(x) == cnp.PyArray_TYPE(y) == cnp.PyArray_TYPE(w):
            return False
        if not cnp.PyArray_NDIM(x) == cnp.PyArray_NDIM(y) == cnp.PyArray_NDIM(w) == 2:
            return False
        m, n, k = cnp.PyArray_DIM(w, 0), cnp.PyArray_DIM(w, 1), cnp.PyArray_DIM(x, 1)
        if cnp.PyArray_DIM(x, 0) != m or cnp.PyArray_DIM(y, 0) != k or cnp.PyArray_DIM(y, 1) != n or k > SLICE:
            return False
        u.x.m, u.x.n, u.x.k, u.x.end, u.x.leaf = m, n, k, Epilogue(NULL, False), u.leaf
        u.x.a, u.x.b, u.x.c = matrix(x, False), matrix(y, False), Matrix(u.w, n, 1)
        u.in_registers = has_many_zeros(&u.x)
        return u.in_registers

    cdef char* checked(self, object x, cnp.ndarray w, str name, bint written) except NULL:
        refuse_masked(x, name, written)
        if not isinstance(x, np.ndarray) or cnp.PyArray_TYPE(x) != cnp.PyArray_TYPE(w):
            raise TypeError(f"{name} must be a {(<object> w).dtype} array, as w is")
        if not cnp.PyArray_SAMESHAPE(x, w):
            raise ValueError(f"{name} has shape {x.shape}, w has shape {(<object> w).shape}")
        if not contiguous(x):
            raise ValueError(f"{name} must be contiguous: it is updated, or read, in one sweep")
        if written and not cnp.PyArray_ISWRITEABLE(x):
            raise ValueError(f"{name} is read-only, and it is updated in place")
        self.occupy(x, written)
        return cnp.PyArray_BYTES(x)

    cdef void occupy(self, cnp.ndarray x, bint written) noexcept:
        cdef idx i = self.spans
        cdef Span span = Span(0, 0, written)
        if cnp.PyArray_SIZE(x) == 0:
            return
        bounds(x, &span.low, &span.high)
        while i > 0 and self.span[i - 1].low > span.low:
            self.span[i] = self.span[i - 1]
            i -= 1
        self.span[i] = span
        self.spans += 1

    cdef int run(self, bint threads) except -1:
        cdef idx i
        cdef Update* u
        for i in range(self.all.count):  # before anything is changed: memory may be short
            u = &self.all.update[i]
            if u.in_registers:
                u.to = weights(u.w, u.m, u.v, u.rate, u.decay, u.decay_2, u.epsilon)
                with nogil:
                    u.in_registers = prepare(&u.sparse, &u.x, &u.to)
                if not u.in_registers:
                    self.read(u, self.keep[0][i], self.keep[1][i])
        for i in range(self.all.count):
            u = &self.all.update[i]
            if u.in_registers:
                with nogil:
                    multiply(&u.sparse)
        with nogil:
            share(update_part, &self.all, team(self.all.elements, GRAIN) if threads else 1)
        return 0


cdef void rmsprop_loop(const Update* u, floating* w, floating* v, const floating* g, idx first,
                       idx stop) noexcept nogil:
    """The naive loop with C types."""
    cdef idx i
    cdef floating rate = <floating> u.rate, keep = <floating> u.decay, take = <floating> (1 - u.decay)
    cdef floating epsilon = <floating> u.epsilon
    for i in range(first, stop):
        v[i] = keep * v[i] + take * g[i] * g[i]
        w[i] -= rate * g[i] / <floating> sqrt(v[i] + epsilon)


cdef void update_range(const Update* u, idx first, idx stop) noexcept nogil:
    cdef const leaves* leaf = u.leaf
    cdef idx n = stop - first, at = first * leaf.size
    if u.rule == SGD:
        leaf.sgd(u.w + at, u.g + at, n, u.rate)
    elif u.rule == MOMENTUM:
        leaf.momentum(u.w + at, u.m + at, u.g + at, n, u.rate, u.decay, u.nesterov)
    elif u.rule == RMSPROP_TYPED and leaf.size == sizeof(double):
        rmsprop_loop(u, <double*> u.w, <double*> u.v, <const double*> u.g, first, stop)
    elif u.rule == RMSPROP_TYPED:
        rmsprop_loop(u, <float*> u.w, <float*> u.v, <const float*> u.g, first, stop)
    elif u.rule == RMSPROP:
        leaf.rmsprop(u.w + at, u.v + at, u.g + at, n, u.rate, u.decay, u.epsilon)
    else:
        leaf.adam(u.w + at, u.m + at, u.v + at, u.g + at, n, u.rate, u.decay, u.decay_2, u.epsilon)


cdef void update_part(void* task, int worker, int workers) noexcept nogil:
    """A part of the elements, counted through all parameters."""
    cdef const AllUpdates* all = <const AllUpdates*> task
    cdef idx part = (all.elements // workers + 64) // 64 * 64  # within an array, cache lines of their own
    cdef idx first = worker * part, stop = min((worker + 1) * part, all.elements), i, begin, end
    for i in range(all.count):
        begin, end = max(first, 0), min(stop, all.update[i].n)
        if begin < end:
            update_range(&all.update[i], begin, end)
        first -= all.update[i].n
        stop -= all.update[i].n


def sgd_update(w, g, double learning_rate):
    """w -= learning_rate g, in place.

    w and g, as the arrays of all updates here: contiguous, float32 or float64, of one shape, in memory of their own;
    or lists of such arrays, one for each parameter, updated in one pass. In the place of an array in g a pair (x, y)
    stands for the gradient dot(x, y), of x (m, k) and y (k, n) with any strides: the same bits, but RMSprop and Adam
    do not store a product that skips zeros, of float32 or float64 alone and k up to 128. Raises TypeError and
    ValueError otherwise, and MemoryError, before anything is changed.
    """
    (<Updates> Updates(SGD, w, g, {}, learning_rate)).run(True)


def momentum_update(w, m, g, double learning_rate, double momentum, bint nesterov=False):
    """m = momentum m - learning_rate g; w += m, or with nesterov w += momentum m - learning_rate g.

    Arrays and errors: see sgd_update.
    """
    (<Updates> Updates(MOMENTUM, w, g, {"m": m}, learning_rate, momentum, nesterov=nesterov)).run(True)


def rmsprop_update_typed(w, v, g, double learning_rate, double rho, double epsilon):
    """rmsprop_update: the naive loop with C types, one thread, but for the product of a gradient given as a pair."""
    (<Updates> Updates(RMSPROP_TYPED, w, g, {"v": v}, learning_rate, rho, epsilon=epsilon)).run(False)


def rmsprop_update_simd(w, v, g, double learning_rate, double rho, double epsilon):
    """rmsprop_update in this CPU's widest vectors, one thread, but for a gradient given as a pair."""
    (<Updates> Updates(RMSPROP, w, g, {"v": v}, learning_rate, rho, epsilon=epsilon)).run(False)


def rmsprop_update(w, v, g, double learning_rate, double rho, double epsilon):
    """v = rho v + (1 - rho) g g; w -= learning_rate g / sqrt(v + epsilon): epsilon inside the root.

    Arrays and errors: see sgd_update.
    """
    (<Updates> Updates(RMSPROP, w, g, {"v": v}, learning_rate, rho, epsilon=epsilon)).run(True)


def adam_update(w, m, v, g, double learning_rate, double beta_1, double beta_2, double epsilon, Py_ssize_t step):
    """m += (1 - beta_1)(g - m); v += (1 - beta_2)(g g - v); w -= alpha m / (sqrt(v) + epsilon), where
    alpha = learning_rate sqrt(1 - beta_2**step) / (1 - beta_1**step): epsilon outside the root, step from 1.

    Kingma and Ba, "Adam" (2015), in the form of its section 2, last paragraph, as in Keras. Arrays and errors: see
    sgd_update.
    """
    if step < 1:
        raise ValueError(f"step counts from 1, not {step}")
    cdef double alpha = learning_rate * sqrt(1 - beta_2 ** step) / (1 - beta_1 ** step)
    (<Updates> Updates(ADAM, w, g, {"m": m, "v": v}, alpha, beta_1, beta_2, epsilon)).run(True)
