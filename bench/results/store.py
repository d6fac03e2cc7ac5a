"""What one run measured: the machine, and for each measurement every turn's seconds.

Whatever is said of them (medians, ratios, verdicts, shares of a limit) is computed from these, here and in
statistics.py, by tables, pictures and comparisons alike. It is saved as results.json, which file.py reads.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pynn.support.atomic import replacing

from . import statistics
from .statistics import Ratio

SCHEMA = 2
DIGITS = 6  # of each time: clocks do not tell more
RUNG, NUMPY, PEER = "rung", "numpy", "peer"  # kinds of contestant


@dataclass(frozen=True)
class Contestant:
    """One contestant of a measurement: a rung of the ladder, NumPy, or another library."""

    name: str
    kind: str
    threads: int
    seconds: np.ndarray  # of one call, one entry per turn; NaN where it sat out
    error: float | None = None  # the largest difference from NumPy's float64, in `error_unit`
    error_unit: str = ""  # "ulp" or "of bound"
    instruction_set: str = ""  # of a compiled rung

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        return statistics.spread(self.seconds)


@dataclass(frozen=True)
class Measurement:
    """Contestants that took turns at one task, slowest rung first, then NumPy, then peers."""

    suite: str  # "ladder", "sweep", "scaling", "training" or "steps"
    operation: str
    label: str  # its shapes
    size: int  # the place on a sweep's axis: n of n x n matrices, or elements
    dtype: str
    threads: int
    instruction_set: str
    flops: float  # of one call; 0 where that says nothing
    bytes: float  # that one call must read and write
    others: float  # the share of the CPUs that other processes took
    contestants: dict[str, Contestant]

    @property
    def title(self) -> str:
        return f"{self.operation} {self.label}"

    @property
    def computes(self) -> bool:
        """Is arithmetic its limit, not memory? From 2 operations a byte on, which 12 x 12 matrices reach."""
        return self.flops >= 2 * self.bytes

    @property
    def unit(self) -> str:
        return "GFLOP/s" if self.computes else "GB/s"

    def rate(self, name: str) -> float:
        """GFLOP/s or GB/s (see `unit`) of a contestant's median."""
        return 1e-9 * (self.flops if self.computes else self.bytes) / self.contestants[name].median

    def names(self, *kinds: str) -> list[str]:
        return [name for name, contestant in self.contestants.items() if contestant.kind in kinds]

    @property
    def best_rung(self) -> str | None:
        """The last rung: the public operation."""
        return next(reversed(self.names(RUNG)), None)

    def faster(self, name: str, than: str) -> Ratio | None:
        """How many times as fast as `than`; None if one of them is not here, or they met in too few turns."""
        if name not in self.contestants or than not in self.contestants:
            return None
        met = ~np.isnan(self.contestants[than].seconds + self.contestants[name].seconds)
        if np.count_nonzero(met) < min(statistics.FEWEST, len(met)):
            return None
        return statistics.ratio(self.contestants[than].seconds, self.contestants[name].seconds)

    def usable(self, ratio: Ratio) -> bool:
        """Can it be told? Its spread says so, not that of the two times: a slow second slows both."""
        spread = (ratio.high - ratio.low) / 2 / ratio.value
        return spread <= statistics.NOISY and self.others <= statistics.HOPELESS

    def below(self, name: str) -> str | None:
        """The rung below (slower), None for the lowest and for what is not a rung."""
        rungs = self.names(RUNG)
        return rungs[rungs.index(name) - 1] if name in rungs[1:] else None

    def verdict(self, name: str) -> str:
        return statistics.verdict(self.contestants[name].seconds, self.others)

    def limit(self, machine: dict[str, Any], threads: int) -> tuple[str, float] | None:
        """The machine's limit for this task on so many threads: its name and GFLOP/s or GB/s; None if not measured.

        A task that memory limits is held against the bandwidth of the smallest cache that holds its arrays.
        """
        measured = [n for n in machine["limits"] if int(n) <= threads]
        if not measured or not self.flops:
            return None
        limits = machine["limits"][max(measured, key=int)]  # no more threads than CPUs are measured
        if self.computes:
            return f"{self.dtype} peak", limits[self.dtype]
        for level, size in machine["caches"].items():
            shared = 1 if level == "L3" else threads
            if level in limits["add"] and self.bytes <= size * shared:
                return f"{level} bandwidth", limits["add"][level]
        return "memory bandwidth", limits["add"]["memory"]


@dataclass(frozen=True)
class ProcessRun:
    """Whole processes of one library, from start to the test accuracy asked for; one entry per process."""

    name: str
    seconds: list[float]
    epochs: list[int]
    accuracy: list[float]
    peak: list[int]  # bytes of memory
    import_seconds: list[float]
    installed: int  # bytes that pip installed, without those for GPUs
    installed_gpu: int


@dataclass
class Results:
    machine: dict[str, Any]  # measure.machine.block
    versions: dict[str, str]  # of libraries
    measurements: list[Measurement]
    curves: dict[str, list[list[float]]] = field(default_factory=dict)  # name -> [seconds trained, loss, accuracy] ...
    process_runs: list[ProcessRun] = field(default_factory=list)
    goal: float = 0.98  # of the process runs
    data: str = ""  # what was trained on: "MNIST" or "random data"
    made: str = ""  # date and time, ISO 8601
    quick: bool = False
    notes: list[str] = field(default_factory=list)  # what was left out, and why

    def suite(self, *names: str) -> list[Measurement]:
        return [m for m in self.measurements if m.suite in names]

    def save(self, path: Path) -> None:
        """All or nothing."""
        content = {"schema": SCHEMA, **asdict(self)}
        for measurement in content["measurements"]:
            for contestant in measurement["contestants"].values():
                contestant["seconds"] = [
                    None if math.isnan(s) else float(f"{s:.{DIGITS}g}") for s in contestant["seconds"]
                ]
        with replacing(path) as file:
            file.write((json.dumps(content, allow_nan=False) + "\n").encode())
