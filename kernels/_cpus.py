"""How many CPUs this process may use: OpenMP counts the affinity mask but knows nothing of control groups' quotas."""

import os
from pathlib import Path, PurePosixPath


def cpu_count() -> int:
    """Those in the affinity mask, or fewer by quota."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cpus, cpu_quota() or cpus)


def cpu_quota(root: Path = Path("/")) -> int | None:
    """The smallest CPU quota of the process's control group and those above it, rounded up; None without one.

    Linux only: version 2 keeps "quota period" in cpu.max, version 1 in two files of its cpu hierarchy.
    """
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    allowed = []
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        base = root / "sys/fs/cgroup" / ("cpu" if controllers else "")
        names = ("cpu.cfs_quota_us", "cpu.cfs_period_us") if controllers else ("cpu.max",)
        own = PurePosixPath(path.lstrip("/"))
        for folder in (own, *own.parents):
            try:
                quota, period = " ".join((base / folder / name).read_text() for name in names).split()
                if int(quota) > 0:
                    allowed.append(max(1, -(-int(quota) // int(period))))
            except (OSError, ValueError):  # no such group seen from here, or the word "max"
                continue
    return min(allowed, default=None)
