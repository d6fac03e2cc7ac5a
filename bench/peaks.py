"""The machine's limits: python bench/peaks.py [--threads N]

Prints the peak of multiply-adds in GFLOP/s, float32 and float64, and the bandwidth of memory in GB/s (bytes read and
written by a copy and by an addition of two arrays, with stores that bypass the caches), for 1, 2, 4, ... up to N
threads. A shared machine slows down and never speeds up, so each is the best of many short runs. The loops are
peaks.c, built in a temporary folder with Python's C compiler (or $CC) for the instruction set that kernels uses.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from quiet import cpus

import kernels

SOURCE = Path(__file__).with_name("peaks.c")
FLAGS = {"avx512": ["-mavx512f"], "avx2": ["-mavx2", "-mfma"]}
FMA_SECONDS, FMA_RUNS = 0.001, 300  # short: some runs fit between the neighbours'
STREAM_RUNS = 15
SMALLEST, CACHES = 64 << 20, 4  # bytes of an array: at least this, and this many times the last-level cache


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


@cache
def bandwidth(threads: int) -> dict[str, float]:
    """GB/s that copy and add move between the CPU and memory."""
    lib, size = library(), max(SMALLEST, CACHES * last_level_cache())
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


def limits(threads: int) -> str:
    """One sentence for the head of a table."""
    try:
        return (
            f"Limits of this machine with {threads} thread{'s' * (threads > 1)}: float32 "
            f"{fma_peak('float32', threads):.0f} GFLOP/s, float64 {fma_peak('float64', threads):.0f} GFLOP/s, memory "
            f"{bandwidth(threads)['copy']:.1f} GB/s (copy), {bandwidth(threads)['add']:.1f} GB/s (add)."
        )
    except NoCompiler as error:
        return f"Limits of this machine: not measured. {error}."


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the peak of multiply-adds and the bandwidth of memory.")
    parser.add_argument("--threads", type=int, default=len(cpus()), help="the most (default: all CPUs)")
    args = parser.parse_args()
    if args.threads < 1:
        parser.error("--threads is 1 or more")
    counts = sorted({args.threads, *(1 << i for i in range(args.threads.bit_length()) if 1 << i <= args.threads)})
    try:
        library()
    except NoCompiler as error:
        sys.exit(str(error))
    print(f"Instruction set {kernels.show_config()['instruction set']}, best of many runs.\n")
    print("| threads | float32 GFLOP/s | float64 GFLOP/s | copy GB/s | add GB/s |\n|--:|--:|--:|--:|--:|")
    for n in counts:
        stream = bandwidth(n)
        flops = " | ".join(f"{fma_peak(dtype, n):.0f}" for dtype in ("float32", "float64"))
        print(f"| {n} | {flops} | {stream['copy']:.1f} | {stream['add']:.1f} |")


if __name__ == "__main__":
    main()
