"""`pytest bench`: every rung at every size, checked against NumPy in float64, then timed beside NumPy.

pytest-benchmark's columns are seconds; extra_info (in --benchmark-json) carries what `pynn bench` tells of a rung: its
ratio to NumPy, measured in turns within the same test, because seconds of two moments on a shared machine cannot be
compared, the verdict, the rate and the largest error.
"""

from __future__ import annotations

import pytest
from pynn.bench.measure.cases import CASES, Case
from pynn.bench.measure.quiet import settle
from pynn.bench.measure.turns import interleave, local
from pynn.bench.suites import measurement

TURNS, BUDGET = 5, 0.1
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
    contestants = local(case, only=rung)
    contestant = contestants[rung]
    benchmark.group = case.title
    if benchmark.disabled:
        benchmark(contestant.function, *contestant.arguments)
        return
    measured = measurement(case, "pytest", kernel_threads, contestants, *interleave(contestants, TURNS, BUDGET))
    against = measured.faster(rung, "NumPy")
    benchmark.extra_info.update({
        "times NumPy": against and against.value,
        "times NumPy, quartiles": against and [against.low, against.high],
        "tie with NumPy": against and against.tie,
        "verdict": measured.verdict(rung),
        "others' share of the CPUs": measured.others,
        "threads": measured.contestants[rung].threads,
        "instruction set": measured.instruction_set,
        "shapes": case.label,
        "largest error": f"{contestant.error} {contestant.error_unit}",
        measured.unit: measured.rate(rung),
    })  # fmt: skip
    settle()
    seconds = measured.contestants[rung].median
    iterations = max(1, int(SECONDS / 20 / seconds))
    rounds = min(20, max(1, int(SECONDS / seconds)))
    out = {} if contestant.out is None else {"out": contestant.out}
    benchmark.pedantic(contestant.function, contestant.arguments, out, rounds=rounds, iterations=iterations)
