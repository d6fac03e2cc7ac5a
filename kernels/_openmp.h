/* OpenMP's run time, or one thread where the compiler has none. Included by _threads.pyx alone. */
#ifndef KERNELS_OPENMP_H
#define KERNELS_OPENMP_H

#ifdef __linux__
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#endif

#include <stdatomic.h>
#include "_pids.h"

#ifdef _OPENMP
#include <omp.h>
#define OPENMP_VERSION _OPENMP
#else
#define OPENMP_VERSION 0
static int omp_get_max_threads(void) { return 1; }
static int omp_get_thread_limit(void) { return 1; }
static void omp_set_num_threads(int n) { (void)n; }
static int omp_get_thread_num(void) { return 0; }
static int omp_get_num_threads(void) { return 1; }
#endif

/* OpenMP keeps the number of threads per calling thread. A request made in one Python thread reaches another
 * at that one's next call, unless somebody else (threadpoolctl) has set a lower number there meanwhile. */
enum { MOST_THREADS = 4096, REQUEST = 2 * MOST_THREADS };
static atomic_uint request = 0; /* how many there were, times REQUEST, plus the number: one word is never half new */
static int at_import = 0;
static _Thread_local unsigned request_seen = 0;
static _Thread_local int set_here = 0; /* 0 until we have set this thread's number */

static void note_default(void) { at_import = omp_get_max_threads(); }

static void request_threads(int n)
{
    unsigned last = atomic_load_explicit(&request, memory_order_relaxed);
    if (n > omp_get_thread_limit())
        n = omp_get_thread_limit();
    do
        request_seen = (last / REQUEST + 1) * REQUEST + n;
    while (!atomic_compare_exchange_weak_explicit(&request, &last, request_seen, memory_order_relaxed,
                                                  memory_order_relaxed));
    set_here = n;
    omp_set_num_threads(n);
}

static inline int threads_here(void)
{
    int now = omp_get_max_threads();
    unsigned last = atomic_load_explicit(&request, memory_order_relaxed);
    if (request_seen != last) {
        int requested = last % REQUEST, limited = now < requested && now != (set_here ? set_here : at_import);
        request_seen = last;
        if (!limited) {
            omp_set_num_threads(requested);
            now = omp_get_max_threads();
        }
        set_here = now;
    }
    return now;
}

/* libgomp ends the process where it cannot start a thread: before a team grows, we see to it that it can. Each Python
 * thread has a pool of its own, and threads that a smaller team does not need end. (Who else uses the same libgomp from
 * the same Python thread may have made it smaller yet; that we do not see.) */
enum { PATIENCE = 1000, FAR = 256 }; /* calls; pids: with so many free, nobody else's growth is in the way */
static _Thread_local int pool = 1, proven = 1;                 /* threads that there are, and were at most */
static _Thread_local int refused = INT_MAX, calls_to_wait = 0; /* so many could not be; when to ask again */
static pthread_mutex_t growing = PTHREAD_MUTEX_INITIALIZER;    /* one looks and takes, then the next */

static void note_team(void)
{
    int n = omp_get_num_threads();
    if (n > 1)
        pool = n;
}

static int grow_team(int n)
{
    int more;
    if (n >= refused && --calls_to_wait > 0)
        n = refused - 1;
    if (n <= pool)
        return pool;
    more = n - pool;
    if (n <= proven && !pids_are_scarce(more + FAR))
        return n;
    pthread_mutex_lock(&growing);
    more = try_threads(more + SPARE_PIDS) - SPARE_PIDS;
    if (more > 0) {
        int size = pool + more;
#pragma omp parallel num_threads(size)
        if (!omp_get_thread_num())
            note_team();
    }
    pthread_mutex_unlock(&growing);
    proven = pool > proven ? pool : proven;
    refused = pool < n ? pool + 1 : INT_MAX;
    calls_to_wait = PATIENCE;
    return pool;
}

/* n, or as many fewer as there can be. */
static inline int ready_team(int n) { return n <= pool ? n : grow_team(n); }

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
    pool = 1;
#ifdef HAVE_OMP_PAUSE
    return omp_pause_resource_all(omp_pause_soft);
#else
    return 0;
#endif
}

/* A forked child has no threads yet, whoever was growing. LLVM's libomp starts it with its defaults. */
static void restore_threads(void)
{
    growing = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    pool = proven = 1;
    refused = INT_MAX;
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
