"""What was measured, as tables: cells with their text and the value they sort by, for terminal, Markdown and HTML."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from pynn.cli.checks import one_line

from . import statistics
from .statistics import Ratio, three_digits
from .store import NUMPY, PEER, Measurement, ProcessRun, Results

RATIOS = (
    "Contestants take turns; times are medians. A ratio is the median of each turn's ratios, which the quotient of two "
    "medians need not be; tie: it is nearer to 1 than its quartiles are to each other; ?: too noisy. "
    "times naive, times NumPy: how many times as fast as pure Python loops, as NumPy; below 1 it is slower. of limit: "
    "of the measured peak of multiply-adds, or of the bandwidth of the smallest cache that holds the arrays, with as "
    "many threads as the contestant may use; what skips zeros may pass it. largest error: from NumPy in float64, in "
    "units of the last place (ulp), or as a share of the bound of such a sum's rounding errors."
)
VERDICTS = (
    "spread: half the distance between the quartiles, as a share of the median. verdict: stable up to "
    f"{statistics.STABLE:.0%} spread and {statistics.BUSY:.0%} of the CPUs taken by others; noisy up to "
    f"{statistics.NOISY:.0%} and {statistics.HOPELESS:.0%}; else, or with fewer than {statistics.FEWEST} turns, "
    "unusable."
)
READING = f"{RATIOS} {VERDICTS}"


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


def empty() -> Cell:
    return Cell("")


def number(value: float, unit: str = "") -> Cell:
    return Cell(f"{three_digits(value)}{unit}", value)


def seconds(t: float) -> Cell:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if t >= 0.9995 * size:  # what rounds to 1000 of a unit is 1.00 of the next
            return Cell(f"{three_digits(t / size)} {unit}", t)
    return Cell(f"{t * 1e9:.3g} ns", t)


def faster(m: Measurement, name: str, than: str | None) -> Cell:
    """The ratio, or a question mark where it varies too much."""
    if than is None or name == than or (ratio := m.faster(name, than)) is None:
        return empty()
    return times(ratio) if m.usable(ratio) else Cell("?")


def times(ratio: Ratio | None) -> Cell:
    return empty() if ratio is None else Cell(str(ratio), ratio.value)


def percent(value: float) -> str:
    """With two digits or more."""
    return f"{value:.0%}" if value >= 0.0995 else f"{100 * value:.2g}%"


def share(value: float) -> Cell:
    return Cell(percent(value), value)


def error(value: float | None, unit: str) -> Cell:
    if value is None:
        return empty()
    return Cell("exact" if value == 0 else f"{value:.2g} ulp" if unit == "ulp" else f"{percent(value)} {unit}", value)


def limits(results: Results) -> Table:
    """The machine's measured limits, a row for each number of threads."""
    found = results.machine["limits"]
    levels = [*dict.fromkeys(level for row in found.values() for level in row["add"])]
    columns = ["threads", "float32 GFLOP/s", "float64 GFLOP/s", *(f"{level} GB/s" for level in levels), "copy GB/s"]
    table = Table("Limits of this machine", columns, text_columns=0)
    for n, row in found.items():
        flops = [number(row["float32"]), number(row["float64"])]
        adds = [number(row["add"][level]) for level in levels]
        table.rows.append([Cell(n, int(n)), *flops, *adds, number(row["copy"]["memory"])])
    return table


LADDER_COLUMNS = [
    "operation", "rung", "time", "spread", "rate", "times naive", "times rung below", "times NumPy", "of limit",
    "largest error", "threads", "instruction set", "verdict",
]  # fmt: skip


def ladder(results: Results, measurements: list[Measurement], title: str) -> Table:
    """A row for each contestant, slowest rung first."""
    table = Table(title, LADDER_COLUMNS, text_columns=2)
    for m in measurements:
        table.rows.extend(ladder_row(results, m, name) for name in m.contestants)
    return table


def ladder_row(results: Results, m: Measurement, name: str) -> list[Cell]:
    contestant = m.contestants[name]
    limit = m.limit(results.machine, contestant.threads)
    return [
        plain(m.title),
        plain(name),
        seconds(contestant.median),
        share(contestant.spread),
        number(m.rate(name), f" {m.unit}") if m.flops else empty(),
        faster(m, name, "naive"),
        faster(m, name, m.below(name)),
        faster(m, name, "NumPy"),
        Cell(f"{percent(m.rate(name) / limit[1])} of {limit[0]}", m.rate(name) / limit[1]) if limit else empty(),
        error(contestant.error, contestant.error_unit),
        Cell(str(contestant.threads), contestant.threads),
        plain(contestant.instruction_set),
        plain(m.verdict(name)),
    ]


def libraries(measurements: list[Measurement]) -> Table:
    """A row for each case: the public operation's time, and how many times as fast it is as NumPy and each library."""
    others = list(dict.fromkeys(name for m in measurements for name in m.names(NUMPY, PEER)))
    columns = ["operation", "kernels", *(f"times {name}" for name in others)]
    table = Table("The public operations beside other libraries", columns)
    for m in measurements:
        best = m.best_rung
        table.rows.append([plain(m.title), seconds(m.contestants[best].median), *(faster(m, best, n) for n in others)])
    return table


def by_operation(measurements: list[Measurement]) -> dict[str, list[Measurement]]:
    found: dict[str, list[Measurement]] = {}
    for m in measurements:
        found.setdefault(m.operation, []).append(m)
    return found


