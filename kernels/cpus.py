"""What this process may use: OpenMP counts the CPUs of the affinity mask but knows nothing of control groups."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def cpu_count() -> int:
    """Those in the affinity mask, or fewer by quota."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cpus, cpu_quota() or cpus)


def cpu_quota(root: Path = Path("/")) -> int | None:
    """The smallest CPU quota of the process's control group and those above it, rounded up; None without one.

    Version 2 keeps "quota period" in cpu.max, version 1 in two files of its cpu hierarchy.
    """
    allowed = []
    for folder in _groups("cpu", root):
        for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
            try:
                quota, period = " ".join((folder / name).read_text() for name in names).split()
                if int(quota) > 0:
                    allowed.append(max(1, -(-int(quota) // int(period))))
            except (OSError, ValueError):  # not this version's, or the word "max"
                continue
    return min(allowed, default=None)


def pids_files(root: Path = Path("/")) -> list[tuple[Path, Path]]:
    """For the process's control group and those above it: the files of the most threads, or "max", and of those now."""
    files = [(folder / "pids.max", folder / "pids.current") for folder in _groups("pids", root)]
    return [(most, now) for most, now in files if os.path.exists(most)]  # Path.exists raises where one may not look


def _groups(controller: str, root: Path) -> Iterator[Path]:
    """Folders of the process's control group and those above it: version 2's, and version 1's of a controller.

    Linux only; some may not be seen from here.
    """
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if not controllers or controller in controllers.split(","):
            own = PurePosixPath(path.lstrip("/"))
            for folder in (own, *own.parents):
                yield root / "sys/fs/cgroup" / (controller if controllers else "") / folder
