"""What a mended kernel does. A check gets the function and its module, in a process of their own, and raises Wrong with
a hint until all is well. Where time decides, it is the thread's CPU time over that of a rung, measured in turns."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from types import ModuleType

import numpy as np

from kernels.ladder import LADDER

from ..own.trials import Wrong

LINE = 64  # bytes
# of a sum by threads: numbers, so many that also threads that share one CPU take turns meanwhile; and runs, so many,
# or as many as this time allows
MANY, RUNS, SECONDS = 4_000_000, 200, 3.0


def need(condition: object, hint: str) -> None:
    if not condition:
        raise Wrong(hint)


def lost_nan(relu: Callable, module: ModuleType) -> None:
    for dtype in (np.float32, np.float64):
        x = np.array([[1.5, -2, 0], [-0.0, np.nan, np.inf], [-np.inf, 1e-40, -1e-40]], dtype)
        y = relu(x)
        need(getattr(y, "dtype", None) == dtype, f"relu of {x.dtype} has the type {getattr(y, 'dtype', type(y))}.")
        need(
            np.isnan(y[1, 1]),
            f"relu(nan) is {y[1, 1]}: comparing with NaN gives False; which way round is that kept?",
        )
        expected = np.maximum(x, 0)
        for at in np.ndindex(x.shape):
            same = expected[at].tobytes() == y[at].tobytes() or at == (1, 1)
            need(same, f"relu({x[at]}) is {y[at]} instead of {expected[at]}.")


def missed_tail(sum_of_squares: Callable, module: ModuleType) -> None:
    for n in range(41):
        x = np.arange(1.0, n + 1)
        found, right = sum_of_squares(x), float(np.dot(x, x))  # exact: whole numbers
        need(found == right, f"Of 1, 2, ... {n} it is {found:g} instead of {right:g}: are all elements in it?")
    x = np.ones((3, 19), np.float32)[:, ::2][1]
    need(sum_of_squares(x) == 10, "A vector whose elements are not adjacent gives another sum.")


def needless_copy(add_relu: Callable, module: ModuleType) -> None:
    x, y = np.random.default_rng(0).standard_normal((2, 512, 512), np.float32)
    x[0, 0] = np.nan
    out = np.empty_like(x)
    tracemalloc.start()
    try:
        add_relu(x, y, out)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    need(np.array_equal(out, np.maximum(x + y, 0), equal_nan=True), "out does not hold max(x + y, 0).")
    arrays = most / out.nbytes
    need(arrays < 0.1, f"It takes memory for {arrays:.1f} more arrays of out's size: NumPy's functions have out=, too.")


def column_walk(add: Callable, module: ModuleType) -> None:
    x, y = np.random.default_rng(0).standard_normal((2, 5, 3), np.float32)
    add(x, y, out := np.empty_like(x))
    need(np.array_equal(out, x + y), "out does not hold x + y.")
    x, y = np.random.default_rng(0).standard_normal((2, 2048, 2048), np.float32)
    out, rung, times = np.empty_like(x), LADDER["add"]["typed"], []
    for _ in range(7):
        start = time.thread_time()
        add(x, y, out)
        middle = time.thread_time()
        rung(x, y, out=out)
        times.append((middle - start) / (time.thread_time() - middle))
    slower = float(np.median(times))  # 1.2 along rows, 50 to 60 down columns (AMD EPYC)
    need(slower < 6, f"At 2048x2048 it takes {slower:.0f} times as long as a loop along rows: which index is inside?")


def racy_sum(total: Callable, module: ModuleType) -> None:
    few, many = np.arange(9.0), np.ones(MANY)
    cpu, own, end = time.process_time(), time.thread_time(), time.perf_counter() + SECONDS
    for run in range(RUNS):
        for x, right in ((few, 36), (many, len(many))):
            found, where = total(x), f"in run {run + 1}: who else writes to that number?"
            need(found == right, f"Of {len(x)} numbers it is {found:.0f} instead of {right} {where}")
        if time.perf_counter() > end:
            break
    threads = (time.process_time() - cpu) / (time.thread_time() - own)
    need(threads > 1.2, "The sum is right, but one thread computes it alone: let each sum a part.")


def false_sharing(counts: Callable, module: ModuleType) -> None:
    x = np.random.default_rng(0).integers(0, 4, (9, 1000), np.uint8)
    places = module.places(len(x))
    need(np.shape(places) == (9, 4), f"places(9) has shape {np.shape(places)} instead of (9, 4); a view may have gaps.")
    counts(x, places)
    need(np.array_equal(places, [np.bincount(row, minlength=4) for row in x]), "The counts are wrong.")
    lines = [{row[k:].ctypes.data // LINE for k in range(4)} for row in places]
    shared = sum(bool(a & b) for a, b in pairwise(lines))
    need(not shared, f"{shared} of 8 rows share a line of {LINE} bytes with the row before.")


# name -> the function that it mends, and its check
CHECKS: dict[str, tuple[str, Callable[[Callable, ModuleType], None]]] = {
    "lost_nan": ("relu", lost_nan),
    "missed_tail": ("sum_of_squares", missed_tail),
    "needless_copy": ("add_relu", needless_copy),
    "column_walk": ("add", column_walk),
    "racy_sum": ("total", racy_sum),
    "false_sharing": ("counts", false_sharing),
}