def sweep(measurements: list[Measurement]) -> Table:
    """One operation: a row for each size, a column for each contestant's rate, then the last rung's ratios."""
    best = measurements[0].best_rung
    names = [*dict.fromkeys(name for m in measurements for name in m.contestants)]
    others = list(dict.fromkeys(name for m in measurements for name in m.names(NUMPY, PEER)))
    columns = ["size", *(f"{name}, {measurements[0].unit}" for name in names), *(f"{best} times {n}" for n in others)]
    table = Table(f"{measurements[0].operation} by size", columns)
    for m in measurements:
        rates = [number(m.rate(name)) if name in m.contestants else empty() for name in names]
        table.rows.append([Cell(f"{m.size:,}", m.size), *rates, *(faster(m, best, n) for n in others)])
    return table


def steps(results: Results, measurements: list[Measurement]) -> Table:
    """Small steps, which are neither arithmetic nor memory."""
    return ladder(results, measurements, "Small steps").without("rate", "of limit", "times naive", "largest error")


def scaling(measurements: list[Measurement]) -> Table:
    """A row for each operation and number of threads; `speed-up` is over one thread, in the same turns."""
    columns = ["operation", "contestant", "threads", "time", "speed-up", "of ideal"]
    table = Table("Strong scaling", columns, text_columns=2)
    first: dict[tuple[str, str], Measurement] = {}
    for m in measurements:
        for name, contestant in m.contestants.items():
            base = first.setdefault((m.title, name), m)
            gain = statistics.ratio(base.contestants[name].seconds, contestant.seconds)
            ideal = m.threads / base.threads
            cells = [times(gain) if gain and m is not base else empty(), empty()]
            if gain and m is not base and not gain.tie:
                cells[1] = share(gain.value / ideal)
            threads = Cell(str(m.threads), m.threads)
            table.rows.append([plain(m.title), plain(name), threads, seconds(contestant.median), *cells])
    return table


def epochs(results: Results, m: Measurement) -> Table:
    """Seconds of an epoch, and the loss and accuracy of the first. Rungs are not trained to the end of one."""
    columns = ["contestant", "s per epoch", "spread", "pynn is faster by", "times naive", "loss, epoch 1", "accuracy",
               "threads", "verdict"]  # fmt: skip
    table = Table(f"Epochs of {m.label} (≈: computed from some steps, naive: from parts of them)", columns)
    for name, contestant in m.contestants.items():
        curve = results.curves.get(name)
        table.rows.append([
            plain(name),
            Cell(f"{'' if curve else '≈ '}{three_digits(contestant.median)}", contestant.median),
            share(contestant.spread),
            faster(m, "pynn", name),
            faster(m, name, "naive"),
            *([Cell(f"{x:.4f}", x) for x in curve[0][1:]] if curve else [empty(), empty()]),
            Cell(str(contestant.threads), contestant.threads),
            plain(m.verdict(name)),
        ])  # fmt: skip
    return table


def process_runs(results: Results) -> Table:
    """Whole processes: to the test accuracy asked for, memory, size and import."""
    columns = ["library", f"s to {results.goal:.0%} (range)", "times pynn's", "epochs", "peak MB", "installed MB",
               "import s"]  # fmt: skip
    table = Table(f"From nothing to {results.goal:.0%} on MNIST", columns)
    for run in results.process_runs:
        low, middle, high = min(run.seconds), _middle(run.seconds), max(run.seconds)
        installed = f"{run.installed / 1e6:,.0f}" if run.installed else ""
        if run.installed_gpu:
            installed += f" (+ {run.installed_gpu / 1e6:,.0f} for GPUs)"
        epochs_text = f"{_middle(run.epochs):.0f}"
        if min(run.accuracy) < results.goal:
            epochs_text += f" (reached {min(run.accuracy):.2%})"
        table.rows.append([
            plain(run.name),
            Cell(f"{middle:.1f} ({low:.1f} to {high:.1f})", middle),
            times(_over_pynn(results, run)),
            Cell(epochs_text, _middle(run.epochs)),
            Cell(f"{_middle(run.peak) / 1e6:,.0f}", _middle(run.peak)),
            Cell(installed, run.installed or None),
            number(_middle(run.import_seconds)),
        ])  # fmt: skip
    return table


def _over_pynn(results: Results, run: ProcessRun) -> Ratio | None:
    base = next((other for other in results.process_runs if other.name == "pynn"), run)
    return None if run is base else statistics.ratio(np.array(run.seconds), np.array(base.seconds))


def _middle(values: list) -> float:
    return statistics.median(np.array(values))


def conditions(results: Results) -> str:
    """One paragraph: the machine, the build, the date, and what disturbed the run."""
    machine = results.machine
    threads = max((m.threads for m in results.measurements), default=machine["cpus"])
    governor = f", governor {machine['governor']}" if machine["governor"] else ""
    made = datetime.fromisoformat(results.made).strftime("%Y-%m-%d") if results.made else ""
    text = (
        f"{machine['cpu']}, {machine['cpus']} CPUs{governor}, {threads} thread{'s' * (threads > 1)} for each contestant"
        f"{' (NumPy: in products; its other operations use one)' * (threads > 1)}, instruction set "
        f"{machine['instruction set']}, {machine['compiler']}, NumPy {machine['numpy']}, Python {machine['python']}. "
        f"{made}"
    ).strip()
    return text + disturbed(results.measurements)


def disturbed(measurements: list[Measurement]) -> str:
    """What a reader must know of a machine that was not ours alone; else nothing."""
    most = max((m.others for m in measurements), default=0.0)
    return f" Disturbed: other processes took up to {most:.0%} of the CPUs." if most > statistics.BUSY else ""
