"""The limits of control groups, read from made-up trees."""

import errno
import os

import pytest

from kernels.cpus import cpu_quota, pids_files


def tree(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"proc/self/cgroup": "0::/\n"}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 2),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "10000 100000\n"}, 1),
        (  # the tightest of the group and those above it
            {
                "proc/self/cgroup": "0::/a.slice/b.service\n",
                "sys/fs/cgroup/a.slice/cpu.max": "300000 100000\n",
                "sys/fs/cgroup/a.slice/b.service/cpu.max": "800000 100000\n",
            },
            3,
        ),
        (
            {
                "proc/self/cgroup": "4:cpu,cpuacct:/x\n3:cpuset:/\n",
                "sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "400000\n",
                "sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            4,
        ),
    ],
)
def test_quota(tmp_path, files, expected):
    assert cpu_quota(tree(tmp_path, files)) == expected


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/\n", [], []),
        ("0::/a/b\n", ["pids.current", "a/pids.max", "a/b/pids.max"], ["a/b", "a"]),  # the root group has no limit
        ("9:cpu,pids:/a/b\n8:memory:/c\n0::/\n", ["pids/a/b/pids.max", "c/pids.max", "cpu/a/pids.max"], ["pids/a/b"]),
        ("9:pids:/not/seen\n", ["pids/pids.max"], ["pids"]),
    ],
)
def test_pids_files(tmp_path, groups, files, expected):
    root = tree(tmp_path, {"proc/self/cgroup": groups, **{f"sys/fs/cgroup/{name}": "max\n" for name in files}})
    folders = [root / "sys/fs/cgroup" / name for name in expected]
    assert pids_files(root) == [(folder / "pids.max", folder / "pids.current") for folder in folders]


def test_files_that_may_not_be_looked_at(tmp_path, monkeypatch):
    """As where a sandbox hides /sys: no limit is known, and the import goes on."""
    root = tree(tmp_path, {"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/pids.max": "5\n"})
    real = os.stat

    def hidden(path, *args, **options):
        if "cgroup/" in str(path):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path, *args, **options)

    monkeypatch.setattr(os, "stat", hidden)
    assert (cpu_quota(root), pids_files(root)) == (None, [])


def test_no_control_groups(tmp_path):
    assert (cpu_quota(tmp_path), pids_files(tmp_path)) == (None, [])
