"""The roofline: each rung's GFLOP/s over its operation's arithmetic intensity, below what the machine can.

S. Williams, A. Waterman, D. Patterson, Roofline: an insightful visual performance model, CACM 52(4), 2009.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..results.statistics import three_digits
from ..results.store import RUNG, Measurement, Results
from .bars import rank
from .drawing import GREY, LOOKS, PALE, Drawing, conditions, grid, look, marks, sheet, threads, usable
from .labels import GAP, apart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

APART = 1.5  # intensities of one operation that differ less are not both drawn
COLUMN, SLANTED = 9.0, 20.0  # points between columns of points, and between slanted labels


def roofline(results: Results) -> list[Drawing]:
    """Nothing without limits, or without the ladder."""
    chosen = selected(results)
    return [draw(results, chosen)] if chosen else []


def selected(results: Results) -> list[Measurement]:
    """Of each operation the largest with naive Python, and the largest at all if its intensity is another."""
    groups: dict[str, list[Measurement]] = {}
    for m in results.suite("ladder"):
        if m.flops and m.names(RUNG) and m.limit(results.machine, m.threads):
            groups.setdefault(m.operation, []).append(m)
    found = []
    for group in groups.values():
        first, large = max(group, key=rank), max(group, key=lambda m: m.flops)
        found.append(first)
        if not 1 / APART < intensity(large) / intensity(first) < APART:
            found.append(large)
    return sorted(found, key=intensity)


def intensity(m: Measurement) -> float:
    """Operations for each byte that must be read or written."""
    return m.flops / m.bytes


def rate(m: Measurement, name: str) -> float:
    """GFLOP/s."""
    return 1e-9 * m.flops / m.contestants[name].median


def draw(results: Results, chosen: list[Measurement]) -> Drawing:
    n, dtype = max(m.threads for m in chosen), chosen[0].dtype
    limits = results.machine["limits"]
    title = "Roofline: GFLOP/s by operations per byte"
    alone = limits.get("1") if n > 1 else None
    dotted = (
        f" Dotted: {threads(1)}, {alone[dtype]:.0f} GFLOP/s and {alone['add']['memory']:.0f} GB/s." if alone else ""
    )
    skipped = " Zeros that a rung skips count as operations." if any("is 0" in m.label for m in chosen) else ""
    page = sheet(
        title,
        f"A point is a rung. Roofs of {threads(n)}: the peak of multiply-adds, and bandwidths in GB/s.{dotted}",
        [
            conditions(results, dtype, threads(n)),
            f"Medians; hollow: unusable. Columns of equal intensity stand side by side.{skipped}",
        ],
        body=5.2,
    )
    longest = max(len(name) for name in names(chosen))
    axes = page.axes(left=0.75, right=0.35, below=0.86, above=0.25 + 0.056 * longest)  # slanted names
    rates = [rate(m, name) for m in chosen for name in m.names(RUNG)]
    roof = limits[str(n)]
    left = min(map(intensity, chosen)) / 7  # there is room for the bandwidths' names
    right = max(max(map(intensity, chosen)) * 2, roof[dtype] / roof["add"]["memory"] * 4)  # and for the peak's
    axes.set(
        xscale="log", yscale="log", xlim=(left, right), ylim=(min(rates) / 1.7, max(roof[dtype], *rates) * 2.3),
        xlabel="operations per byte", ylabel="GFLOP/s",
    )  # fmt: skip
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.minorticks_off()
    grid(axes)
    roofs(axes, roof, dtype, True)
    if alone:
        roofs(axes, alone, dtype, False)
    columns(axes, chosen)
    legend(axes, chosen)
    return Drawing("roofline", title, alternative(title, chosen, roof[dtype], n), page.figure)


def roofs(axes: Axes, limits: dict[str, Any], dtype: str, named: bool) -> None:
    """min(peak, bandwidth x intensity) of memory; of the caches thin and only where named."""
    left, right = axes.get_xlim()
    peak = limits[dtype]
    for level, bandwidth in limits["add"].items():
        memory = level == "memory"
        if not (memory or named):
            continue
        x = np.array([left, peak / bandwidth, right] if memory else [left, peak / bandwidth])
        axes.plot(
            x, np.minimum(peak, bandwidth * x), color=GREY, linestyle="-" if named else ":", zorder=1.5,
            linewidth=1.8 if memory and named else 1.2 if memory else 0.7, label=f"_roof {level}",
        )  # fmt: skip
    if named:
        name_bandwidths(axes, limits["add"], left * 1.15)
        axes.annotate(
            f"{dtype} peak {peak:.0f}", (peak / limits["add"]["memory"], peak), (4, 4), textcoords="offset points",
            color=GREY,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )  # fmt: skip


def name_bandwidths(axes: Axes, bandwidths: dict[str, float], at: float) -> None:
    """On their lines, or as near as they do not overlap."""
    box = axes.get_window_extent()
    wanted = [axes.transData.transform((at, bandwidth * at))[1] for bandwidth in bandwidths.values()]
    for (level, bandwidth), y in zip(bandwidths.items(), apart(wanted, GAP, box.y0, box.y1), strict=True):
        axes.annotate(
            f"{level} {bandwidth:.0f}", (at, axes.transData.inverted().transform((box.x0, y))[1]), va="center",
            color=GREY, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )  # fmt: skip


def columns(axes: Axes, chosen: list[Measurement]) -> None:
    """Each measurement's rungs above one another, and its name at the top."""
    box = axes.get_window_extent()
    where = [axes.transData.transform((intensity(m), 1.0))[0] for m in chosen]
    places = apart(where, COLUMN, box.x0, box.x1)
    labels = apart(places, SLANTED, box.x0, box.x1 + SLANTED)
    for m, name, place, label in zip(chosen, names(chosen), places, labels, strict=True):
        x = axes.transData.inverted().transform((place, box.y0))[0]
        top = axes.transAxes.inverted().transform((label, box.y1))[0]
        rungs = m.names(RUNG)
        y = [rate(m, rung) for rung in rungs]
        axes.plot([x, x], [min(y), max(y)], color=PALE, linewidth=1, zorder=1)
        axes.annotate(
            "", (x, max(y)), (top, 1.03), textcoords="axes fraction", zorder=1,
            arrowprops={"arrowstyle": "-", "color": GREY, "alpha": 0.6, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 4},
        )  # fmt: skip
        axes.text(
            top, 1.03, name, transform=axes.transAxes, rotation=45, rotation_mode="anchor", va="bottom", color="black"
        )
        for rung, value in zip(rungs, y, strict=True):
            marks(axes, x, value, look(rung), usable(m, rung), label=f"{m.title}: {rung}")


