"""results.csv: a row for each contestant of each measurement, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io

from .statistics import Ratio
from .store import Measurement, Results

COLUMNS = (
    "suite", "operation", "shapes", "contestant", "kind", "threads", "instruction set", "median s", "low s", "high s",
    "times naive", "low", "high", "times NumPy", "low", "high", "rate", "unit", "share of limit", "largest error",
    "error unit", "verdict", "CPUs taken by others",
)  # fmt: skip


def text(results: Results) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(results, m, name) for m in results.measurements for name in m.by_speed())
    return file.getvalue()


def _row(results: Results, m: Measurement, name: str) -> list:
    c, rate, limit = m.contestants[name], m.rate(name) if m.flops else None, m.share(name, results.machine)
    low, median, high = c.interval
    return [
        m.suite, m.operation, m.label, name, c.kind, c.threads, c.instruction_set, median, low, high,
        *_three(m.faster(name, "naive")), *_three(m.faster(name, "NumPy")), rate, m.unit if rate else "",
        limit[0] if limit else None, c.error, c.error_unit, m.verdict(name), m.others,
    ]  # fmt: skip


def _three(ratio: Ratio | None) -> tuple[float | None, ...]:
    return (ratio.value, ratio.low, ratio.high) if ratio else (None, None, None)
