"""The machine's CPU and its measured limits: the peak of multiply-adds, and the bandwidth of memory.

The loops are peaks.c, built in a temporary folder with Python's C compiler (or $CC) for the instruction set that
kernels uses. A shared machine slows down and never speeds up, so each limit is the best of many short runs.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shlex
import subprocess
import sysconfig
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

import kernels

SOURCE = Path(__file__).with_name("peaks.c")
FLAGS = {"avx512": ["-mavx512f"], "avx2": ["-mavx2", "-mfma"]}
FMA_SECONDS, FMA_RUNS = 0.001, 300  # short: some runs fit between the neighbours'
STREAM_RUNS = 15
# Bytes of an array: so many times the last-level cache, but three of them must fit the memory of small machines with
# a part of a large cache.
SMALLEST, LARGEST, CACHES = 64 << 20, 256 << 20, 4


class NoCompiler(Exception):
    """The peaks cannot be built here; the message says why."""


@cache
def library() -> ctypes.CDLL:
    isa = str(kernels.show_config()["instruction set"])
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "peaks.so"
        command = [*compiler, "-O3", "-fopenmp", "-shared", "-fPIC", *FLAGS.get(isa, []), str(SOURCE), "-o", str(built)]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except FileNotFoundError:
            raise NoCompiler(f"peaks: there is no C compiler {compiler[0]!r}; set CC") from None
        except subprocess.CalledProcessError as error:
            reason = next((line for line in error.stderr.splitlines() if "error" in line), f"status {error.returncode}")
            raise NoCompiler(f"peaks: {compiler[0]} failed: {reason}") from None
        found = ctypes.CDLL(str(built))
    for name in ("fma_float32", "fma_float64", "copy", "add"):
        getattr(found, name).restype = ctypes.c_double
    for name in ("lanes_float32", "lanes_float64"):
        getattr(found, name).restype = ctypes.c_long
    return found


@cache
def fma_peak(dtype: str, threads: int) -> float:
    """GFLOP/s of float32 or float64, a multiply-add being two."""
    lib = library()
    loop, lanes = getattr(lib, f"fma_{dtype}"), getattr(lib, f"lanes_{dtype}")()

    def seconds(turns: int) -> float:
        return loop(ctypes.c_int(threads), ctypes.c_long(turns))

    turns = 1000
    while seconds(turns) < FMA_SECONDS:
        turns *= 2
    return 2e-9 * threads * turns * lanes / min(seconds(turns) for _ in range(FMA_RUNS))


def last_level_cache() -> int:
    """Bytes; 0 where Linux does not tell."""
    sizes = [0]
    for path in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = path.read_text().strip()
        sizes.append(int(text.rstrip("KMG")) << {"K": 10, "M": 20, "G": 30}.get(text[-1:], 0))
    return max(sizes)


def array_size() -> int:
    """Bytes of each array that bandwidth reads or writes."""
    return min(max(SMALLEST, CACHES * last_level_cache()), LARGEST)


def arrays() -> str:
    """Their size in words."""
    size, cache = array_size(), last_level_cache()
    held = f", capped at that: only {size / cache:.1f} times the last-level cache" if size < CACHES * cache else ""
    return f"arrays of {size >> 20} MiB{held}"


@cache
def bandwidth(threads: int) -> dict[str, float]:
    """GB/s that copy and add move between the CPU and memory."""
    lib, size = library(), array_size()
    vectors, n = size // 16, ctypes.c_int(threads)
    arrays = [np.empty(size + 16, np.uint8) for _ in range(3)]
    pointers = [ctypes.c_void_p(-(-a.ctypes.data // 16) * 16) for a in arrays]  # streaming stores need alignment
    for p in pointers:
        lib.touch(n, p, ctypes.c_size_t(vectors))
    best = {}
    for name, moved in (("copy", 2), ("add", 3)):
        runs = (getattr(lib, name)(n, *pointers, ctypes.c_size_t(vectors)) for _ in range(STREAM_RUNS))
        best[name] = 1e-9 * moved * size / min(runs)
    return best


def cpu_model() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):  # not Linux, or a CPU that does not tell its name
        return platform.processor() or platform.machine()
