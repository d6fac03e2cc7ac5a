"""What was measured, as tables: cells with their text and the value they sort by, for terminal, Markdown and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from pynn.cli.checks import one_line

from . import statistics
from .scaling_model import predicted
from .statistics import CLOSE, Ratio, three_digits
from .store import BUSY, FEWEST, NOISY, NUMPY, OWN, PEER, Measurement, Results

READING = (
    "Contestants take turns; times are medians. A ratio is the median of each turn's ratios, which the quotient of two "
    "medians need not be. In brackets stand the ends of its interval, which holds the true median in about 95% of all "
    f"runs (of fewer than five turns: the least and the largest), unless both are within {CLOSE:.0%} of it, or it is "
    f"below 0.1. Where the interval holds 1, tie: it is within {CLOSE:.0%} of 1; else cannot tell. "
    "times naive, times NumPy: how many times as fast as pure Python loops, as NumPy; below 1 it is slower. of limit: "
    "of the measured peak of multiply-adds, or of the bandwidth of the smallest cache that holds the arrays, with as "
    "many threads as the contestant may use; what skips zeros may pass it. largest error: from NumPy in float64, in "
    "units of the last place (ulp), or as a share of the bound of such a sum's rounding errors. "
    f"spread: how far the further end of a time's interval is from it. verdict: stable up to {CLOSE:.0%}, unless "
    f"disturbed: other processes took more than {BUSY:.0%} of the CPUs; noisy up to {NOISY:.0%}; else, or with fewer "
    f"than {FEWEST} turns, unusable. model: a speed-up that is not measured, but computed from one thread's time, "
    "the limits and the cost of a parallel region, or for fit from the "
    "times of one thread and of two; where one was measured, too, that checks the model."
)


@dataclass(frozen=True)
class Cell:
    text: str
    value: float | str | None = None  # what it sorts by; None: by nothing, last


@dataclass(frozen=True)
class Table:
    title: str
    columns: list[str]
    rows: list[list[Cell]] = field(default_factory=list)
    text_columns: int = 1  # the first ones, aligned left; the others are numbers

    def without(self, *names: str) -> Table:
        """The same table without these columns."""
        kept = [i for i, name in enumerate(self.columns) if name not in names]
        rows = [[row[i] for i in kept] for row in self.rows]
        text_columns = sum(i < self.text_columns for i in kept)
        return Table(self.title, [self.columns[i] for i in kept], rows, text_columns)


def of_rows(title: str, rows: list[dict[str, Cell]], text_columns: int = 1) -> Table:
    """Each row: column -> cell."""
    return Table(title, list(rows[0]) if rows else [], [list(row.values()) for row in rows], text_columns)


def markdown(table: Table) -> str:
    right = len(table.columns) - table.text_columns
    lines = [f"| {' | '.join(table.columns)} |", f"|{':--|' * table.text_columns}{'--:|' * right}"]
    lines += [f"| {' | '.join(map(_escaped, row))} |" for row in table.rows]
    return "\n".join(lines)


def _escaped(cell: Cell) -> str:
    return one_line(cell.text).replace("|", "\\|").replace("<", "&lt;")


def titled(table: Table) -> str:
    return f"**{table.title}**\n\n{markdown(table)}"


def plain(text: str) -> Cell:
    return Cell(text, text)


def number(value: float | None, unit: str = "") -> Cell:
    return Cell("") if value is None else Cell(f"{three_digits(value)}{unit}", value)


def seconds(t: float) -> Cell:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if t >= 0.9995 * size:  # what rounds to 1000 of a unit is 1.00 of the next
            return Cell(f"{three_digits(t / size)} {unit}", t)
    return Cell(f"{t * 1e9:.3g} ns", t)


def faster(m: Measurement, name: str | None, than: str | None) -> Cell:
    return Cell("") if name == than else times(m.faster(name, than))


def times(ratio: Ratio | None) -> Cell:
    return Cell("") if ratio is None else Cell(str(ratio), None if ratio.unknown else ratio.value)


def percent(value: float) -> str:
    """With two digits or more."""
    return f"{value:.0%}" if value >= 0.0995 else f"{100 * value:.2g}%"


def share(value: float) -> Cell:
    return Cell(percent(value), value)


def error(value: float | None, unit: str) -> Cell:
    if value is None:
        return Cell("")
    return Cell("exact" if value == 0 else f"{value:.2g} ulp" if unit == "ulp" else f"{percent(value)} {unit}", value)


def limits(results: Results) -> Table:
    """The machine's measured limits, a row for each number of threads."""
    found = results.machine["limits"]
    levels = [*dict.fromkeys(level for row in found.values() for level in row["add"])]
    rows = [
        {
            "threads": Cell(n, int(n)),
            "float32 GFLOP/s": number(row["float32"]),
            "float64 GFLOP/s": number(row["float64"]),
            **{f"{level} GB/s": number(row["add"].get(level)) for level in levels},
            "copy GB/s": number(row["copy"]["memory"]),
        }
        for n, row in found.items()
    ]
    return of_rows("Limits of this machine", rows, text_columns=0)


