"""The step's budget as a table: each kernel call beside the least time that the machine's limits leave it."""

from __future__ import annotations

from collections.abc import Sequence

from .store import Measurement, Results
from .tables import Cell, Table, of_rows, plain, seconds

Row = tuple[str, Sequence[float], str]  # what; its seconds and their floor for each number of threads; the limit


def budget(results: Results, measurements: list[Measurement]) -> Table:
    """A row for each call of a kernel and for all of them, for what is between them, and for the whole step.

    A floor is the time of the multiply-adds, but those by zeros of the left factor, or that of moving the bytes.
    """
    *calls, between = (_row(results, m) for m in measurements)
    kernels = _sum("all kernel calls", calls)
    rows = [*calls, kernels, between, _sum("a step of fit", [kernels, between])]
    columns = [name for c in measurements[0].contestants.values() for name in (c.name, f"floor on {c.threads}")]
    return of_rows("The budget of a step", [
        {
            "call": plain(what),
            **{name: seconds(t) if t else Cell("") for name, t in zip(columns, times, strict=True)},
            "limit": plain(limit),
        }
        for what, times, limit in rows
    ])  # fmt: skip


def _row(results: Results, m: Measurement) -> Row:
    times, name = [], ""
    for c in m.contestants.values():
        limit = m.limit(results.machine, c.threads)
        name = limit[0] if limit else ""
        times += [c.median, 1e-9 * (m.flops if m.computes else m.bytes) / limit[1] if limit else 0]
    return m.title, times, name


def _sum(what: str, rows: list[Row]) -> Row:
    return what, [sum(column) for column in zip(*(times for _, times, _ in rows), strict=True)], ""
