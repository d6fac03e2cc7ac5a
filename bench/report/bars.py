"""The ladder of one operation as bars of its rate, from pure Python up to the public operation, and the libraries."""

from __future__ import annotations

import numpy as np

from kernels.ladder import LADDER

from ..results import tables
from ..results.statistics import three_digits
from ..results.store import NUMPY, PEER, RUNG, Measurement, Results
from ..training.rungs import ABOVE
from . import drawing
from .drawing import GREY, READING, ZEROS, Drawing, note, rates, usable

FIRST = ("dot", "dense", "softmax", "relu")  # of the operations, if they are there
SPEAKING = ("512x512 · 512x512", "128x784 · 784x512")  # cases that are shown before larger ones: square, and MNIST's
TALL, LOW, BAR = 0.43, 0.24, 0.15  # inches: a row with its idea, one without, and its bar
COLUMNS = (62, 126, 204)  # points from the axes to the right ends of rate, time and step
WHOLE = "fit: the same from layers, a tape, metrics and an optimizer"  # pynn's, above the rungs by hand


def ladders(results: Results) -> list[Drawing]:
    """One of each operation that has two rungs; the first is called just `ladder`."""
    found = [draw(results, m, f"ladder_{m.operation}" if i else "ladder") for i, m in enumerate(headlines(results))]
    epochs = [m for m in results.suite("training") if len(m.names(RUNG)) > 1]
    return found + [draw(results, m, "ladder_training") for m in epochs[-1:]]


def headlines(results: Results) -> list[Measurement]:
    """Of each operation the case that tells its ladder: a speaking one, or the largest, if it can be told."""
    groups = tables.by_operation([m for m in results.suite("ladder") if len(m.names(RUNG)) > 1])
    names = [name for name in dict.fromkeys((*FIRST, *groups)) if name in groups]
    return [max(groups[name], key=lambda m: (usable(m, m.names(RUNG)[-1]), *rank(m))) for name in names]


def rank(m: Measurement) -> tuple[float, bool, float]:
    """Speaking cases, then those without further conditions, then the largest."""
    speaking = SPEAKING.index(m.label) if m.label in SPEAKING else len(SPEAKING)
    return -speaking, not any(text in m.label for text in (".T", "is 0", "out=")), m.flops


def sources(results: Results, m: Measurement) -> dict[str, Measurement]:
    """Each rung and where its rate is from: m, or the case in which one that is too slow for m was timed.

    Lowest first; a function of the user's stands above the rungs that are slower.
    """
    like = (m.operation, m.dtype, m.threads)
    others = [o for o in results.suite(m.suite, "sweep") if (o.operation, o.dtype, o.threads) == like]
    timed = {name: o for o in (*sorted(others, key=rank), m) for name in drawing.ours(o)}
    rungs = dict.fromkeys([*max((o.names(RUNG) for o in others), key=len), *m.names(RUNG)])
    order, rate = [*rungs], {name: rates(o, name, m)[1] for name, o in timed.items()}
    for name in sorted(timed.keys() - rungs):
        order.insert(max((i + 1 for i, rung in enumerate(order) if rate[rung] < rate[name]), default=0), name)
    return {name: timed[name] for name in order}


def texts(results: Results, m: Measurement, ladder: dict[str, Measurement], name: str) -> tuple[str, str, str]:
    """Rate, time and times the rung below; about: not all of the case was timed."""
    source = ladder.get(name, m)
    lower = [*ladder][: [*ladder].index(name)] if name in ladder else []
    below = next((rung for rung in reversed(lower) if ladder[rung].contestants[rung].kind == RUNG), None)
    rate, about = rates(source, name, m)[1], "≈ " * (source is not m)
    if below is None or ladder[below] is source:  # the turns tell it, even where each time alone is unusable
        times = tables.faster(source, name, below).text.replace(" (", "\n(")
    elif usable(source, name) and usable(ladder[below], below):
        times = f"≈ {three_digits(rate / rates(ladder[below], below, m)[1])}"
    else:
        times = "cannot tell"
    if not usable(source, name):
        return "", "cannot tell", times
    text = f"{rate:.3g}" if rate < 0.1 else three_digits(rate)
    some = about or "≈ " * (m.suite == "training" and name not in results.curves)
    return about + text, some + tables.seconds(drawing.amount(m, m) / rate).text, times


