/* The table of leaves: one per instruction set, the same functions for float32 and float64.
 *
 * A leaf is a serial inner loop over raw pointers; checks, blocking and threads are Cython's part.
 * Pointers are void so that one call site serves both types. Strides count elements.
 */
#ifndef KERNELS_LEAVES_H
#define KERNELS_LEAVES_H

#include <stddef.h>
#include <stdint.h>

typedef ptrdiff_t idx;

/* out[i] = f(x[i], y[i]), i < n. A stride of 0 repeats one element; out may be x or y itself. stream: write past the
 * caches; then `end_stream` must follow before anybody else reads. */
typedef void binary_leaf(const void *x, idx sx, const void *y, idx sy, void *out, idx so, idx n, int stream);

/* Weights, the state and the numbers of their rule: RMSprop's if m is NULL (decay is rho), or Adam's. */
typedef struct {
    void *w, *m, *v;
    double rate, decay, decay_2, epsilon;
} weights;

typedef struct leaves {
    /* relu ignores y, so that unary and binary operations share one driver. */
    binary_leaf *relu, *add, *maximum, *add_relu, *relu_grad;

    /* sum of x[i] * y[i], both contiguous */
    double (*vector_dot)(const void *x, const void *y, idx n);

    /* c (m, n) = a (m, k) b (k, n) by loops in that order, and by tiles, for which n is a multiple of `vector`. a has
     * any strides; the columns of b and c are adjacent */
    void (*ipj)(idx m, idx n, idx k, const void *a, idx ra, idx ca, const void *b, idx rb, void *c, idx rc);
    void (*tiled)(idx m, idx n, idx k, const void *a, idx ra, idx ca, const void *b, idx rb, void *c, idx rc);
    /* c (m, n) = a (m, k) b (k, n), or += if accumulate. n <= panel. a has any strides; the rows of b lie ldb
     * apart and are readable up to the next multiple of `vector` columns; c's columns are adjacent. next, if not
     * NULL, is the b of the next call, with its rows ld_next apart: it comes to the L2 cache meanwhile. */
    void (*gemm_panel)(idx m, idx n, idx k, const void *a, idx rsa, idx csa, const void *b, idx ldb, const void *next,
                       idx ld_next, void *c, idx ldc, int accumulate);
    /* out = copies of panels of b, panel columns each, one (k, panel) behind the other; the columns of b are adjacent */
    void (*pack)(idx panels, idx k, const void *b, idx ldb, void *out);
    /* c (m, n) = a (m, k) b', or += if accumulate, for contiguous rows of a and of b (n, k) */
    void (*inner)(idx m, idx n, idx k, const void *a, idx lda, const void *b, idx ldb, void *c, idx rsc, idx csc,
                  int accumulate);
    /* c (m, n) = a (m, k) b (k, n) for m <= 6, n <= vector, or m = 1, n <= panel; the rows of b, ldb >= n
     * apart, and of c are contiguous */
    void (*few)(idx m, idx n, idx k, const void *a, idx rsa, idx csa, const void *b, idx ldb, void *c, idx ldc);
    /* c (n) = a (k) b (k, n); the rows of b and c are contiguous */
    void (*row_times)(idx n, idx k, const void *a, idx csa, const void *b, idx ldb, void *c);
    /* out (m, n) = x (m, n), any strides; they share no memory */
    void (*copy)(idx m, idx n, const void *x, idx row, idx column, void *out, idx out_row, idx out_column);

    idx (*zeros)(idx n, const void *x); /* how many elements of x are 0 */
    /* the elements of x (n) that are not 0, and where they stand; returns their number */
    idx (*nonzeros)(idx n, const void *x, int32_t *where, void *value);
    /* out (m, n) = x (m, n), zeros to its right up to a whole vector; returns whether all of x is finite */
    int (*copy_finite)(idx m, idx n, const void *x, idx ldx, void *out, idx ldo);
    /* c (m, n) = a b, or += if accumulate, for a slice of a in a list as in sparse.inc. n <= sparse_columns, which is
     * also the distance of b's rows. With `to`, if not NULL, c is a part of its weights: their rule is applied to them,
     * a b is their gradient and not stored. */
    void (*sparse_rows)(idx m, idx n, const int32_t *cuts, const int32_t *where, const void *value, const void *b,
                        void *c, idx ldc, int accumulate, const weights *to);

    idx size; /* bytes of an element */
    /* The same with vectors of 32 bytes, if these have 64: longer vectors start at half the rate, or less, and what
     * cannot fill half of one is done sooner with short ones. */
    const struct leaves *narrow;
    idx panel, vector, sparse_columns;

    /* contiguous rows of x (m, n); out may be x */
    void (*softmax)(const void *x, void *out, idx m, idx n);
    /* losses (m) and grad (m, n) = d losses / d x, for targets given as labels or as distributions */
    void (*cross_entropy_labels)(const void *x, const int64_t *labels, void *losses, void *grad, idx m, idx n);
    void (*cross_entropy_rows)(const void *x, const void *targets, void *losses, void *grad, idx m, idx n);
    /* out (m), of float32 = 1 where the first of a row's largest is at its label, else 0; a NaN counts as -inf */
    void (*top_matches)(const void *x, const int64_t *labels, void *out, idx m, idx n);
    /* sum of x[i], contiguous, added in x's type */
    double (*vector_sum)(const void *x, idx n);

    /* in-place updates of n contiguous weights */
    void (*sgd)(void *w, const void *g, idx n, double lr);
    void (*momentum)(void *w, void *m, const void *g, idx n, double lr, double momentum, int nesterov);
    void (*rmsprop)(void *w, void *v, const void *g, idx n, double lr, double rho, double eps);
    void (*adam)(void *w, void *m, void *v, const void *g, idx n, double alpha, double beta_1, double beta_2,
                 double eps);
} leaves;

typedef struct {
    const char *isa;
    leaves type[2]; /* float32, float64 */
} simd_table;

/* Read and written; above it pays to write past the caches: on a Xeon (Emerald Rapids) those of two cores' L2 and a
 * little, since L3 is far; on an EPYC (Zen 4) those of half its L3. */
static inline idx stream_bytes(void)
{
#ifdef __x86_64__
    if (__builtin_cpu_is("intel")) return 5200000;
#endif
    return 16000000;
}

static inline void end_stream(void)
{
#ifdef __SSE2__
    __builtin_ia32_sfence();
#endif
}

/* Ask for rows of memory before they are needed, where no hardware foresees them. */
static inline void prefetch_rows(const char *x, idx rows, idx stride, idx bytes)
{
    for (idx i = 0; i < rows; i++)
        for (idx line = 0; line < bytes; line += 64) __builtin_prefetch(x + i * stride + line, 0, 2);
}

/* Tables that this build holds and this CPU runs, slowest first, NULL at the end. */
const simd_table *const *simd_tables(void);

#endif
