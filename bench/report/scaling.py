"""Strong scaling: how many times as fast the public operation is with more threads, beside NumPy's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..results import statistics
from ..results.statistics import Ratio, three_digits
from ..results.store import NUMPY, RUNG, Measurement, Results
from .drawing import GREY, SERIES, Drawing, Look, conditions, grid, line_style, marks, sheet, usable
from .labels import End, at_ends

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = 4  # threads, up to which the axes are linear


def scaling(results: Results) -> list[Drawing]:
    """Nothing if no operation was measured with one thread and with more."""
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for m in results.suite("scaling"):
        groups.setdefault((m.title, m.dtype), []).append(m)
    ordered = [sorted(group, key=lambda m: m.threads) for group in groups.values()]
    ordered = [group for group in ordered if group[0].threads == 1 < group[-1].threads]
    return [draw(results, ordered)] if ordered else []


def gains(group: list[Measurement], kind: str) -> dict[int, Ratio]:
    """Threads -> times as fast as with one, of the last rung or of NumPy."""
    found = {}
    for name in group[0].names(kind)[-1:]:
        alone = group[0].contestants[name].seconds
        for m in group:
            if name in m.contestants and (ratio := statistics.ratio(alone, m.contestants[name].seconds)):
                found[m.threads] = ratio
    return found


def draw(results: Results, groups: list[list[Measurement]]) -> Drawing:
    counts = sorted({m.threads for group in groups for m in group})
    title = "Strong scaling: times as fast as with one thread"
    page = sheet(
        title,
        "Solid: the last rung. Dashed: NumPy at the same task.",
        [
            conditions(results, *dict.fromkeys(group[0].dtype for group in groups)),
            f"Medians over turns, with quartiles; hollow: unusable. {'; '.join(group[0].title for group in groups)}.",
        ],
    )
    axes = page.axes(left=0.6, right=2.25, below=0.5, above=0.1)
    axes.set(xlabel="threads", ylabel="times one thread")
    axes.set_xticks(counts, [str(n) for n in counts])
    axes.plot([1, counts[-1]], [1, counts[-1]], color=GREY, linestyle=":", linewidth=1.4, label="ideal")
    ends = [End(counts[-1], counts[-1], "ideal", Look(GREY, ""))]
    operations = [group[0].operation for group in groups]
    for i, group in enumerate(groups):
        own = SERIES[i % len(SERIES)]
        name = group[0].operation if operations.count(group[0].operation) == 1 else group[0].title
        ends += line(axes, group, RUNG, own, name)
        ends += line(axes, group, NUMPY, own, f"{name}, NumPy")
    low, high = axes.dataLim.intervaly
    if counts[-1] > FEW:
        axes.set_xscale("log", base=2)
        axes.set_yscale("log", base=2)
        axes.set_xticks(counts, [str(n) for n in counts])
        axes.yaxis.set_major_formatter(lambda y, _: f"{y:g}")
        axes.minorticks_off()
        axes.set(xlim=(0.9, counts[-1] * 1.1), ylim=(low / 1.15, high * 1.15))
    else:
        axes.set(xlim=(0.93, counts[-1] + 0.07), ylim=(min(low, 0.9) - 0.05, high + 0.1))
    grid(axes)
    at_ends(axes, ends, counts[-1])
    return Drawing("scaling", title, alternative(title, groups), page.figure)


def line(axes: Axes, group: list[Measurement], kind: str, own: Look, text: str) -> list[End]:
    found = gains(group, kind)
    if len(found) < 2:
        return []
    rung = kind == RUNG
    values = [r.value for r in found.values()]
    axes.errorbar(
        list(found), values, ([r.value - r.low for r in found.values()], [r.high - r.value for r in found.values()]),
        elinewidth=1, capsize=2, label=text, **line_style(own, rung),
    )  # fmt: skip
    by_threads = {m.threads: m for m in group}
    for n, y in zip(found, values, strict=True):
        m = by_threads[n]
        marks(axes, n, y, own, usable(m, m.names(kind)[-1]), 6.5 if rung else 5)
    return [End(list(found)[-1], values[-1], text, own)]


def alternative(title: str, groups: list[list[Measurement]]) -> str:
    each = []
    for group in groups:
        for kind, who in ((RUNG, group[0].operation), (NUMPY, f"NumPy's {group[0].operation}")):
            found = gains(group, kind)
            if len(found) > 1:
                n = max(found)
                each.append(f"{who} {three_digits(found[n].value)} with {n}")
    return f"Line chart. {title}: {', '.join(each)}."
