"""When is it quiet enough to measure? Threads that still spin, and other processes, take the CPUs of a contestant."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# Seconds: a look at the process's CPU time, which the kernel brings up to date at its ticks, 10 ms apart at most; and
# the longest wait
SPIN_CHECK, SPIN_MOST = 0.025, 1.0
TICKS, SHARE = 0.02, 0.05  # what others may take: two ticks of the kernel's clock, and this part of the time


def cpus() -> set[int]:
    """Those that this process may use."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def settle() -> None:
    """Wait until no thread of this process spins: OpenBLAS' and OpenMP's do for a while after a call."""
    end = time.perf_counter() + SPIN_MOST
    while time.perf_counter() < end:
        before = time.process_time()
        time.sleep(SPIN_CHECK)
        if time.process_time() - before < SPIN_CHECK / 10:
            return


@contextmanager
def scattered() -> Iterator[None]:
    """While this lasts, the calling thread has a CPU to itself, and the others of this process share out the rest.

    Linux wakes a sleeping OpenMP thread on its caller's CPU if another library's thread was on its own, and leaves both
    there for tens of milliseconds: a 6 us call then takes 500 us. Programs that use one such library are spared that.
    """
    free = cpus()
    if not os.path.isdir("/proc/self/task") or len(free) < 2:
        yield
        return
    first, *rest = sorted(free)
    me = threading.get_native_id()
    others = [tid for tid in sorted(map(int, os.listdir("/proc/self/task"))) if tid != me]
    _allow(me, {first})
    for i, tid in enumerate(others):
        _allow(tid, {rest[i % len(rest)]})
    try:
        yield
    finally:
        for tid in map(int, os.listdir("/proc/self/task")):
            _allow(tid, free)


def _allow(tid: int, where: set[int]) -> None:
    with suppress(ProcessLookupError):  # a thread that has ended
        os.sched_setaffinity(tid, where)


@contextmanager
def busy_process() -> Iterator[None]:
    """While this lasts, another process computes all the time."""
    command = [sys.executable, "-S", "-c", "print(flush=True)\nwhile True: pass"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            if process.stdout:
                process.stdout.readline()  # it has started
            yield
        finally:
            process.kill()


def _taken() -> float:
    """CPU seconds that others have taken on our CPUs, from any start; 0 where /proc/stat does not tell.

    A parallel kernel waits for its slowest thread: one neighbour on one CPU makes a 30 us product take 700 us.
    """
    ours, total = {f"cpu{n}" for n in cpus()}, 0
    try:
        with open("/proc/stat") as lines:
            for name, *fields in map(str.split, lines):
                if name in ours:
                    user, nice, system, _idle, _wait, irq, softirq, steal = map(int, fields[:8])
                    total += user + nice + system + irq + softirq + steal
    except (OSError, ValueError):  # not Linux
        return 0.0
    return total / os.sysconf("SC_CLK_TCK") - time.process_time()


class Neighbours:
    """What other processes have taken of our CPUs since this object was made."""

    def __init__(self) -> None:
        self.start, self.taken = time.perf_counter(), _taken()

    def _seconds(self) -> tuple[float, float]:
        return _taken() - self.taken, time.perf_counter() - self.start

    @property
    def share(self) -> float:
        """Of all our CPUs, 0 to 1."""
        taken, elapsed = self._seconds()
        return min(1.0, max(0.0, taken / elapsed / len(cpus())))

    @property
    def disturbed(self) -> bool:
        taken, elapsed = self._seconds()
        return taken > TICKS + SHARE * elapsed
