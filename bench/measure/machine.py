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
from collections.abc import Callable
from contextlib import nullcontext, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

import kernels
from pynn.support.atomic import temporary_folder

from .progress import note, progress
from .quiet import Neighbours, Patience, cpus

SOURCE = Path(__file__).with_name("peaks.c")
FLAGS = {"avx512": ["-mavx512f"], "avx2": ["-mavx2", "-mfma"]}
RUN_SECONDS, RUNS = 0.001, 200  # short: some runs fit between the neighbours'
TRIES = 5  # for a first look
HARDLY = 1.2  # times the peak of fewer threads
STREAM_RUNS = 15
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
    }
    least: dict[str, Any] = {}
    try:
        for n in sorted({min(n, len(cpus())) for n in counts}):
            found["limits"][str(n)] = least = _calm(n, least, patience, notes)
    except NoCompiler as error:
        found["no limits"] = str(error)
        note(notes, f"The machine's limits are not measured: {error}.")
    # more threads than CPUs cannot do more
    found["limits"] |= {str(n): least for n in counts if n > len(cpus()) and least}
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
            note(notes, f"The limits on {n} of the CPUs may be too low, and shares of them too high: {why}.")
            break
    return _most(best, least)


def limits(n: int) -> dict[str, Any]:
    """NoCompiler as `library`."""
    memory = bandwidth(n)
    return {
        **{dtype: fma_peak(dtype, n) for dtype in ("float32", "float64")},
        "copy": {"memory": memory["copy"]},
        "add": {**cache_bandwidths(n), "memory": memory["add"]},
    }


def _most(limits: dict[str, Any], least: dict[str, Any]) -> dict[str, Any]:
    """The larger of each: a second look, and more threads, can do at least what the first, and fewer, could."""
    return {
        key: _most(value, least.get(key, {})) if isinstance(value, dict) else max(value, least.get(key, 0))
        for key, value in limits.items()
    }


@cache
def library() -> ctypes.CDLL:
    """peaks.c. NoCompiler if it cannot be built, here and in what measures with it."""
    isa = str(kernels.show_config()["instruction set"])
    named = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    try:
        compiler = shlex.split(named)
    except ValueError:
        raise NoCompiler(f"CC is no command: {named!r}") from None
    with temporary_folder(Path(tempfile.gettempdir())) as folder:
        built = folder / "peaks.so"
        environment = os.environ | {"TMPDIR": str(folder)}  # for what the compiler leaves itself if it is killed
        command = [*compiler, "-O3", "-fopenmp", "-shared", "-fPIC", *FLAGS.get(isa, []), str(SOURCE), "-o", str(built)]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        except FileNotFoundError:
            raise NoCompiler(f"there is no C compiler {compiler[0]!r}; set CC") from None
        except subprocess.CalledProcessError as error:
            reason = next((line for line in error.stderr.splitlines() if "error" in line), f"status {error.returncode}")
            raise NoCompiler(f"{compiler[0]} failed: {reason}") from None
        try:
            found = ctypes.CDLL(str(built))
        except OSError as error:
            raise NoCompiler(f"{compiler[0]} made no library: {error}") from None
    for name in ("fma_float32", "fma_float64", "copy", "add", "add_in_cache"):
        getattr(found, name).restype = ctypes.c_double
    for name in ("lanes_float32", "lanes_float64"):
        getattr(found, name).restype = ctypes.c_long
    found.vector_bytes.restype = ctypes.c_size_t
    return found


def _best_of_turns(seconds: Callable[[int], float]) -> float:
    """The least seconds of one turn, over runs of as many turns as take RUN_SECONDS."""
    turns, best = 1, 0.0
    while best < RUN_SECONDS / 2:  # else a neighbour has made a few turns take that long
        turns *= 2
        if min(seconds(turns) for _ in range(TRIES)) >= RUN_SECONDS:
            best = min(seconds(turns) for _ in range(RUNS))
    return best / turns


def fma_peak(dtype: str, threads: int) -> float:
    """GFLOP/s of float32 or float64, a multiply-add being two. NoCompiler as `library`."""
    lib = library()
    loop, lanes = getattr(lib, f"fma_{dtype}"), getattr(lib, f"lanes_{dtype}")()
    return 2e-9 * threads * lanes / _best_of_turns(lambda turns: loop(ctypes.c_int(threads), ctypes.c_long(turns)))


def cache_bandwidths(threads: int) -> dict[str, float]:
    """Level -> GB/s that x += y moves between the CPU and that cache; private caches add up. NoCompiler as
    `library`."""
    lib, found, below = library(), {}, np.inf
    for level, size in caches().items():
        share = min(FILLED * size / (threads if level == "L3" else 1), TIMES_BELOW * below)
        below = size
        n = ctypes.c_size_t(int(share / 2) // lib.vector_bytes())
        gigabytes = 3e-9 * n.value * lib.vector_bytes() * threads
        add = partial(lib.add_in_cache, ctypes.c_int(threads), n)
        found[level] = gigabytes / _best_of_turns(lambda turns, add=add: add(ctypes.c_long(turns)))
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
    """Bytes of each array that bandwidth reads or writes."""
    return min(max(SMALLEST, CACHES * max(caches().values(), default=0)), LARGEST)


def bandwidth(threads: int) -> dict[str, float]:
    """GB/s that copy and add move between the CPU and memory; with SSE2, stores bypass the caches. NoCompiler as
    `library`."""
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
