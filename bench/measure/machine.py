"""The machine: its CPU, caches and build, and its measured limits: the peak of multiply-adds, and bandwidths.

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
from contextlib import nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import kernels
from pynn.support.atomic import temporary_folder

from .patience import Patience
from .progress import note, progress
from .quiet import Neighbours, cpus

SOURCE = Path(__file__).with_name("peaks.c")
FLAGS = {"avx512": ["-mavx512f"], "avx2": ["-mavx2", "-mfma"]}
RUNS, STREAM_RUNS = 200, 15  # of a millisecond or so, of which some fit between the neighbours'; through memory longer
HARDLY = 1.2  # times the peak of fewer threads
# Bytes of an array: so many times the last-level cache, but three of them must fit the memory of small machines with
# a part of a large cache.
SMALLEST, LARGEST, CACHES = 64 << 20, 256 << 20, 4
# Of a cache, by the two arrays whose addition measures its bandwidth; and at most so many times the cache below, since
# a large cache may be shared with other machines' work, and what misses its own part is no longer a limit of it.
FILLED, TIMES_BELOW = 0.5, 4
CPU0 = Path("/sys/devices/system/cpu/cpu0")


class NoCompiler(Exception):
    """The peaks cannot be built here; the message says why."""


def block(counts: list[int], patience: Patience, notes: list[str]) -> Any:
    """What results.json says of the machine, with limits for these numbers of threads; measures for some seconds.
    `notes` gets what a reader must know of them."""
    config = kernels.show_config()
    found: dict[str, Any] = {
        "cpu": cpu_model(),
        "cpus": len(cpus()),
        "caches": caches(),
        "governor": _line(CPU0 / "cpufreq/scaling_governor"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        **{name: str(config[name]) for name in ("instruction set", "compiler", "flags", "openmp")},
        "array": array_size(),
        "limits": {},
        "regions": {},
    }
    least: dict[str, Any] = {}
    try:
        for n in sorted({min(n, len(cpus())) for n in counts}):
            found["limits"][str(n)] = least = _calm(n, least, patience, notes)
            found["regions"][str(n)] = library().region(n, RUNS)
    except NoCompiler as error:
        found["no limits"] = str(error)
        note(notes, f"The machine's limits are not measured: {error}.")
    return found


def _calm(n: int, least: dict[str, Any], patience: Patience, notes: list[str]) -> dict[str, Any]:
    """The limits of n threads, measured again if others disturbed that, or if they are hardly above those of fewer."""
    best: dict[str, Any] = {}
    reserve = patience.left / 2  # for what is measured afterwards
    while True:
        patience.wait("the machine's limits")
        progress(f"the machine's limits, threads: {n}")
        neighbours = Neighbours()
        with patience.spent() if best else nullcontext():
            best = _most(limits(n), best)
        if not neighbours.disturbed and best["float32"] > HARDLY * least.get("float32", 0):
            break
        if patience.left <= reserve:
            why = "other processes were busy, or the threads share a core"
            note(notes, f"The limits of {n} thread{'s' * (n > 1)} may be too low, and shares of them too high: {why}.")
            break
    return _most(best, least)


def limits(n: int) -> dict[str, Any]:
    """GFLOP/s of float32 and float64, a multiply-add being two, and GB/s between the CPU and memory or a cache. Of n
    threads; private caches add up. NoCompiler as `library`."""
    lib, size = library(), array_size()
    arrays = [np.empty(size, np.uint8) for _ in range(3)]  # on huge pages, as those of the kernels
    through_memory = (n, *(a.ctypes for a in arrays), ctypes.c_size_t(size), STREAM_RUNS)
    in_caches = {level: lib.add_in_cache(n, ctypes.c_size_t(part), RUNS) for level, part in _parts(n).items()}
    return {
        "float32": lib.fma_float32(n, RUNS),
        "float64": lib.fma_float64(n, RUNS),
        "copy": {"memory": lib.copy(*through_memory)},
        "add": {**in_caches, "memory": lib.add(*through_memory)},
    }


def _parts(threads: int) -> dict[str, int]:
    """Level -> bytes of that cache that one thread's arrays take."""
    found, below = {}, np.inf
    for level, size in caches().items():
        found[level] = int(min(FILLED * size / (threads if level == "L3" else 1), TIMES_BELOW * below))
        below = size
    return found


def _most(limits: dict[str, Any], least: dict[str, Any]) -> dict[str, Any]:
    """The larger of each: a second look, and more threads, can do at least what the first, and fewer, could."""
    return {
        key: _most(value, least.get(key, {})) if isinstance(value, dict) else max(value, least.get(key, 0))
        for key, value in limits.items()
    }


@cache
def library() -> ctypes.CDLL:
    """peaks.c. NoCompiler if it cannot be built."""
    isa = str(kernels.show_config()["instruction set"])
    compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    with temporary_folder(Path(tempfile.gettempdir())) as folder:
        built = folder / "peaks.so"
        flags = ["-O3", "-fopenmp", "-shared", "-fPIC", *FLAGS.get(isa, []), str(SOURCE), "-o", str(built)]
        environment = os.environ | {"TMPDIR": str(folder)}  # for what the compiler leaves itself if it is killed
        try:
            command = [*shlex.split(compiler), *flags]
            subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
            found = ctypes.CDLL(str(built))
        except subprocess.CalledProcessError as error:
            reason = next((line for line in error.stderr.splitlines() if "error" in line), f"status {error.returncode}")
            raise NoCompiler(f"{compiler} failed: {reason}") from None
        except (OSError, ValueError) as error:
            raise NoCompiler(f"{compiler!r} is no C compiler for this CPU, set CC: {error}") from None
    for name in ("fma_float32", "fma_float64", "copy", "add", "add_in_cache", "region"):
        getattr(found, name).restype = ctypes.c_double
    return found


def _line(path: Path) -> str | None:
    """None where Linux does not tell."""
    with suppress(OSError):
        return path.read_text().strip()
    return None


@cache
def caches() -> dict[str, int]:
    """Level -> bytes, smallest first: "L1", "L2", "L3" of data; empty where Linux does not tell."""
    found = {}
    for path in (CPU0 / "cache").glob("index*"):
        size = _line(path / "size")
        if size and _line(path / "type") != "Instruction":
            unit = {"K": 10, "M": 20, "G": 30}.get(size[-1], 0)
            found[f"L{_line(path / 'level')}"] = int(size.rstrip("KMG")) << unit
    return dict(sorted(found.items()))


def array_size() -> int:
    """Bytes of each array that moves through memory."""
    return min(max(SMALLEST, CACHES * max(caches().values(), default=0)), LARGEST)


def cpu_model() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):  # not Linux, or a CPU that does not tell its name
        return platform.processor() or platform.machine()
