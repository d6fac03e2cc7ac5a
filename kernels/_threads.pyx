"""Threads: how many a call may use, and what fork needs. The only module that touches OpenMP's run time."""

import os

from kernels._cpus import cpu_quota

cdef extern from "_openmp.h" nogil:
    const int OPENMP_VERSION
    const char* COMPILER
    const char* COMPILER_NAME
    const char* KERNELS_FLAGS
    const char* KERNELS_VERSION
    void note_default()
    void request_threads(int n)
    int threads_here()
    int pause_threads()
    void restore_threads()
    int current_cpu()
    void leave_cpu(int cpu)
    int omp_get_thread_num()


VERSION = KERNELS_VERSION.decode()  # of the distribution that this was built for


cdef int team(double work, double grain) noexcept nogil:
    """Threads for this much work, at least `grain` of it each, so that threads never make a call slower."""
    cdef double useful = work / grain
    if useful < 2:
        return 1
    cdef int most = threads_here()
    return most if useful > most else <int> useful


cdef int home() noexcept nogil:
    """The CPU of the caller, for `spread`."""
    return current_cpu()


cdef void spread(int home) noexcept nogil:
    """Called by each thread of a region: one that shares its caller's CPU moves to another."""
    if omp_get_thread_num() and home >= 0 and current_cpu() == home:
        leave_cpu(home)


def set_num_threads(n) -> None:
    """Let every kernel use up to n threads (an int of 1 or more), whichever Python thread calls it."""
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"the number of threads is an int of 1 or more, not {n!r}")
    if not 1 <= n <= 4096:
        raise ValueError(f"the number of threads is from 1 to 4096, not {n}")
    request_threads(n)


def get_num_threads() -> int:
    """The most threads that a kernel called from here would use."""
    return threads_here()


def build_info() -> dict[str, object]:
    """What this build was made with: compiler, flags, OpenMP."""
    name, version = COMPILER_NAME.decode(), COMPILER.decode()
    return {
        "compiler": f"{name} {version}" if name not in version else version,
        "flags": KERNELS_FLAGS.decode(),
        "openmp": OPENMP_VERSION or None,
    }


note_default()
if not os.environ.get("OMP_NUM_THREADS"):
    quota = cpu_quota()
    if quota is not None and quota < threads_here():
        request_threads(quota)
    del quota
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=lambda: pause_threads(), after_in_child=lambda: restore_threads())
