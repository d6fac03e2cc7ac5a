"""A contestant's time beside others', in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .store import Machine, Measurement
from .tables import error, percent, seconds


def beside(m: Measurement, name: str, others: Iterable[str | None], machine: Machine | None = None) -> str:
    """Its time, how many times as fast it is as each of the others, and on a machine how near to its limit, and how
    far from NumPy's float64."""
    return "; ".join([seconds(m.contestants[name].median).text, *_ratios(m, name, others), *_rest(m, name, machine)])


def of_own(m: Measurement, name: str, machine: Machine | None = None) -> str:
    """Of a function of the user's, beside the rungs next to it, the lowest rung and NumPy."""
    return beside(m, name, dict.fromkeys((m.below(name), m.above(name), "naive", "NumPy")), machine)


def _ratios(m: Measurement, name: str, others: Iterable[str | None]) -> Iterator[str]:
    for other in others:
        if ratio := m.faster(name, other):
            if ratio.unknown:
                yield f"{ratio.text} times {other}: cannot tell"
            else:
                yield f"as fast as {other}" if ratio.tie else f"{ratio} times as fast as {other}"


def _rest(m: Measurement, name: str, machine: Machine | None) -> Iterator[str]:
    contestant = m.contestants[name]
    if machine and (found := m.share(name, machine)):
        yield f"{percent(found[0])} of {found[1]}"
    if machine and contestant.error is not None:
        yield f"largest error {error(contestant.error, contestant.error_unit).text}"