def ladder(results: Results, measurements: list[Measurement], title: str) -> Table:
    """A row for each contestant, slowest rung first, a user's own among them by its time."""
    table = of_rows(title, [_rung(results, m, name) for m in measurements for name in m.by_speed()], text_columns=2)
    return table if any(m.names(OWN) for m in measurements) else table.without("times rung above")


def _rung(results: Results, m: Measurement, name: str) -> dict[str, Cell]:
    contestant, limit = m.contestants[name], m.share(name, results.machine)
    return {
        "operation": plain(m.title),
        "rung": plain(name),
        "time": seconds(contestant.median),
        "spread": share(contestant.spread),
        "rate": number(m.rate(name), f" {m.unit}") if m.flops else Cell(""),
        "times naive": faster(m, name, "naive"),
        "times rung below": faster(m, name, m.below(name)),
        "times rung above": faster(m, name, m.above(name)),
        "times NumPy": faster(m, name, "NumPy"),
        "of limit": Cell(f"{percent(limit[0])} of {limit[1]}", limit[0]) if limit else Cell(""),
        "largest error": error(contestant.error, contestant.error_unit),
        "threads": Cell(str(contestant.threads), contestant.threads),
        "instruction set": plain(contestant.instruction_set),
        "verdict": plain(m.verdict(name)),
    }


def steps(results: Results, measurements: list[Measurement]) -> Table:
    """Small steps, which are neither arithmetic nor memory."""
    return ladder(results, measurements, "Small steps").without("rate", "of limit", "times naive", "largest error")


def libraries(measurements: list[Measurement]) -> Table:
    """A row for each case: the public operation's time, and how many times as fast it is as NumPy and each library."""
    others = _others(measurements)
    rows = [
        {
            "operation": plain(m.title),
            "kernels": seconds(m.contestants[best].median) if (best := m.best_rung) else Cell(""),
            **{f"times {name}": faster(m, best, name) for name in others},
        }
        for m in measurements
    ]
    return of_rows("The public operations beside other libraries", rows)


def _others(measurements: list[Measurement]) -> list[str]:
    return list(dict.fromkeys(name for m in measurements for name in m.names(NUMPY, PEER, OWN)))


def by_operation(measurements: list[Measurement]) -> dict[str, list[Measurement]]:
    found: dict[str, list[Measurement]] = {}
    for m in measurements:
        found.setdefault(m.operation, []).append(m)
    return found


def sweep(measurements: list[Measurement]) -> Table:
    """One operation: a row for each size, the last rung's ratios, then a column for each contestant's rate."""
    first, best = measurements[0], measurements[0].best_rung
    names = [*dict.fromkeys(name for m in measurements for name in m.by_speed())]
    rows = [
        {
            "size": Cell(f"{m.size:,}", m.size),
            **{f"{best} times {name}": faster(m, best, name) for name in _others(measurements)},
            **{f"{name}, {first.unit}": number(m.rate(name) if name in m.contestants else None) for name in names},
        }
        for m in measurements
    ]
    return of_rows(f"{first.operation} by size", rows)


def scaling(results: Results, measurements: list[Measurement]) -> Table:
    """A row for each operation and number of threads; `speed-up` is over one thread, in the same turns. `model`: what
    it says of the public operation, also of numbers of threads that were not measured, in rows without a time."""
    rows = []
    for group in by_threads(measurements):
        one, best = group[0], group[0].best_rung or ""
        model = {n: number(one.contestants[best].median / t) for n, t in predicted(results.machine, group).items()}
        for m in group:
            for name, contestant in m.contestants.items():
                base = next(other for other in group if name in other.contestants)
                gain = None if m is base else statistics.ratio(base.contestants[name].seconds, contestant.seconds)
                told = gain and not gain.tie and not gain.unknown
                rows.append({
                    "operation": plain(m.title),
                    "contestant": plain(name),
                    "number of threads": Cell(str(m.threads), m.threads),
                    "time": seconds(contestant.median),
                    "speed-up": times(gain),
                    "of ideal": share(gain.value * base.threads / m.threads) if gain and told else Cell(""),
                    "model": model.pop(m.threads, Cell("")) if name == best else Cell(""),
                })  # fmt: skip
        for n, speed in model.items():
            names = {"operation": plain(one.title), "contestant": plain(best), "number of threads": Cell(str(n), n)}
            rows.append({**dict.fromkeys(rows[-1], Cell("")), **names, "model": speed})
    return of_rows("Strong scaling", rows, text_columns=2)


