"""Two files of results: what got faster or slower beyond the noise, per instruction set and number of threads.

Two runs are two moments of a machine, or two machines: bare times cannot be compared. What is compared is each
contestant's ratio to NumPy, taken turn by turn within its own run. A change is told when it is larger than the two
runs' spreads together, and than FLOOR; on one kind of CPU also only if the bare time has changed in that direction, for
else it is NumPy that has changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from . import statistics
from .store import NUMPY, Measurement, Results
from .tables import Table, disturbed, number, plain, seconds

FLOOR = 0.05  # two runs of the same code differ by that: each process lays out its memory anew
FEW = 5  # turns, whose quartiles say little
Key = tuple[str, str, str, str, int, str, str]


@dataclass(frozen=True)
class Change:
    measurement: Measurement  # of the second run
    name: str
    before: float  # median seconds
    after: float
    gain: float  # of the ratio to NumPy: above 1 the second run is faster
    noise: float  # the largest gain that the spreads explain
    told: bool


@dataclass
class Comparison:
    changes: list[Change] = field(default_factory=list)
    unusable: int = 0  # in both runs, but too noisy in one
    only: tuple[int, int] = (0, 0)  # in the first run, or the second
    warnings: list[str] = field(default_factory=list)

    @property
    def faster(self) -> list[Change]:
        return sorted((c for c in self.changes if c.told and c.gain > 1), key=lambda c: -c.gain)

    @property
    def slower(self) -> list[Change]:
        return sorted((c for c in self.changes if c.told and c.gain < 1), key=lambda c: c.gain)


def compare(first: Results, second: Results) -> Comparison:
    """What both hold: every contestant but NumPy, of every measurement that NumPy took part in."""
    found = Comparison(warnings=_warnings(first, second))
    before, after = _contestants(first), _contestants(second)
    elsewhere = first.machine["cpu"] != second.machine["cpu"]
    found.only = (len(before.keys() - after.keys()), len(after.keys() - before.keys()))
    for key in after:
        if key not in before:
            continue
        name, old, new = key[-1], before[key], after[key]
        was, now = old.faster(name, "NumPy"), new.faster(name, "NumPy")
        unusable = "unusable" in (m.verdict(n) for m in (old, new) for n in (name, "NumPy"))
        if was is None or now is None or unusable or max(old.others, new.others) > statistics.BUSY:
            found.unusable += 1
            continue
        spreads = math.hypot(_width(old, name), _width(new, name))
        noise = math.exp(max(spreads, math.log1p(FLOOR)))
        before_s, after_s, gain = old.contestants[name].median, new.contestants[name].median, now.value / was.value
        told = abs(math.log(gain)) > math.log(noise) and (elsewhere or (gain > 1) == (after_s < before_s))
        found.changes.append(Change(new, name, before_s, after_s, gain, noise, told))
    return found


def _width(m: Measurement, name: str) -> float:
    """Of the ratio to NumPy, as a logarithm: between the quartiles, or of few turns between the least and the most."""
    each = m.contestants["NumPy"].seconds / m.contestants[name].seconds
    each = each[~np.isnan(each)]
    low, high = np.quantile(each, (0.25, 0.75)) if len(each) > FEW else (each.min(), each.max())
    return float(np.log(high / low))


def _contestants(results: Results) -> dict[Key, Measurement]:
    return {
        (m.suite, m.operation, m.label, m.dtype, m.threads, m.instruction_set, name): m
        for m in results.measurements
        if m.names(NUMPY)
        for name, contestant in m.contestants.items()
        if contestant.kind != NUMPY
    }


def _warnings(first: Results, second: Results) -> list[str]:
    """What else differs: then a change may not be the code's."""
    names = {"cpu": "CPU", "cpus": "number of CPUs", "compiler": "compiler", "numpy": "NumPy", "python": "Python"}
    found = [
        f"The {name} differs: {first.machine[key]} and {second.machine[key]}."
        for key, name in names.items()
        if first.machine[key] != second.machine[key]
    ]
    for name, results in (("first", first), ("second", second)):
        if text := disturbed(results.measurements):
            found.append(f"The {name} run:{text} What was measured then counts as too noisy.")
    common = first.versions.keys() & second.versions.keys()
    return found + [
        f"{name} differs: {first.versions[name]} and {second.versions[name]}."
        for name in sorted(common)
        if first.versions[name] != second.versions[name]
    ]


def tables(found: Comparison) -> list[Table]:
    """One for each instruction set and number of threads that something changed in."""
    columns = ["", "operation", "contestant", "before", "after", "times as fast, beside NumPy", "noise up to"]
    made: dict[tuple[str, int], Table] = {}
    for change in found.faster + found.slower:
        m = change.measurement
        title = f"{m.instruction_set}, up to {m.threads} thread{'s' * (m.threads > 1)}"
        table = made.setdefault((m.instruction_set, m.threads), Table(title, columns, text_columns=3))
        table.rows.append([
            plain("faster" if change.gain > 1 else "slower"),
            plain(f"{m.suite}: {m.title}"),
            plain(change.name),
            seconds(change.before),
            seconds(change.after),
            number(change.gain),
            number(change.noise),
        ])  # fmt: skip
    return list(made.values())


def summary(found: Comparison) -> str:
    same = len(found.changes) - len(found.faster) - len(found.slower)
    return (
        f"{len(found.faster)} faster, {len(found.slower)} slower, {same} within the noise, {found.unusable} too noisy "
        f"to say; only in the first file {found.only[0]}, only in the second {found.only[1]}."
    )
