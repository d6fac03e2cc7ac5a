"""Results as a run on two cores of a shared machine with AVX2 would give them, without measuring: a model and noise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from pynn.bench.measure.cases import CASES, MAIN, RUNGS, SCALING, SWEEPS, Case
from pynn.bench.results.store import NUMPY, PEER, RUNG, Contestant, Measurement, ProcessRun, Results, replace

ISA, TURNS = "avx2", 7
PEERS = ("PyTorch", "JAX", "TensorFlow", "Numba", "BLIS", "MKL")
CACHES = {"L1": 32 << 10, "L2": 512 << 10, "L3": 32 << 20}
MACHINE: dict[str, Any] = {
    "cpu": "AMD EPYC",
    "cpus": 2,
    "caches": CACHES,
    "governor": None,
    "system": "Linux",
    "python": "3.11.7",
    "numpy": "2.4.6",
    "instruction set": ISA,
    "compiler": "GCC 12.2.0",
    "flags": "-O3 -fno-math-errno -fopenmp",
    "openmp": "201511",
    "array": 128 << 20,
    "limits": {
        "1": {"float32": 104.0, "float64": 52.0, "copy": {"memory": 24.0},
              "add": {"L1": 310.0, "L2": 138.0, "L3": 78.0, "memory": 27.0}},
        "2": {"float32": 207.0, "float64": 103.0, "copy": {"memory": 43.0},
              "add": {"L1": 620.0, "L2": 275.0, "L3": 150.0, "memory": 45.0}},
    },
    "regions": {"1": 1e-7, "2": 2e-6},
}  # fmt: skip
# GFLOP/s of products, and of the rest the share of the limit; seconds a call takes besides
PRODUCT = {
    "naive": 0.011, "lists": 0.04, "rows": 0.2, "typed": 2.3, "sums": 7.0, "ijp": 1.4, "ipj": 3.2, "simd": 36.0,
    "tiled": 80.0, "blocked": 86.0, "packed": 92.0, "parallel": 182.0, "sparse": 183.0,
    "NumPy": 176.0, "PyTorch": 165.0, "JAX": 140.0, "TensorFlow": 120.0, "Numba": 14.0, "BLIS": 34.0,
    "MKL": 172.0,
}  # fmt: skip
SHARE = {
    "naive": 0.0003, "lists": 0.0008, "typed": 0.06, "branchless": 0.12, "simd": 0.6, "fused": 0.7, "batched": 0.7,
    "streaming": 0.8, "parallel": 0.82, "NumPy": 0.28, "PyTorch": 0.5, "JAX": 0.45, "TensorFlow": 0.4, "Numba": 0.62,
}  # fmt: skip
CALL = {"NumPy": 6e-7, "PyTorch": 2.5e-6, "JAX": 6e-6, "TensorFlow": 1.5e-5, "Numba": 4e-7}


def turns(seconds: float, rng: np.random.Generator, spread: float = 0.02) -> np.ndarray:
    """Never faster than the machine can, sometimes slower."""
    return seconds * (1 + spread * rng.exponential(1.0, TURNS))


def threads_of(case: Case, name: str, threads: int) -> int:
    rung = RUNGS[case.operation].get(name)
    serial = not rung.threads if rung else name == "NumPy" and not case.product
    return 1 if serial else threads


def seconds(case: Case, name: str, threads: int) -> float:
    n = threads_of(case, name, threads)
    if case.product:
        shared = threads_of(case, name, 2) > 1
        rate = PRODUCT[name] * (n / 2 if shared else 1)
        work = case.flops / rate / 1e9 * (1 + 24 / case.size if shared else 1)
    else:
        limits, size = MACHINE["limits"][str(n)]["add"], case.bytes()
        level = next((level for level, most in CACHES.items() if size <= most * (1 if level == "L3" else n)), "memory")
        work = size / (limits[level] * SHARE[name]) / 1e9
    return CALL.get(name, 3e-7) + work


def contestant(name: str, rung: bool, threads: int, times: np.ndarray, isa: str = "", **error: Any) -> Contestant:
    kind = RUNG if rung else NUMPY if name == "NumPy" else PEER
    return Contestant(name, kind, threads, times, instruction_set=isa, **error)


def measured(case: Case, suite: str, threads: int, rng: np.random.Generator, peers: tuple[str, ...]) -> Measurement:
    rungs = list(case.rungs())
    known = PRODUCT if case.product else SHARE
    if suite == "scaling":
        rungs = rungs[-1:]
    names = [*rungs, "NumPy", *(peer for peer in peers if peer in known)]
    contestants = {}
    for name in names:
        used = threads_of(case, name, threads)
        isa = case.rungs()[name].instruction_set if name in rungs else ""
        times = turns(seconds(case, name, threads), rng, 1.2 if (name, case.size) == ("JAX", 128) else 0.02)
        contestants[name] = contestant(name, name in rungs, used, times, isa, error=0.7, error_unit="ulp")
    return Measurement(
        suite,
        case.operation,
        case.label,
        case.size,
        "float32",
        threads,
        ISA,
        case.flops,
        case.bytes(),
        0.02,
        contestants,
    )


def training(rng: np.random.Generator) -> tuple[Measurement, dict[str, list[list[float]]]]:
    rungs = {"naive": 9e4, "ijp": 160.0, "ipj": 13.0, "blocked": 3.1, "parallel": 1.9, "sparse": 1.3, "pynn": 0.436}
    libraries = {"NumPy": 1.03, "PyTorch": 1.33, "JAX": 0.81, "Keras": 2.13}
    contestants = {
        name: contestant(name, name in rungs, 1 if name in list(rungs)[:4] else 2, turns(t, rng))
        for name, t in (rungs | libraries).items()
    }
    m = Measurement("training", "training epoch", "MNIST, 784-512-10", 60_000, "float32", 2, ISA, 1.5e11, 4e9, 0.02,
                    contestants)  # fmt: skip
    curves = {}
    for name in ("pynn", *libraries):
        each = contestants[name].seconds[:6]
        curves[name] = [
            [float(t), 0.262 * math.exp(-0.42 * i) * (1 + 0.03 * rng.standard_normal()), 0.92 + 0.012 * i]
            for i, t in enumerate(np.cumsum(each))
        ]
    return m, curves


def fake_results(threads: tuple[int, ...] = (1, 2), peers: tuple[str, ...] = PEERS, seed: int = 0) -> Results:
    """A whole run with limits and scaling for these numbers of threads (of 1 and 2)."""
    rng = np.random.default_rng(seed)
    most = max(threads)
    found = [measured(case, "ladder", most, rng, peers) for case in CASES if case.part <= MAIN]
    found += [measured(case, "sweep", most, rng, peers) for case in SWEEPS]
    found += [measured(case, "scaling", n, rng, peers=()) for case in SCALING for n in threads]
    epochs, curves = training(rng)
    machine = MACHINE | {"limits": {str(n): MACHINE["limits"][str(n)] for n in threads}}
    process_runs = [
        ProcessRun("pynn", [3.5, 2.7, 3.7], [5, 5, 5], [0.981] * 3, [323_000_000] * 3, [0.2] * 3, 96_000_000, 0)
    ]
    versions = {"NumPy": "NumPy 2.4.6", **{name: f"{name} 1.0" for name in peers}}
    return Results(
        machine, versions, [*found, epochs], curves, process_runs, 0.98, "MNIST", "2026-11-24T12:00:00+00:00"
    )


def without(results: Results, *suites: str) -> Results:
    return replace(results, measurements=[m for m in results.measurements if m.suite not in suites])
