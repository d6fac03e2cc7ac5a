"""The ladder as bars: for each operation, how many times as fast as naive Python each rung is, and the libraries."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from ..results.statistics import Ratio, three_digits
from ..results.store import NUMPY, PEER, RUNG, Measurement, Results
from .drawing import Drawing, Sheet, conditions, grid, look, sheet, short, threads, usable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIRST = ("dot", "dense", "softmax", "relu")  # of the operations, if they are there
PANELS, COLUMNS = 4, 2
BAR, HEAD, FOOT = 0.22, 0.52, 0.32  # inches
VALUE = 0.85  # inches for a bar's value
READING = (
    "Medians with quartiles; log axes. Hatched: libraries. tie: the step over the rung below is smaller than the "
    "spread. Empty: unusable."
)


def ladders(results: Results) -> list[Drawing]:
    found = []
    if chosen := selected(results.suite("ladder")):
        found.append(draw(results, chosen, "ladder", "The ladder"))
    if epochs := [m for m in results.suite("training") if len(m.names(RUNG)) > 1]:
        found.append(draw(results, epochs[-1:], "ladder_training", "Training epoch"))
    return found


def selected(measurements: list[Measurement]) -> list[Measurement]:
    """Of each operation the largest that naive Python took part in, if it can be one that others did not disturb too
    much; where it took part nowhere, the largest."""
    best: dict[str, Measurement] = {}
    for m in measurements:
        if len(m.names(RUNG)) > 1 and (m.operation not in best or rank(m) > rank(best[m.operation])):
            best[m.operation] = m
    chosen = [best[name] for name in dict.fromkeys((*FIRST, *best)) if name in best]
    return ([m for m in chosen if "naive" in m.contestants] or chosen)[:PANELS]  # of one base: they share an axis


def rank(m: Measurement) -> tuple[bool, bool, float]:
    return "naive" in m.contestants, not m.disturbed, m.flops


def base_of(m: Measurement) -> str:
    """Whom the others are compared with: the first rung, naive Python where it took part."""
    return m.names(RUNG)[0]


def ratios(m: Measurement) -> dict[str, Ratio]:
    """How many times as fast as base_of; without those that never met it in a turn."""
    found = {name: m.faster(name, base_of(m)) for name in m.names(RUNG, NUMPY, PEER)}
    return {name: ratio for name, ratio in found.items() if ratio}


def draw(results: Results, chosen: list[Measurement], name: str, title: str) -> Drawing:
    columns = min(COLUMNS, len(chosen))
    rows = [chosen[i : i + columns] for i in range(0, len(chosen), columns)]
    tall = [HEAD + FOOT + BAR * max(len(m.contestants) for m in row) for row in rows]
    base = "naive Python" if {*map(base_of, chosen)} == {"naive"} else "the first rung"
    title = f"{title}: times as fast as {base}"
    most = max(m.threads for m in chosen)
    footer = [conditions(results, chosen[0].dtype, f"up to {threads(most)}" if most > 1 else threads(1)), READING]
    page = sheet(title, "", footer, sum(tall) + 0.1)
    width, top = page.size[0] / columns, page.top
    every = [r for m in chosen for r in ratios(m).values()]
    low, high = min([1.0, *(r.low for r in every)]), max([10.0, *(r.high for r in every)])
    for row, size in zip(rows, tall, strict=True):
        for column, m in enumerate(row):
            panel(page, m, column * width, width, top, low / 1.3 if low < 0.98 else 1.0, high)
        top -= size
    return Drawing(name, title, alternative(title, chosen), page.figure)


def panel(page: Sheet, m: Measurement, left: float, width: float, top: float, low: float, high: float) -> None:
    """Bars from 1 on an axis from low to high and some room for their values."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    found = ratios(m)
    names = list(found)
    wide = width - 1.1 - 0.1
    figure_width, figure_height = page.size
    tall = BAR * (len(names) + 0.3)
    axes = page.figure.add_axes(
        ((left + 1.1) / figure_width, (top - HEAD - tall) / figure_height, wide / figure_width, tall / figure_height)
    )
    axes.set(xscale="log", xlim=(low, low * (high / low) ** (wide / (wide - VALUE))), ylim=(len(names) - 0.4, -0.7))
    for i, name in enumerate(names):
        bar(axes, m, i, name, found[name])
    axes.set_yticks(range(len(names)), names)
    for label in axes.get_yticklabels():
        label.set_color("black")
    decades = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    step = 1 + (len(decades) - 1) // 5
    axes.xaxis.set_major_locator(FixedLocator([10.0**d for d in decades if d % step == 0]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: short(x)))
    grid(axes, "x")
    axes.spines["bottom"].set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.axvline(1, color="black", linewidth=1)
    text = textwrap.wrap(m.label, 42 if width < 5 else 90)[0]
    axes.annotate(
        m.operation, (0, 1), (-72, 19), xycoords="axes fraction", textcoords="offset points", weight="bold", size=11.5
    )
    axes.annotate(text, (0, 1), (-72, 5), xycoords="axes fraction", textcoords="offset points")


def bar(axes: Axes, m: Measurement, i: int, name: str, ratio: Ratio) -> None:
    own, rung, filled = look(name), name in m.names(RUNG), usable(m, name)
    axes.barh(
        i, ratio.value - 1, 0.72, 1.0, facecolor=own.color if rung and filled else "white", edgecolor=own.color,
        hatch=own.hatch if filled else "", linestyle="-" if filled else "--", zorder=2, label=name,
    )  # fmt: skip
    if name != base_of(m):
        axes.plot([ratio.low, ratio.high], [i, i], color="black", linewidth=1, solid_capstyle="butt", zorder=3)
    gain = m.faster(name, step) if (step := m.below(name)) else None
    text = ("1" if name == base_of(m) else three_digits(ratio.value)) + "  tie" * bool(gain and gain.tie)
    axes.annotate(text, (max(ratio.value, ratio.high, 1), i), (5, 0), textcoords="offset points", va="center_baseline")


def alternative(title: str, chosen: list[Measurement]) -> str:
    each = [
        f"{m.title}: " + ", ".join(f"{name} {three_digits(r.value)}" for name, r in ratios(m).items()) for m in chosen
    ]
    return f"Bars. {title}. {'; '.join(each)}."
