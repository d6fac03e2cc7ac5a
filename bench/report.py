"""What the scripts' tables have in common: the lines above them, and how numbers and ratios are written."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable
from functools import cache

import numpy as np
from machine import NoCompiler, arrays, bandwidth, cpu_model, fma_peak
from measure import Ratio, median, spread

import kernels

BUSY = 0.1  # of the CPUs; above it the numbers of parallel contestants mean little
QUARTILES = (
    "Medians of interleaved runs, ± half the distance between the quartiles. A ratio is the median of each turn's "
    "ratios, which the quotient of two medians need not be; tie: a difference smaller than the spread."
)


def header(title: str, n: int, versions: Iterable[str] = (), others: float = 0, numbers: str = QUARTILES) -> str:
    """What stands above a table measured with n threads: title, conditions, limits, versions, and what disturbed it.

    others: the share of the CPUs that other processes took; numbers: what the table's numbers are.
    """
    versions = dict.fromkeys(versions)  # each once
    lines = [conditions(n), limits(n), numbers, f"Versions: {', '.join(versions)}." if versions else "", busy(others)]
    return f"**{title}**\n\n" + "\n".join(filter(None, lines)) + "\n"


def conditions(n: int) -> str:
    config = kernels.show_config()
    each = f"{n} thread{'s' * (n > 1)}"
    alone = " (NumPy: in products; its other operations use one)" if n > 1 else ""
    return (
        f"{cpu_model()}, {each} for each contestant{alone}, instruction set {config['instruction set']}, "
        f"{config['compiler']}, NumPy {np.__version__}, Python {platform.python_version()}."
    )


@cache
def limits(n: int) -> str:
    try:
        flops, stream = {dtype: fma_peak(dtype, n) for dtype in ("float32", "float64")}, bandwidth(n)
    except NoCompiler as error:
        return f"Limits of this machine: not measured. {error}."
    return (
        f"Limits of this machine, the best of many runs: float32 {flops['float32']:.0f} GFLOP/s, float64 "
        f"{flops['float64']:.0f} GFLOP/s, memory {stream['copy']:.1f} GB/s (copy), {stream['add']:.1f} GB/s (add), "
        f"{arrays()}."
    )


def busy(others: float) -> str:
    """What a reader must know of a machine that was not ours alone."""
    if others < BUSY:
        return ""
    print(f"other processes took up to {others:.0%} of the CPUs: measure again when they are idle", file=sys.stderr)
    return f"**Disturbed:** other processes took up to {others:.0%} of the CPUs."


def seconds(t: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if t >= size:
            return f"{three_digits(t / size)} {unit}"
    return f"{t * 1e9:.0f} ns"


def three_digits(x: float) -> str:
    return f"{x:,.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}" if x >= 0.1 else f"{x:.1g}"


def in_units(times: np.ndarray, size: float) -> str:
    """The median in units of `size` seconds, and its spread."""
    return f"{median(times) / size:.0f} ± {spread(times):.0%}"


def times_faster(r: Ratio) -> str:
    return "tie" if r.tie else three_digits(r.value)


def with_spread(r: Ratio) -> str:
    return f"{r.value:.2f} ± {(r.high - r.low) / 2 / r.value:.0%}{', tie' * r.tie}"


def head(*columns: str) -> str:
    """The first lines of a Markdown table."""
    return f"| {' | '.join(columns)} |\n|:--{'|--:' * (len(columns) - 1)}|"


def compared_head(title: str, names: list[str], unit: str, *more: str) -> str:
    """head of a table with a column of each contestant, and one of its ratio to the first."""
    return head(title, *(f"{name}, {unit}" for name in names), *more, *(f"times {name}" for name in names[1:]))
