"""`pytest bench`: every rung and NumPy at every size, checked against NumPy in float64, then timed once.

pytest-benchmark's tables, comparisons and histograms have a group for each operation and size; conftest.py adds to
each name how many times as fast as NumPy it is. These are medians of two moments on a machine that may be shared:
`pynn bench` lets contestants take turns, and says how sure a ratio is. The saved JSON holds what `make readme` needs.
"""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from pynn.bench.measure.cases import CASES, Case
from pynn.bench.measure.quiet import scattered, settle
from pynn.bench.measure.timing import SLOW
from pynn.bench.measure.turns import local

ROUNDS, SLOW_ROUNDS, SECONDS = 9, 3, 0.01  # of each contestant; SLOW ones get fewer; the length of a round


def tests() -> list:
    named = [(case, name) for case in CASES for name in (*case.rungs(), "NumPy")]
    return [pytest.param(case, name, id=f"{case.title}: {name}".replace(" ", "")) for case, name in named]


@pytest.mark.parametrize(("case", "name"), tests())
def test_rung(benchmark, kernel_threads: int, case: Case, name: str) -> None:
    contestant = local(case, only=name)[name]
    benchmark.group = case.title
    benchmark.extra_info.update({
        "contestant": name,
        "threads": kernel_threads if contestant.threaded else 1,
        "error": contestant.error,
        "error unit": contestant.error_unit,
    })  # fmt: skip
    settle()
    with scattered() if contestant.threaded else nullcontext():
        benchmark.pedantic(
            getattr(contestant.function, "call", contestant.function),  # a Statement's, without its own call
            contestant.arguments,
            {} if contestant.out is None else {"out": contestant.out},
            rounds=SLOW_ROUNDS if contestant.once > SLOW else ROUNDS,
            iterations=max(1, int(SECONDS / contestant.once)),
        )
