// The machine's limits: multiply-adds that never leave the registers, and streams through memory.
// Each function returns the seconds of one run. machine.py builds it for the instruction set that kernels uses.
#include <omp.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__AVX512F__)
#define BYTES 64
#define SUMS 24 // independent sums hide the latency of an FMA; 32 registers hold these, x and y
#elif defined(__AVX2__)
#define BYTES 32
#define SUMS 12 // of 16 registers
#else
#define BYTES 16
#define SUMS 12
#endif

#if defined(__aarch64__)
#define REGISTER "w"
#else
#define REGISTER "x"
#endif

// Tells the compiler that v has changed, so that it can neither fold the loop nor hoist out of it; costs nothing.
#define OPAQUE(v) __asm__ volatile("" : "+" REGISTER(v))

#define FMA(NAME, T)                                                                                                   \
    double NAME(int threads, long turns) {                                                                             \
        typedef T vector __attribute__((vector_size(BYTES)));                                                          \
        double start = omp_get_wtime();                                                                                \
        _Pragma("omp parallel num_threads(threads)") {                                                                 \
            vector sums[SUMS] = {{0}}, x = {0}, y = {0};                                                               \
            OPAQUE(x);                                                                                                 \
            OPAQUE(y);                                                                                                 \
            for (long t = 0; t < turns; t++) {                                                                         \
                _Pragma("GCC unroll 32") for (int i = 0; i < SUMS; i++) {                                              \
                    sums[i] += x * y;                                                                                  \
                    OPAQUE(sums[i]);                                                                                   \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        return omp_get_wtime() - start;                                                                                \
    }

FMA(fma_float32, float)
FMA(fma_float64, double)

// Multiply-adds of one turn of one thread.
long lanes_float32(void) { return SUMS * BYTES / sizeof(float); }
long lanes_float64(void) { return SUMS * BYTES / sizeof(double); }

// Stores that bypass the caches: an ordinary store to memory first reads the line that it overwrites.
typedef float stream __attribute__((vector_size(16)));
#if defined(__SSE2__)
#include <immintrin.h>
#define STORE(p, v) _mm_stream_ps((float *)(p), (__m128)(v))
#define FENCE() _mm_sfence()
#else
#define STORE(p, v) (*(p) = (v))
#define FENCE()
#endif

void touch(int threads, stream *a, size_t n) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t i = 0; i < n; i++) a[i] = (stream){1, 1, 1, 1};
}

#define STREAM(NAME, VALUE)                                                                                            \
    double NAME(int threads, stream *restrict z, const stream *restrict x, const stream *restrict y, size_t n) {       \
        double start = omp_get_wtime();                                                                                \
        _Pragma("omp parallel num_threads(threads)") {                                                                 \
            _Pragma("omp for schedule(static)") for (size_t i = 0; i < n; i++) STORE(z + i, VALUE);                    \
            FENCE();                                                                                                   \
        }                                                                                                              \
        return omp_get_wtime() - start;                                                                                \
    }

STREAM(copy, x[i])
STREAM(add, x[i] + y[i])

// x += y where a cache holds the arrays, `turns` times: each thread has its own n vectors of x and y. (A result elsewhere
// would be read before it is written, and the cache would move four arrays, not three.)
double add_in_cache(int threads, size_t n, long turns) {
    typedef float vector __attribute__((vector_size(BYTES)));
    double longest = 0;
#pragma omp parallel num_threads(threads) reduction(max : longest)
    {
        vector *x = aligned_alloc(4096, (2 * n * BYTES + 4095) / 4096 * 4096), *y = x + n;
        if (x) {
            for (size_t i = 0; i < 2 * n; i++) x[i] = (vector){0};
#pragma omp barrier
            double start = omp_get_wtime();
            for (long t = 0; t < turns; t++) {
                for (size_t i = 0; i < n; i++) x[i] += y[i];
                __asm__ volatile("" : : "r"(x) : "memory");
            }
            longest = omp_get_wtime() - start;
        }
        free(x);
    }
    return longest;
}

size_t vector_bytes(void) { return BYTES; }
