"""Results of constructed times, with known answers."""

from __future__ import annotations

import math

import numpy as np
from pynn.bench.results.store import NUMPY, RUNG, Contestant, Measurement, Results

NAN = math.nan
MACHINE = {
    "cpu": "a CPU", "cpus": 2, "caches": {"L1": 1000, "L2": 10_000, "L3": 100_000}, "governor": None, "compiler": "GCC",
    "numpy": "2.4", "python": "3.11", "instruction set": "avx2", "flags": "-O3", "openmp": "201511", "system": "Linux",
    "limits": {
        "1": {"float32": 100.0, "float64": 50.0, "copy": {"memory": 9.0},
              "add": {"L1": 80.0, "L2": 40.0, "L3": 20.0, "memory": 10.0}},
        "2": {"float32": 200.0, "float64": 100.0, "copy": {"memory": 18.0},
              "add": {"L1": 160.0, "L2": 80.0, "L3": 30.0, "memory": 15.0}},
    },
}  # fmt: skip


def measurement(seconds: dict[str, list[float]], flops: float = 4e9, size: int = 1, **fields) -> Measurement:
    contestants = {
        name: Contestant(name, NUMPY if name == "NumPy" else RUNG, 2, np.array(times))
        for name, times in seconds.items()
    }
    given = {"suite": "ladder", "operation": "dot", "label": "2x2", "dtype": "float32", "others": 0.0} | fields
    return Measurement(
        size=size, threads=2, instruction_set="avx2", flops=flops, bytes=8e6, contestants=contestants, **given
    )  # fmt: skip


def results(*measurements: Measurement, **machine) -> Results:
    return Results({**MACHINE, **machine}, {}, list(measurements), made="2026-01-02T03:04:05+00:00")


def around(middle: float, spread: float = 0.01) -> list[float]:
    return [middle * (1 + spread * step) for step in (-2, -1, 0, 1, 2)]
