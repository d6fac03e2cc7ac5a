"""Line charts: rate and time of an operation by size, strong scaling by threads, loss by seconds trained."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from ..results import statistics, tables
from ..results.scaling_model import predicted
from ..results.statistics import three_digits
from ..results.store import NUMPY, OWN, PEER, RUNG, Measurement, Results
from . import drawing
from .drawing import GREY, LIBRARIES, LIMIT, OTHER_LIMIT, READING, RUNGS, Drawing, Line, Look, log_axis

MODEL = "-.", 0.9
FEW = 4  # threads, up to which the axes are linear
PLAIN = Look(GREY, "")
SERIES = [Look(f"#{color}", marker) for color, marker in zip(
    ("0072B2", "D55E00", "009E73", "CC79A7", "E69F00", "56B4E9", "000000", "7F7F7F"), "os^DvPX*", strict=True,
)]  # of operations  # fmt: skip


def thrice(values: Sequence[float]) -> np.ndarray:
    """As a line's y: without intervals."""
    return np.column_stack([values] * 3)


def sweeps(results: Results) -> list[Drawing]:
    """For each operation that has two sizes or more: its rate and its time."""
    groups = [sorted(group, key=lambda m: m.size) for group in tables.by_operation(results.suite("sweep")).values()]
    return [sweep(results, g, what) for g in groups if g[0].size < g[-1].size for what in ("rate", "time")]


def sweep(results: Results, group: list[Measurement], what: str) -> Drawing:
    last, sizes, rate = group[-1], [m.size for m in group], what == "rate"
    title = f"{last.operation} by size: {last.unit if rate else 'time of a call'}"
    looks, lines = drawing.looks(results), []
    for name in dict.fromkeys(name for m in group for name in m.contestants):
        at = [m for m in group if name in m.contestants]
        y = np.array([drawing.rates(m, name, last) for m in at])
        y = y if rate else np.array([drawing.amount(m, last) for m in at])[:, None] / y[:, ::-1]
        style = LIBRARIES if at[-1].contestants[name].kind in (NUMPY, PEER) else RUNGS
        told = [drawing.usable(m, name) for m in at]
        lines.append(Line(name, looks[name], [m.size for m in at], y, told, style))
    subtitle, limits = "Dashed: libraries.", []
    for n, style in ((last.threads, LIMIT), (1, OTHER_LIMIT))[: last.threads]:
        roof = [(m, *limit) for m in group if (limit := (last if last.computes else m).limit(results.machine, n))]
        if roof:
            most = [limit if rate else drawing.amount(m, last) / limit for m, _, limit in roof]
            limits.append(Line(f"_limit {n}", PLAIN, sizes, thrice(most), style=style))
            names = ", ".join(dict.fromkeys(f"{name.replace(' bandwidth', '')} {limit:.0f}" for _, name, limit in roof))
            subtitle += f" Grey: {names} {last.unit}." if style is LIMIT else " Dotted: 1 thread."
    figure, axes = drawing.sheet(title, subtitle, [drawing.conditions(results, group), READING])
    drawing.draw(axes, limits)
    drawing.legend(figure, drawing.draw(axes, lines))
    x = "n of n x n matrices" if last.operation == "dot" else "elements"
    axes.set(xlabel=x, ylabel=last.unit if rate else "", xscale="log")
    axes.set_xticks(sizes, [re.sub("000$", "k", re.sub("0{6}$", "M", str(n))) for n in sizes])
    axes.set_xticks([], minor=True)
    log_axis(axes, "y", axes.dataLim.ymin, axes.dataLim.ymax, "" if rate else "s")
    each = drawing.ends(lines, three_digits if rate else lambda t: tables.seconds(t).text)
    return Drawing(f"sweep_{last.operation}_{what}", title, f"Line chart, log axes. {title}: {each} {x}.", figure)


def scaling(results: Results) -> list[Drawing]:
    """The public operations and NumPy; nothing if none was measured with one thread and with more."""
    groups = tables.by_threads(results.suite("scaling"))
    chosen = [group for group in groups if group[0].threads == 1 < group[-1].threads]
    operations = [group[0].operation for group in chosen]
    lines, models = [], []
    for i, group in enumerate(chosen):
        text = group[0].operation if operations.count(group[0].operation) == 1 else group[0].title
        others = group[0].names(NUMPY, OWN)
        for who in (*others, *group[0].names(RUNG)[-1:]):
            found = [m for m in group if who in m.contestants]
            gains = [statistics.ratio(group[0].contestants[who].seconds, m.contestants[who].seconds) for m in found]
            y = np.array([(gain.low, gain.value, gain.high) for gain in gains if gain])
            if len(y) == len(found) > 1:
                told, name = [drawing.usable(m, who) for m in found], text + f", {who}" * (who in others)
                style = LIBRARIES if who in others else RUNGS
                lines.append(Line(name, SERIES[i % len(SERIES)], [m.threads for m in found], y, told, style))
        if model := predicted(results.machine, group):
            best = group[0].contestants[group[0].best_rung or ""]
            times = [best.median / t for t in model.values()]
            models.append(Line(f"_model {i}", SERIES[i % len(SERIES)], [1, *model], thrice([1.0, *times]), style=MODEL))
    if not lines:
        return []
    counts = sorted({n for line in (*lines, *models) for n in line.x})
    title, last = "Strong scaling: times as fast as with one thread", [group[-1] for group in chosen]
    own = dict.fromkeys(name for group in chosen for name in group[0].names(OWN))
    subtitle = f"Solid: the public operations. Dashed: {' and '.join(['NumPy', *own])} at the same task."
    subtitle += " Thin: the model, which is not measured." * bool(models)
    footer = [drawing.conditions(results, last), f"{READING} {'; '.join(m.title for m in last)}."]
    figure, axes = drawing.sheet(title, subtitle, footer)
    drawing.draw(axes, models)
    ideal = Line("ideal", PLAIN, counts, thrice(counts), style=OTHER_LIMIT)
    drawing.legend(figure, drawing.draw(axes, [ideal, *lines]))
    low, high = axes.dataLim.intervaly
    axes.set(xlabel="threads", ylabel="times one thread", ylim=(0, math.ceil(2 * high) / 2))
    if counts[-1] > FEW:
        axes.set(xscale="log")
        log_axis(axes, "y", low, high)
    axes.set_xticks(counts, [*map(str, counts)])
    axes.set_xticks([], minor=True)
    return [Drawing("scaling", title, f"Line chart. {title}: {drawing.ends(lines)} threads.", figure)]


def training(results: Results) -> list[Drawing]:
    """Nothing without a curve of two epochs."""
    looks, epochs = drawing.looks(results), results.suite("training")[:1]
    lines = []
    for name, curve in results.curves.items():
        if len(curve) > 1:
            seconds, losses, *_ = zip(*curve, strict=True)
            style = RUNGS if name == "pynn" else LIBRARIES
            lines.append(Line(name, looks[name], seconds, thrice(losses), [True] * len(curve), style))
    if not lines:
        return []
    title = "Training: mean loss by seconds trained"
    subtitle = f"{epochs[0].label if epochs else results.data}. A point is an epoch: its mean loss, when it ends."
    figure, axes = drawing.sheet(title, subtitle, [drawing.conditions(results, epochs)])
    drawing.legend(figure, drawing.draw(axes, lines))
    axes.set(xlabel="seconds trained", ylabel="mean loss of an epoch")
    axes.set_xlim(0)
    log_axis(axes, "y", *axes.dataLim.intervaly)
    return [Drawing("training", title, f"Line chart, log axis. {title}: {drawing.ends(lines)} seconds.", figure)]
