// The machine's limits: multiply-adds that never leave the registers, and streams through caches and memory. Each function
// returns the best rate of so many runs, 1e9 operations or bytes a second. machine.py builds it for the instruction set
// that kernels uses.
#include <math.h>
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

#define TURNS (6000000 / SUMS) // a millisecond at 3 GHz and two multiply-adds a cycle

#define FMA(NAME, T)                                                                                                   \
    double NAME(int threads, int runs) {                                                                               \
        typedef T vector __attribute__((vector_size(BYTES)));                                                          \
        double least = INFINITY;                                                                                       \
        for (int run = 0; run < runs; run++) {                                                                         \
            double start = omp_get_wtime();                                                                            \
            _Pragma("omp parallel num_threads(threads)") {                                                             \
                vector sums[SUMS] = {{0}}, x = {0}, y = {0};                                                           \
                OPAQUE(x);                                                                                             \
                OPAQUE(y);                                                                                             \
                for (long t = 0; t < TURNS; t++) {                                                                     \
                    _Pragma("GCC unroll 32") for (int i = 0; i < SUMS; i++) {                                          \
                        sums[i] += x * y;                                                                              \
                        OPAQUE(sums[i]);                                                                               \
                    }                                                                                                  \
                }                                                                                                      \
            }                                                                                                          \
            least = fmin(least, omp_get_wtime() - start);                                                              \
        }                                                                                                              \
        return 2e-9 * threads * TURNS * SUMS * (BYTES / sizeof(T)) / least;                                            \
    }

FMA(fma_float32, float)
FMA(fma_float64, double)

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

// Through memory, of arrays of so many bytes, whose pages belong to the threads that touch them first.
#define STREAM(NAME, ARRAYS, VALUE)                                                                                    \
    double NAME(int threads, stream *restrict z, stream *restrict x, stream *restrict y, size_t bytes, int runs) {     \
        size_t n = bytes / sizeof(stream);                                                                             \
        _Pragma("omp parallel for num_threads(threads) schedule(static)") for (size_t i = 0; i < n; i++)               \
            z[i] = x[i] = y[i] = (stream){1, 1, 1, 1};                                                                 \
        double least = INFINITY;                                                                                       \
        for (int run = 0; run < runs; run++) {                                                                         \
            double start = omp_get_wtime();                                                                            \
            _Pragma("omp parallel num_threads(threads)") {                                                             \
                _Pragma("omp for schedule(static)") for (size_t i = 0; i < n; i++) STORE(z + i, VALUE);                \
                FENCE();                                                                                               \
            }                                                                                                          \
            least = fmin(least, omp_get_wtime() - start);                                                              \
        }                                                                                                              \
        return 1e-9 * ARRAYS * bytes / least;                                                                          \
    }

STREAM(copy, 2, x[i])
STREAM(add, 3, x[i] + y[i])

#define MOVED (64e6) // bytes of each thread in one run

// x += y where a cache holds both, so many bytes together: each thread has its own. (A result elsewhere would be read
// before it is written, and the cache would move four arrays, not three.) 0 without the memory for them.
double add_in_cache(int threads, size_t bytes, int runs) {
    typedef float vector __attribute__((vector_size(BYTES)));
    size_t n = bytes / 2 / BYTES, moved = 3 * n * BYTES, stride = (bytes + 4095) / 4096 * 4096 / BYTES;
    long turns = 1 + MOVED / moved;
    vector *all = aligned_alloc(4096, threads * stride * BYTES);
    double least = INFINITY;
    if (!all) return 0;
#pragma omp parallel num_threads(threads)
    {
        vector *x = all + omp_get_thread_num() * stride, *y = x + n;
        for (size_t i = 0; i < 2 * n; i++) x[i] = (vector){0};
        for (int run = 0; run < runs; run++) {
#pragma omp barrier
            double start = omp_get_wtime();
            for (long t = 0; t < turns; t++) {
                for (size_t i = 0; i < n; i++) x[i] += y[i];
                __asm__ volatile("" : : "r"(x) : "memory");
            }
#pragma omp barrier
#pragma omp master
            least = fmin(least, omp_get_wtime() - start);
        }
    }
    free(all);
    return 1e-9 * threads * turns * moved / least;
}

// Seconds of an empty parallel region whose threads still spin.
double region(int threads, int runs) {
    double least = INFINITY;
    for (int run = 0; run < runs; run++) {
        double start = omp_get_wtime();
        for (int i = 0; i < 100; i++) {
            _Pragma("omp parallel num_threads(threads)") { __asm__ volatile("" ::: "memory"); }
        }
        least = fmin(least, omp_get_wtime() - start);
    }
    return least / 100;
}
