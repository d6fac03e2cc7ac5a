"""`pytest bench`: every rung at every size, checked against NumPy in float64, then timed beside NumPy.

pytest-benchmark's columns are seconds; extra_info (in --benchmark-json) carries the ratio to NumPy, measured in turns
within the same test, because seconds of two moments on a shared machine cannot be compared.
"""

from __future__ import annotations

import pytest
from cases import CASES, Case
from measure import contestants, interleave, median, ratio
from quiet import settle

import kernels

TURNS, PATIENCE = 5, 0.1
SECONDS = 0.05  # of pytest-benchmark's own rounds in each test


@pytest.mark.parametrize(
    ("case", "rung"),
    [
        pytest.param(case, rung, id=f"{case.operation}-{case.label.replace(' · ', '@')}-{rung}".replace(" ", ""))
        for case in CASES
        for rung in case.rungs()
    ],
)
def test_rung(benchmark, kernel_threads: int, case: Case, rung: str) -> None:
    players = contestants(case, only=rung)
    function, arguments, out = players[rung]
    benchmark.group = f"{case.operation} {case.label}"
    if benchmark.disabled:
        benchmark(function, *arguments)
        return
    times, others = interleave(players, TURNS, PATIENCE)
    seconds, against = median(times[rung]), ratio(times["NumPy"], times[rung])
    unit, rate = case.rate(seconds)
    benchmark.extra_info.update({
        "times NumPy": against.value,
        "times NumPy, quartiles": [against.low, against.high],
        "tie with NumPy": against.tie,
        "others' share of the CPUs": others,
        "threads": kernel_threads,
        "instruction set": kernels.show_config()["instruction set"],
        "shapes": case.label,
        unit: rate,
    })  # fmt: skip
    settle()
    iterations = max(1, int(SECONDS / 20 / seconds))
    rounds = min(20, max(1, int(SECONDS / seconds)))
    benchmark.pedantic(function, arguments, {} if out is None else {"out": out}, rounds=rounds, iterations=iterations)
