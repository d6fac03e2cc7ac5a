"""The machine's limits: python bench/peaks.py [--threads N]

Prints the peak of multiply-adds in GFLOP/s, float32 and float64, and the bandwidth of memory in GB/s (bytes read and
written by a copy and by an addition of two arrays, with stores that bypass the caches), for 1, 2, 4, ... up to N
threads.
"""

from __future__ import annotations

import argparse
import sys

from machine import NoCompiler, arrays, bandwidth, fma_peak, library
from quiet import cpus

import kernels


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
    print(f"Instruction set {kernels.show_config()['instruction set']}, best of many runs, {arrays()}.\n")
    print("| threads | float32 GFLOP/s | float64 GFLOP/s | copy GB/s | add GB/s |\n|--:|--:|--:|--:|--:|")
    for n in counts:
        stream = bandwidth(n)
        flops = " | ".join(f"{fma_peak(dtype, n):.0f}" for dtype in ("float32", "float64"))
        print(f"| {n} | {flops} | {stream['copy']:.1f} | {stream['add']:.1f} |")


if __name__ == "__main__":
    main()