def draw(results: Results, m: Measurement, name: str) -> Drawing:
    """Rungs from the top down to the lowest, each with its idea over its bar; below them the libraries."""
    ladder = sources(results, m)
    shown = dict(reversed(ladder.items())) | dict.fromkeys(m.names(NUMPY, PEER), m)
    slow = {o.label: o for o in ladder.values() if o is not m}
    title = f"The ladder: {m.title}"
    subtitle = "Upwards: each rung makes one change to the rung below it. Pale: libraries. Log axis."
    footer = [drawing.conditions(results, [*slow.values(), m]), READING + ZEROS * ("is 0" in m.label)]
    for label, o in slow.items():
        names = ", ".join(who for who, source in ladder.items() if source is o)
        footer.append(f"≈ {names}: too slow for this case; the rate is that of {label}, and the time follows from it.")
    if m.suite == "training":
        footer.append("≈: from some steps, not from a whole epoch.")
    looks, limit = drawing.looks(results), m.limit(results.machine, m.threads)
    places = np.cumsum([TALL if who in ladder else LOW for who in shown]) + [0.1 * (who not in ladder) for who in shown]
    figure, axes = drawing.sheet(title, subtitle, footer, places[-1] + 1.1)
    side, top = axes.get_yaxis_transform(), axes.get_xaxis_transform()
    three = [rates(source, who, m) for who, source in shown.items()]
    every = [*np.concatenate(three), *([limit[1]] if limit else [])]
    drawing.log_axis(axes, "x", min(every) / 1.5, max(every))
    axes.set_yticks(places, [f"{who:.14}" for who in shown], color="black")
    axes.set(ylim=(places[-1] + BAR, 0), xlabel=m.unit)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    if limit:
        axes.axvline(limit[1], color=GREY, label="limit", linewidth=1.6)
        note(axes, f"{limit[0]} {limit[1]:.0f}", (limit[1], 1), (-3, 3), color=GREY, ha="right", xycoords=top)
    start, each = axes.get_xlim()[0], []
    records = LADDER.get(m.operation) or LADDER["dot"] | ABOVE  # an epoch's rungs are those of its products, and more
    for right, text in zip(COLUMNS, (m.unit, "time", "times the\nrung below"), strict=True):
        note(axes, text, (1, 0), (right, 3), ha="right", xycoords=side)
    for (who, source), y, (low, middle, high) in zip(shown.items(), places, three, strict=True):
        told, color = usable(source, who), looks[who].color
        face = (color, 1.0 if who in ladder else 0.35) if told else "white"
        axes.barh(y, middle - start, BAR, start, facecolor=face, edgecolor=color, ls="-" if told else "--", label=who)
        axes.plot([low, high], [y, y], color="black", linewidth=1, solid_capstyle="butt")
        for right, text in zip(COLUMNS, texts(results, m, ladder, who), strict=True):
            note(axes, text, (1, y), (right, 0), ha="right", va="center", xycoords=side)
        if who in ladder:
            about = records[who].idea if who in records else WHOLE if who == "pynn" else ""
            about = about if source.contestants[who].kind == RUNG else f"{who}: a function of yours"
            box = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
            note(axes, f"{about:.66}", (0, y), (3, 13), va="center", color=GREY, xycoords=side, bbox=box)
            axes.texts[-1].set_in_layout(False)
        each.append(f"{who} {texts(results, m, ladder, who)[0] or 'cannot tell'}")
    peak = f" {limit[0]}: {limit[1]:.0f}." if limit else ""
    alt = f"Bars, log axis. {title}. {m.unit} from the top rung down, then libraries: {', '.join(each)}.{peak}"
    return Drawing(name, title, alt, figure)