def by_threads(measurements: list[Measurement]) -> list[list[Measurement]]:
    """Of each task, fewest threads first."""
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for m in sorted(measurements, key=lambda m: m.threads):
        groups.setdefault((m.title, m.dtype), []).append(m)
    return [*groups.values()]


def epochs(results: Results, m: Measurement) -> Table:
    """Seconds of an epoch, and the loss and accuracy of the first. Rungs are not trained to the end of one."""
    rows = []
    for name in m.by_speed():
        contestant, curve = m.contestants[name], results.curves.get(name)
        loss, accuracy = (Cell(f"{x:.4f}", x) for x in curve[0][1:]) if curve else (Cell(""), Cell(""))
        rows.append({
            "contestant": plain(name),
            "s per epoch": Cell(f"{'' if curve else '≈ '}{three_digits(contestant.median)}", contestant.median),
            "spread": share(contestant.spread),
            "pynn is faster by": faster(m, "pynn", name),
            "times naive": faster(m, name, "naive"),
            "loss, epoch 1": loss,
            "accuracy": accuracy,
            "threads": Cell(str(contestant.threads), contestant.threads),
            "verdict": plain(m.verdict(name)),
        })  # fmt: skip
    return of_rows(f"Epochs of {m.label} (≈: computed from some steps, in Python those of a narrower network)", rows)


def process_runs(results: Results) -> Table:
    """Whole processes: to the test accuracy asked for, memory, size and import."""
    rows, pynn = [], next((run for run in results.process_runs if run.name == "pynn"), None)
    for run in results.process_runs:
        each: tuple[Sequence[float], ...] = (run.seconds, run.epochs, run.peak, run.import_seconds)
        took, epochs, peak, importing = (float(np.median(values)) for values in each)
        span = f"{took:.1f} ({min(run.seconds):.1f}–{max(run.seconds):.1f})"
        missed = f" (reached {min(run.accuracy):.2%})" * (min(run.accuracy) < results.goal)
        gpu = f" (+ {run.installed_gpu / 1e6:,.0f} for GPUs)" * bool(run.installed_gpu)
        size = f"{run.installed / 1e6:,.0f}" * bool(run.installed)
        of_pynn = statistics.ratio(np.array(run.seconds), np.array(pynn.seconds)) if pynn and run is not pynn else None
        rows.append({
            "library": plain(run.name),
            f"s to {results.goal:.0%} (range)": Cell(span, took),
            "times pynn's": times(of_pynn),
            "epochs": Cell(f"{epochs:.0f}{missed}", epochs),
            "peak MB": Cell(f"{peak / 1e6:,.0f}", peak),
            "installed MB": Cell(size + gpu, run.installed or None),
            "import s": number(importing),
        })  # fmt: skip
    return of_rows(f"From nothing to {results.goal:.0%} on MNIST", rows)


def conditions(results: Results) -> str:
    """One paragraph: the machine, the build, the date, and what disturbed the run."""
    machine = results.machine
    threads = max((m.threads for m in results.measurements), default=machine["cpus"])
    governor = f", governor {machine['governor']}" if machine["governor"] else ""
    made = datetime.fromisoformat(results.made).strftime("%Y-%m-%d") if results.made else ""
    blis = "; BLIS: one, and generic kernels on CPUs that it does not know" * ("BLIS" in results.versions)
    fewer = f" (NumPy: in products; its other operations use one{blis})" * (threads > 1)
    text = (
        f"{machine['cpu']}, {machine['cpus']} CPUs{governor}, {threads} thread{'s' * (threads > 1)} for each contestant"
        f"{fewer}, instruction set "
        f"{machine['instruction set']}, {machine['compiler']}, NumPy {machine['numpy']}, Python {machine['python']}. "
        f"{made}"
    ).strip()
    return text + disturbed(results.measurements)


def disturbed(measurements: list[Measurement]) -> str:
    """What a reader must know of a machine that was not ours alone; else nothing."""
    found = [m.others for m in measurements if m.disturbed]
    if not found:
        return ""
    where = f"in {len(found)} of {len(measurements)} measurements"
    return f" Disturbed: other processes took up to {max(found):.0%} of the CPUs, {where}."
