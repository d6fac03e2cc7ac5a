/* OpenMP's run time, or one thread where the compiler has none. Included by _threads.pyx alone. */
#ifndef KERNELS_OPENMP_H
#define KERNELS_OPENMP_H

#ifdef __linux__
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#endif

#ifdef _OPENMP
#include <omp.h>
#define OPENMP_VERSION _OPENMP
#else
#define OPENMP_VERSION 0
static int omp_get_max_threads(void) { return 1; }
static void omp_set_num_threads(int n) { (void)n; }
static int omp_get_thread_num(void) { return 0; }
#endif

/* OpenMP keeps the number of threads per calling thread. A request made in one Python thread reaches another
 * at that one's next call, unless somebody else (threadpoolctl) has set a lower number there meanwhile. */
static int requested_threads = 0, requests = 0, at_import = 0;
static _Thread_local int requests_seen = 0, set_here = 0; /* set_here: 0 until we have set this thread's number */

static void note_default(void) { at_import = omp_get_max_threads(); }

static void request_threads(int n)
{
    requested_threads = set_here = n;
    requests_seen = ++requests;
    omp_set_num_threads(n);
}

static inline int threads_here(void)
{
    int now = omp_get_max_threads();
    if (requests_seen != requests) {
        int limited = now < requested_threads && now != (set_here ? set_here : at_import);
        requests_seen = requests;
        if (!limited) {
            omp_set_num_threads(requested_threads);
            now = omp_get_max_threads();
        }
        set_here = now;
    }
    return now;
}

/* A worker that wakes on its caller's CPU is left there by Linux for many milliseconds, and the two take turns
 * instead of running together. It moves itself off, and is free to go anywhere again. */
#ifdef __linux__
static inline int current_cpu(void) { return sched_getcpu(); }

static void leave_cpu(int cpu)
{
    cpu_set_t allowed, others;
    if (sched_getaffinity(0, sizeof allowed, &allowed))
        return;
    others = allowed;
    CPU_CLR(cpu, &others);
    if (CPU_COUNT(&others) && !sched_setaffinity(0, sizeof others, &others))
        sched_setaffinity(0, sizeof allowed, &allowed);
}
#else
static inline int current_cpu(void) { return -1; }
static void leave_cpu(int cpu) { (void)cpu; }
#endif

/* libgomp's workers do not survive fork; a child that wakes them hangs. Pausing frees them before. */
static int pause_threads(void)
{
#ifdef HAVE_OMP_PAUSE
    return omp_pause_resource_all(omp_pause_soft);
#else
    return 0;
#endif
}

/* LLVM's libomp starts a forked child with its defaults. */
static void restore_threads(void)
{
    if (set_here) omp_set_num_threads(set_here);
}

#ifdef __VERSION__
#define COMPILER __VERSION__
#else
#define COMPILER "unknown"
#endif
#if defined(__clang__)
#define COMPILER_NAME "Clang"
#elif defined(__GNUC__)
#define COMPILER_NAME "GCC"
#else
#define COMPILER_NAME ""
#endif

#endif
