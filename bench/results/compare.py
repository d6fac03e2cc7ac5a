"""Two files of results: what got faster or slower beyond the noise, per instruction set and number of threads.

Two runs are two moments of a machine, or two machines: bare times cannot be compared. What is compared is each
contestant's ratio to NumPy, taken turn by turn within its own run. A change is told when its interval, from the least
to the most that those of the two runs allow, does not hold 1, and when it is larger than FLOOR; on one kind of CPU also
only if the bare time has changed in that direction, for else it is NumPy that has changed.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from .statistics import Ratio
from .store import NUMPY, OWN, PEER, RUNG, Measurement, Results
from .tables import Table, disturbed, plain, seconds, times

FLOOR = 0.05  # two runs of the same code differ by that: each process lays out its memory anew
FACTS = {
    "The CPU": "cpu", "The number of CPUs": "cpus", "The compiler": "compiler", "Python": "python", "NumPy": "numpy",
}  # fmt: skip
FASTER, SLOWER, SAME, UNKNOWN = "faster", "slower", "the same", "cannot tell"


class Change(msgspec.Struct, frozen=True):
    measurement: Measurement  # of the second run
    name: str
    before: float  # median seconds
    after: float
    gain: Ratio  # of the ratio to NumPy: above 1 the second run is faster
    verdict: str

    @property
    def what(self) -> str:
        return f"{self.measurement.suite}: {self.measurement.title}"


class Comparison(msgspec.Struct, frozen=True):
    changes: list[Change]
    only: tuple[int, int]  # contestants in the first run only, and in the second
    warnings: list[str]

    def of(self, verdict: str) -> list[Change]:
        """The largest change first."""
        found = [c for c in self.changes if c.verdict == verdict]
        return sorted(found, key=lambda c: c.gain.value, reverse=verdict == FASTER)

    def slower_by(self, share: float) -> list[Change]:
        """At least by that share of the time: even the near end of the interval is."""
        return [c for c in self.of(SLOWER) if 1 / c.gain.high > 1 + share]


def compare(first: Results, second: Results) -> Comparison:
    """What both hold: every contestant but NumPy, of every measurement that NumPy took part in."""
    before, after = (
        {
            (m.suite, m.title, m.dtype, m.threads, m.instruction_set, name): (name, m)
            for m in results.measurements
            if m.names(NUMPY)
            for name in m.names(RUNG, PEER, OWN)
        }
        for results in (first, second)
    )
    same_cpu = first.machine["cpu"] == second.machine["cpu"]
    changes = [_change(*after[key], before[key][1], same_cpu) for key in after if key in before]
    only = len(before.keys() - after.keys()), len(after.keys() - before.keys())
    return Comparison([c for c in changes if c], only, list(_warnings(first, second)))


def _change(name: str, new: Measurement, old: Measurement, same_cpu: bool) -> Change | None:
    """None if one of the two never met NumPy in a turn."""
    was, now = old.faster(name, "NumPy"), new.faster(name, "NumPy")
    if was is None or now is None:
        return None
    before, after = old.contestants[name].median, new.contestants[name].median
    gain = Ratio(now.value / was.value, now.low / was.high, now.high / was.low)
    faster = gain.value > 1
    if gain.unknown or old.disturbed or new.disturbed:
        verdict = UNKNOWN
    elif gain.tie or 1 / (1 + FLOOR) < gain.value < 1 + FLOOR or (same_cpu and faster != (after < before)):
        verdict = SAME
    else:
        verdict = FASTER if faster else SLOWER
    return Change(new, name, before, after, gain, verdict)


def _warnings(first: Results, second: Results) -> Iterator[str]:
    """What else differs: then a change may not be the code's."""
    # The machine's NumPy, not the versions': a run without training has no other.
    one, other = (r.versions | {text: dict(r.machine)[key] for text, key in FACTS.items()} for r in (first, second))
    for name in sorted(one.keys() & other.keys()):
        if one[name] != other[name]:
            yield f"{name} differs: {one[name]} and {other[name]}."
    for name, results in (("first", first), ("second", second)):
        if text := disturbed(results.measurements):
            yield f"The {name} run:{text} Of those it cannot be told what changed."


def tables(found: Comparison) -> list[Table]:
    """One for each instruction set and number of threads that something changed in."""
    columns = ["", "operation", "contestant", "before", "after", "times as fast, beside NumPy"]
    made: dict[tuple[str, int], Table] = {}
    for change in found.of(FASTER) + found.of(SLOWER):
        m = change.measurement
        title = f"{m.instruction_set}, up to {m.threads} thread{'s' * (m.threads > 1)}"
        table = made.setdefault((m.instruction_set, m.threads), Table(title, columns, text_columns=3))
        texts = [plain(text) for text in (change.verdict, change.what, change.name)]
        table.rows.append([*texts, seconds(change.before), seconds(change.after), times(change.gain)])
    return list(made.values())


def summary(found: Comparison) -> str:
    counts = ", ".join(f"{len(found.of(verdict))} {verdict}" for verdict in (FASTER, SLOWER, SAME, UNKNOWN))
    return f"{counts}; only in the first file {found.only[0]}, only in the second {found.only[1]}."
