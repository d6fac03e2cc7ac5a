"""Rate and time of one operation against its size, below the machine's limits."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..results.statistics import three_digits
from ..results.store import RUNG, Measurement, Results, replace
from ..results.tables import by_operation
from .drawing import GREY, Drawing, Sheet, conditions, grid, line_style, look, marks, sheet, short, threads, usable
from .labels import End, at_ends

if TYPE_CHECKING:
    from matplotlib.axes import Axes

READING = "Points: medians; bars: quartiles; hollow: unusable."


def sweeps(results: Results) -> list[Drawing]:
    """For each operation that has two sizes or more: its rate and its time."""
    groups = {name: sorted(group, key=lambda m: m.size) for name, group in by_operation(results.suite("sweep")).items()}
    return [
        draw(results, group, f"sweep_{name}_{what}", what)
        for name, group in groups.items()
        if group[0].size < group[-1].size
        for what in ("rate", "time")
    ]


def draw(results: Results, group: list[Measurement], name: str, what: str) -> Drawing:
    last = group[-1]
    axis = "n of n x n matrices" if last.operation == "dot" else "elements"
    quantity = last.unit if what == "rate" else "time of a call"
    title = f"{last.operation}: {quantity} by {'matrix size' if last.operation == 'dot' else 'number of elements'}"
    page = sheet(
        title,
        f"Solid: rungs of the ladder. Dashed: libraries.{limits_in_words(results, last, what)}",
        [conditions(results, last.dtype, threads(last.threads)), READING],
    )
    axes = panel(page, group, last.unit if what == "rate" else "", axis)
    roofs(axes, results, group, what)
    ends = lines(axes, group, what)
    room(axes, last, what)
    at_ends(axes, ends, last.size)
    return Drawing(name, title, alternative(results, group, title, what, axis), page.figure)


def panel(page: Sheet, group: list[Measurement], unit: str, axis: str) -> Axes:
    from matplotlib.ticker import EngFormatter, FixedLocator, FuncFormatter, NullLocator

    axes = page.axes(left=0.82, right=1.25, below=0.5, above=0.05)
    sizes = [m.size for m in group]
    axes.set(xscale="log", yscale="log", xlabel=axis, ylabel=unit)
    margin = (sizes[-1] / sizes[0]) ** 0.03
    axes.set_xlim(sizes[0] / margin, sizes[-1] * margin)
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: short(size)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda y, _: f"{y:g}") if unit else EngFormatter("s", sep=" ", places=0)
    )
    grid(axes)
    return axes


def value(m: Measurement, like: Measurement, what: str, seconds: float) -> float:
    """Seconds, or the rate in like's unit."""
    return seconds if what == "time" else 1e-9 * (m.flops if like.computes else m.bytes) / seconds


def lines(axes: Axes, group: list[Measurement], what: str) -> list[End]:
    """A line for each contestant; where it ends."""
    names = dict.fromkeys(name for m in group for name in m.contestants)
    ends = []
    for name in names:
        at = [m for m in group if name in m.contestants]
        sizes = [m.size for m in at]
        quartiles = [np.nanquantile(m.contestants[name].seconds, (0.25, 0.5, 0.75)) for m in at]
        values = [[value(m, group[-1], what, t) for t in three] for m, three in zip(at, quartiles, strict=True)]
        low, middle, high = np.sort(values).T  # the slowest quartile has the lowest rate
        style = line_style(look(name), strong=at[-1].contestants[name].kind == RUNG)
        axes.errorbar(sizes, middle, (middle - low, high - middle), label=name, elinewidth=1, capsize=2, **style)
        for m, y in zip(at, middle, strict=True):
            marks(axes, m.size, y, look(name), usable(m, name))
        ends.append(End(sizes[-1], middle[-1], name, look(name)))
    return ends


def room(axes: Axes, like: Measurement, what: str) -> None:
    """Some more of it above, where the roofs' names stand."""
    low, high = axes.dataLim.intervaly
    above = 1.6 if what == "time" or not axes.texts else 2.2 if like.computes else 3.5
    axes.set_ylim(low / 1.6, high * above)


