"""Threads: how many a call may use, and what fork needs. The only module that touches OpenMP's run time."""

import os

from cython.parallel cimport prange

from kernels.cpus import cpu_quota, pids_files

cdef extern from "_pids.h" nogil:
    void watch_pids(const char* most, const char* now)

cdef extern from "_pays.h" nogil:
    bint threads_pay(double grains)
    void begin_region()
    void end_own_part()
    void end_region(int threads)
    void share_always(int on)

cdef extern from "_openmp.h" nogil:
    const int OPENMP_VERSION
    const char* COMPILER
    const char* COMPILER_NAME
    const char* KERNELS_FLAGS
    const char* KERNELS_VERSION
    const int MOST_THREADS
    void note_default()
    void request_threads(int n)
    int threads_here()
    int ready_team(int n)
    void note_team()
    int pause_threads()
    void restore_threads()
    int current_cpu()
    void leave_cpu(int cpu)
    int omp_get_thread_limit()


VERSION = KERNELS_VERSION.decode()  # of the distribution that this was built for


cdef int team(double work, double grain) noexcept nogil:
    """Threads for this much work, at least `grain` of it each, so that threads never make a call slower.

    A grain is what one thread does in 4 us (measured on an EPYC with AVX-512, float32 in L2): to share two of them
    with a worker that is awake costs what it saves. One also where workers sleep and there is little work at hand, or
    were late of late: see _pays.h.
    """
    cdef double useful = work / grain
    cdef int most
    if useful < 2:
        return 1
    most = threads_here()
    if most == 1 or not threads_pay(useful):
        return 1
    return ready_team(most if useful > most else <int> useful)


cdef void share(part_of* part, void* task, int workers) noexcept nogil:
    """part(task, 0, workers) to part(task, workers - 1, workers): the first in this thread, the others in one each."""
    cdef int worker, home
    if workers == 1:  # an OpenMP region of one thread would cost more than a small part
        part(task, 0, 1)
        return
    home = current_cpu()
    begin_region()
    for worker in prange(workers, num_threads=workers, schedule="static", chunksize=1):
        if worker == 0:
            note_team()
        elif home >= 0 and current_cpu() == home:
            leave_cpu(home)
        part(task, worker, workers)
        if worker == 0:
            end_own_part()
    end_region(workers)


def set_always(bint on) -> None:
    """For tests: threads wherever there is work for two, asleep or late as they may be; and forget who was late."""
    share_always(on)


def set_num_threads(n) -> None:
    """Let every kernel use up to n threads (an int of 1 or more), whichever Python thread calls it.

    More than there are CPUs, too; but no more start than OMP_THREAD_LIMIT allows, and than limits on processes
    (pids.max of control groups, ulimit -u) leave room for.
    """
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"the number of threads is an int of 1 or more, not {n!r}")
    if not 1 <= n <= MOST_THREADS:
        raise ValueError(f"the number of threads is from 1 to {MOST_THREADS}, not {n}")
    request_threads(n)


def get_num_threads() -> int:
    """The most threads that a kernel called from here would use, if the limits on processes leave room for them."""
    return threads_here()


def build_info() -> dict[str, object]:
    """What this build was made with: compiler, flags, OpenMP."""
    name, version = COMPILER_NAME.decode(), COMPILER.decode()
    return {
        "compiler": f"{name} {version}" if name not in version else version,
        "flags": KERNELS_FLAGS.decode(),
        "openmp": OPENMP_VERSION or None,
    }


def _start() -> None:
    """The default number of threads, and where the system limits it."""
    numbers = [text.strip().removeprefix("+") for text in os.environ.get("OMP_NUM_THREADS", "").split(",")]
    valid = all(text.isascii() and text.isdecimal() and len(text) < 10 and int(text) for text in numbers)
    quota = None if valid else cpu_quota()  # what is not valid OpenMP ignores: it takes all CPUs
    for files in pids_files():
        most, now = map(os.fsencode, files)
        watch_pids(most, now)
    note_default()
    default = min(threads_here(), quota or MOST_THREADS, omp_get_thread_limit(), MOST_THREADS)
    if default < threads_here():
        request_threads(default)


_start()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=lambda: pause_threads(), after_in_child=lambda: restore_threads())
