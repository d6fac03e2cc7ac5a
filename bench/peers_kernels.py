"""The kernels against NumPy, PyTorch and JAX: python bench/peers_kernels.py [--only kernels,numpy] [--threads N]

Prints the machine's limits, then Markdown tables: matrix products, float32 and float64, into `out=` (JAX: fresh, it has
no out=) with GFLOP/s of each, the share of the best measured peak that the kernels' median is, and ratios; and relu,
add, maximum, relu(x + y) and relu(x + bias), float32, fresh and into `out=`, with times and ratios. A ratio is the
peer's time over the kernels': above 1 the kernels are faster; "± 5%" is half the distance between the quartiles over
turns, "tie" a difference smaller than the whole. Geometric means follow each table. Each library runs in a process of
its own with the same number of threads, and they take turns (NumPy's element-wise operations always use one thread).
--part dot or --part elementwise prints one part; --quick takes fewer sizes and turns; --large adds 1e8 elements (some 7
GB of memory). Libraries that are not installed are left out.
"""

from __future__ import annotations

import argparse
import math

import numpy as np
from cases import Case
from kernel_contestants import CONTESTANTS, times
from machine import NoCompiler, fma_peak
from measure import ROUNDS, Ratio, median, ratio
from network import BATCH, CLASSES, HIDDEN, PIXELS
from quiet import cpus
from report import busy, compared_head, header, seconds, with_spread
from workers import Worker, chosen, started

DTYPES = ("float32", "float64")
SQUARES = (16, 32, 64, 128, 256, 512, 1024, 2048)
PRODUCTS = [
    *(Case("dot", ((n, n),) * 2, reuse=True) for n in SQUARES),
    Case("dot", ((BATCH, PIXELS), (PIXELS, HIDDEN)), reuse=True),
    Case("dot", ((BATCH, HIDDEN), (HIDDEN, CLASSES)), reuse=True),
    Case("dot", ((PIXELS, BATCH), (BATCH, HIDDEN)), transposed="x", reuse=True),
    Case("dot", ((HIDDEN, BATCH), (BATCH, CLASSES)), transposed="x", reuse=True),
    Case("dot", ((BATCH, CLASSES), (CLASSES, HIDDEN)), transposed="y", reuse=True),
    Case("dot", ((1, PIXELS), (PIXELS, HIDDEN)), reuse=True),
    Case("dot", ((60_000, PIXELS), (PIXELS, HIDDEN)), reuse=True),
]
SIZES = tuple(10**i for i in range(8))
ROWS = (1, 16, BATCH, 2048, 20_480)  # of HIDDEN columns, with a bias
LARGE_SIZE, LARGE_ROWS = 10**8, 204_800
QUICK_STEPS, QUICK_SIZES, QUICK_ROWS = 10**8, (100, 10_000, 1_000_000), (BATCH,)


def elementwise(sizes: tuple[int, ...], rows: tuple[int, ...]) -> list[Case]:
    cases = []
    for reuse in (False, True):
        for operation, operands in (("relu", 1), ("add", 2), ("maximum", 2), ("add_relu", 2)):
            cases += [Case(operation, ((n,),) * operands, reuse=reuse) for n in sizes]
        cases += [Case("add_relu", ((m, HIDDEN), (HIDDEN,)), reuse=reuse) for m in rows]
    return cases


class Means:
    """Geometric means of the ratios to each peer."""

    def __init__(self, of: str) -> None:
        self.of = of
        self.logs: dict[str, list[float]] = {}
        self.others = 0.0

    def add(self, ratios: dict[str, Ratio], others: float) -> None:
        self.others = max(self.others, others)
        for name, r in ratios.items():
            self.logs.setdefault(name, []).append(math.log(r.value))

    def __str__(self) -> str:
        means = (
            f"{name} {math.exp(np.mean(logs)):.2f} (worst {math.exp(min(logs)):.2f})"
            for name, logs in self.logs.items()
        )
        text = f"Geometric means, {self.of}: {', '.join(means)}." if self.logs else ""
        return f"\n{text} {busy(self.others)}".rstrip() + "\n"


def compared(measured: dict[str, np.ndarray]) -> dict[str, Ratio]:
    base, *peers = measured
    return {name: ratio(measured[name], measured[base]) for name in peers}


def print_products(workers: dict[str, Worker], dtype: str, cases: list[Case], n: int, rounds: int) -> None:
    try:
        peak = fma_peak(dtype, n)
    except NoCompiler:
        peak = math.nan
    means = Means(f"dot, {dtype}")
    print(compared_head(f"dot, {dtype}", list(workers), "GFLOP/s", "of the peak (median over best)"))
    for case in cases:
        measured, others = times(workers, case, dtype, rounds)
        ratios = compared(measured)
        means.add(ratios, others)
        rates = [case.rate(median(t))[1] for t in measured.values()]
        share = f"{rates[0] / peak:.0%}" if peak > 0 else ""
        cells = [*(f"{rate:.1f}" for rate in rates), share, *map(with_spread, ratios.values())]
        print(f"| {case.label.removesuffix(', out=')} | {' | '.join(cells)} |", flush=True)
    print(means)


def print_elementwise(workers: dict[str, Worker], cases: list[Case], rounds: int) -> None:
    means = {False: Means("fresh results"), True: Means("out=")}
    print(compared_head("element-wise, float32", list(workers), "time"))
    for case in cases:
        players = {name: worker for name, worker in workers.items() if not (case.reuse and name == "JAX")}
        measured, others = times(players, case, "float32", rounds)
        ratios = compared(measured)
        means[case.reuse].add(ratios, others)
        cells = [seconds(median(measured[name])) if name in measured else "" for name in workers]
        cells += [with_spread(ratios[name]) if name in ratios else "" for name in list(workers)[1:]]
        print(f"| {case.operation} {case.label} | {' | '.join(cells)} |", flush=True)
    print(*means.values(), sep="")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the kernels against NumPy, PyTorch and JAX, in turns.")
    parser.add_argument(
        "--only", metavar="A,B", help=f"of {', '.join(CONTESTANTS)}; the first is compared with the rest"
    )
    parser.add_argument("--threads", type=int, default=len(cpus()), help="of each contestant (default: all CPUs)")
    parser.add_argument("--part", choices=("dot", "elementwise"), help="only these (default: both)")
    parser.add_argument("--quick", action="store_true", help="a third of the turns, fewer and smaller cases")
    parser.add_argument("--large", action="store_true", help="element-wise also with 1e8 elements")
    args = parser.parse_args()
    if args.threads < 1:
        parser.error("--threads is 1 or more")
    contestants, rounds = chosen(CONTESTANTS, args.only), ROUNDS // 3 if args.quick else ROUNDS
    sizes, rows, products = (QUICK_SIZES, QUICK_ROWS, QUICK_STEPS) if args.quick else (SIZES, ROWS, math.inf)
    if args.large:
        sizes, rows = (*sizes, LARGE_SIZE), (*rows, LARGE_ROWS)
    with started(contestants, args.threads, args.threads) as workers:
        versions = [worker.version for worker in workers.values()]
        print(header("Products and element-wise operations", args.threads, versions), flush=True)
        if args.part != "elementwise":
            for dtype in DTYPES:
                cases = [case for case in PRODUCTS if case.steps <= products]
                print_products(workers, dtype, cases, args.threads, rounds)
        if args.part != "dot":
            print_elementwise(workers, elementwise(sizes, rows), rounds)


if __name__ == "__main__":
    main()