def limits_in_words(results: Results, m: Measurement, what: str) -> str:
    counts = [n for n in dict.fromkeys((m.threads, 1)) if m.limit(results.machine, n)]
    if not counts:
        return ""
    kind = "peak of multiply-adds" if m.computes else "bandwidth of caches and memory"
    grey = f"the measured {kind}" if what == "rate" else f"by the measured {kind}"
    return f" Grey: {grey}, {threads(counts[0])}{' (dotted: 1)' * (len(counts) > 1)}."


def roofs(axes: Axes, results: Results, group: list[Measurement], what: str) -> None:
    """Steps over the caches that hold the arrays, or one peak; for the run's threads (named) and for one (dotted)."""
    last = group[-1]
    left, right = axes.get_xlim()
    for n in dict.fromkeys((last.threads, 1)):
        if not last.limit(results.machine, n):
            continue
        steps = segments(results, group, n, left, right)
        x = [edge for start, stop, _, _ in steps for edge in (start, stop)]
        y = [roof for *_, roof in steps for _ in range(2)]
        if what == "time":
            y = [work(group, size) / roof for size, roof in zip(x, y, strict=True)]
        named = n == last.threads
        axes.plot(
            x, y, color=GREY, linestyle="-" if named else ":", linewidth=1.4 if named else 1.1, zorder=1.5,
            label=f"_roof {n}",
        )  # fmt: skip
        if named and what == "rate":
            name_roofs(axes, last, steps)


def name_roofs(axes: Axes, like: Measurement, steps: list[tuple[float, float, str, float]]) -> None:
    """A peak's name above its line, those of bandwidths in a row at the top, where a step is wide enough."""
    left, right = axes.get_xlim()
    if like.computes:
        text = f"{steps[0][2]} {steps[0][3]:.0f} {like.unit}"
        axes.annotate(text, (left, steps[0][3]), (3, 3), textcoords="offset points", color=GREY)
        return
    for start, stop, name, roof in steps:
        if np.log(stop / start) > 0.1 * np.log(right / left):
            axes.text(
                np.sqrt(start * stop), 0.99, f"{name.split()[0]} {roof:.0f}", ha="center", va="top", color=GREY,
                transform=axes.get_xaxis_transform(),
            )  # fmt: skip


def work(group: list[Measurement], size: float) -> float:
    """1e9 operations or bytes of a size, between and beyond those measured."""
    sizes = np.log([m.size for m in group])
    amounts = np.log([1e-9 * (m.flops if group[-1].computes else m.bytes) for m in group])
    slopes = (amounts[1:] - amounts[:-1]) / (sizes[1:] - sizes[:-1])
    i = int(np.clip(np.searchsorted(sizes, np.log(size)) - 1, 0, len(slopes) - 1))
    return float(np.exp(amounts[i] + slopes[i] * (np.log(size) - sizes[i])))


def segments(
    results: Results, group: list[Measurement], n: int, left: float, right: float
) -> list[tuple[float, float, str, float]]:
    """(from size, to size, name, limit) of each roof for n threads."""
    last = group[-1]
    found: list[tuple[float, float, str, float]] = []
    sizes = np.geomspace(left, right, 1000)
    for size, after in pairwise(sizes):
        like = last if last.computes else replace(last, bytes=1e9 * work(group, size), flops=1.0)
        name, roof = like.limit(results.machine, n) or ("", np.nan)
        if found and found[-1][2] == name:
            found[-1] = (found[-1][0], after, name, roof)
        else:
            found.append((size, after, name, roof))
    return found


def alternative(results: Results, group: list[Measurement], title: str, what: str, axis: str) -> str:
    last = group[-1]
    unit = last.unit if what == "rate" else "s"
    each = ", ".join(
        f"{name} {three_digits(v) if what == 'rate' else f'{v:.2g}'}"
        for name, contestant in last.contestants.items()
        for v in [value(last, last, what, contestant.median)]
    )
    limit = last.limit(results.machine, last.threads)
    roof = f" The limit there: {limit[0]}, {three_digits(limit[1])} {last.unit}." if limit else ""
    return (
        f"{title}, log axes, {axis} from {group[0].size:,} to {last.size:,}. At the largest, in {unit}: {each}.{roof}"
    )
