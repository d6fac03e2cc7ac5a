"""What all tests share: which kernels they import, a fresh Python with these, what a process holds, random examples."""

from __future__ import annotations

import ctypes
import gc
import importlib.machinery
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import Phase, settings

ROOT = Path(__file__).resolve().parents[1]

# `python -m pytest` puts the repository first on sys.path, where the source folders would hide the packages that pip
# installed. Only a folder that is compiled in place, for this interpreter, may stay.
if not any((ROOT / "kernels" / f"_simd{suffix}").exists() for suffix in importlib.machinery.EXTENSION_SUFFIXES):
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != ROOT]

collect_ignore = [] if hasattr(os, "fork") else ["kernels/test_fork.py"]

# `pytest` draws the same few examples each time; `make random` many others, and of those that fail the simplest
same = {"derandomize": True, "deadline": None, "database": None, "phases": [Phase.explicit, Phase.generate]}
settings.register_profile("default", max_examples=20, **same)
settings.register_profile("few", max_examples=4, **same)
settings.register_profile("long", max_examples=1000, derandomize=False, deadline=None, print_blob=True, phases=Phase)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_collection_finish() -> None:
    """What is imported and collected by now stays to the end: the garbage collector need not walk through it again."""
    gc.collect()
    gc.freeze()


RunPython = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_python(tmp_path: Path) -> RunPython:
    """run_python(code, path=None, **environment): the finished process of a fresh interpreter, outside the repository.

    It imports the package under test, or the one in the folder `path`. An environment variable of None is unset.
    """
    import kernels

    package_folder = Path(kernels.__file__).resolve().parents[1]

    def run(code: str, path: Path | None = None, **environment: str | None) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "PYTHONPATH": str(path or package_folder), **environment}
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={name: value for name, value in variables.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=120 * float(os.environ.get("PATIENCE", "1")),  # more of it for an emulator
        )

    return run


class _Mallinfo(ctypes.Structure):
    _fields_ = [(f"n{i}", ctypes.c_size_t) for i in range(10)]  # n4: hblkhd, of mmap; n7: uordblks, of arenas


@pytest.fixture
def held() -> Callable[[], dict[str, int]]:
    """held(): Python's blocks, bytes of malloc where glibc tells, files and threads where Linux does."""

    mallinfo2 = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if mallinfo2 is not None:
        mallinfo2.restype = _Mallinfo

    def now() -> dict[str, int]:
        gc.collect()
        with warnings.catch_warnings(action="ignore"):
            sys._clear_type_cache()  # thousands of names that getattr was asked for
        found = {"blocks": sys.getallocatedblocks(), "bytes": 0, "files": 0, "threads": 0}
        if mallinfo2 is not None:
            told = mallinfo2()
            found["bytes"] = told.n4 + told.n7
        with suppress(OSError):
            found |= {"files": len(os.listdir("/proc/self/fd")), "threads": len(os.listdir("/proc/self/task"))}
        return found

    return now