def names(chosen: list[Measurement]) -> list[str]:
    """The operation's, with its first shape where there are two of it."""
    operations = [m.operation for m in chosen]
    return [
        m.operation if operations.count(m.operation) == 1 else f"{m.operation} {m.label.split(' · ')[0]}"
        for m in chosen
    ]


def legend(axes: Axes, chosen: list[Measurement]) -> None:
    from matplotlib.lines import Line2D

    order = list(LOOKS)
    rungs = {rung for m in chosen for rung in m.names(RUNG)}
    handles = [
        Line2D([], [], color=look(name).color, marker=look(name).marker, linestyle="none", markersize=7, label=name)
        for name in sorted(rungs, key=lambda rung: (order.index(rung) if rung in order else len(order), rung))
    ]
    axes.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.48, -0.14), ncols=min(len(handles), 8), frameon=False,
        handletextpad=0.1, columnspacing=1.0, borderaxespad=0,
    )  # fmt: skip


def alternative(title: str, chosen: list[Measurement], peak: float, n: int) -> str:
    each = ", ".join(
        f"{m.title} {three_digits(rate(m, m.best_rung))} at {intensity(m):.2g}" for m in chosen if m.best_rung
    )
    return f"{title}, log axes. The peak of {threads(n)} is {peak:.0f} GFLOP/s. Last rungs: {each}."
