"""Threads: how many a call may use, and what fork needs. The only module that touches OpenMP's run time."""

import os

cdef extern from "_openmp.h" nogil:
    const int OPENMP_VERSION
    const char* COMPILER
    const char* COMPILER_NAME
    const char* KERNELS_FLAGS
    void request_threads(int n)
    int threads_here()
    int pause_threads()


cdef int team(double work, double grain) noexcept nogil:
    """Threads for this much work, at least `grain` of it each, so that threads never make a call slower."""
    cdef double useful = work / grain
    if useful < 2:
        return 1
    cdef int most = threads_here()
    return most if useful > most else <int> useful


def set_num_threads(n: int) -> None:
    """Let every kernel use up to n threads (an int of 1 or more), whichever Python thread calls it."""
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"the number of threads is an int of 1 or more, not {n!r}")
    if not 1 <= n <= 4096:
        raise ValueError(f"the number of threads is from 1 to 4096, not {n}")
    request_threads(n)
    threads_here()


def get_num_threads() -> int:
    """The most threads that a kernel called from here would use."""
    return threads_here()


def cpu_quota() -> int | None:
    """CPUs that the control group's quota allows (cgroup v2 or v1), rounded up, or None without a quota."""
    for quota_file, period_file in (
        ("/sys/fs/cgroup/cpu.max", None),
        ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
    ):
        try:
            with open(quota_file) as f:
                words = f.read().split()
            if period_file:
                with open(period_file) as f:
                    words += f.read().split()
            quota, period = int(words[0]), int(words[1])
        except (OSError, ValueError, IndexError):  # no such file, or the word "max"
            continue
        if quota > 0 and period > 0:
            return max(1, -(-quota // period))
    return None


def build_info() -> dict[str, object]:
    """What this build was made with: compiler, flags, OpenMP."""
    name, version = COMPILER_NAME.decode(), COMPILER.decode()
    return {
        "compiler": f"{name} {version}" if name not in version else version,
        "flags": KERNELS_FLAGS.decode(),
        "openmp": OPENMP_VERSION or None,
    }


# OMP_NUM_THREADS wins; else OpenMP counts the CPUs of the affinity mask, but knows nothing of quotas.
if not os.environ.get("OMP_NUM_THREADS"):
    quota = cpu_quota()
    if quota is not None and quota < threads_here():
        request_threads(quota)
    del quota
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=lambda: pause_threads())
