"""The roofline: each rung's GFLOP/s over its operation's arithmetic intensity, below what the machine can.

S. Williams, A. Waterman, D. Patterson, Roofline: an insightful visual performance model, CACM 52(4), 2009.
"""

from __future__ import annotations

from ..results.statistics import three_digits
from ..results.store import RUNG, Measurement, Results
from . import drawing
from .bars import headlines, rank
from .drawing import GREY, PALE, ZEROS, Drawing, Line, Look, note, ours
from .lines import thrice

APART = 1.5  # times: of cases whose intensities differ less one is drawn
STYLES = {"memory": ("-", 2.0), "L1": (":", 1.0), "L2": ("--", 1.0)}


def intensity(m: Measurement) -> float:
    """Operations for each byte that must be read or written."""
    return m.flops / m.bytes


def rate(m: Measurement, name: str) -> float:
    """GFLOP/s."""
    return 1e-9 * m.flops / m.contestants[name].median


def selected(results: Results) -> list[Measurement]:
    """Of each arithmetic intensity one case: with a function of the user's first, then headlines."""
    found: list[Measurement] = []
    cases = [*headlines(results), *sorted(results.suite("ladder"), key=rank, reverse=True)]
    for m in sorted(cases, key=lambda m: ours(m) == m.names(RUNG)):
        limited = m.best_rung and m.limit(results.machine, m.threads)
        if limited and not any(1 / APART < intensity(m) / intensity(other) < APART for other in found):
            found.append(m)
    return sorted(found, key=intensity)


def roofline(results: Results) -> list[Drawing]:
    """Nothing without limits, or without the ladder."""
    if not (chosen := selected(results)):
        return []
    n, dtype = drawing.threads(chosen[0].threads), chosen[0].dtype
    measured = {int(n): each for n, each in results.machine["limits"].items() if int(n) <= chosen[0].threads}
    most, alone = measured[max(measured)], measured[min(measured)]
    title = "Roofline: GFLOP/s by operations per byte"
    subtitle = f"A point is a rung. Grey: the peak of multiply-adds and the bandwidths of {n}."
    reading = "Medians; hollow: cannot tell." + ZEROS * any("is 0" in m.label for m in chosen)
    figure, axes = drawing.sheet(title, subtitle, [drawing.conditions(results, chosen), reading], 5.2)
    looks, operations, every, best = drawing.looks(results), [m.operation for m in chosen], [most[dtype]], []
    for m in chosen:
        x = intensity(m)
        text = m.operation if operations.count(m.operation) == 1 else f"{m.operation} {m.label.split(' · ')[0]}"
        axes.axvline(x, color=PALE, linewidth=1, zorder=1)
        note(axes, text, (x, 1), (0, 4), xycoords=axes.get_xaxis_transform(), rotation=90, ha="center", va="bottom")
        for name in ours(m):
            every.append(rate(m, name))
            drawing.marks(axes, x, every[-1], drawing.usable(m, name), looks[name], label=f"{m.title}: {name}")
        if drawing.usable(m, top := m.names(RUNG)[-1]):
            best.append(f"{m.title} {three_digits(rate(m, top))} at {x:.2g}")
    ridge = most[dtype] / most["add"]["memory"]
    drawing.log_axis(axes, "x", intensity(chosen[0]) / 2, max(intensity(chosen[-1]), ridge) * 2)
    drawing.log_axis(axes, "y", min(every), max(every))
    roofs = [
        (f"{level} {bandwidth:.0f} GB/s", most[dtype], bandwidth, *STYLES.get(level, ("-.", 1.0)))
        for level, bandwidth in most["add"].items()
    ]
    if alone is not most:
        roofs.append((f"1 thread: {alone['add']['memory']:.0f} GB/s", alone[dtype], alone["add"]["memory"], "-", 0.8))
    lines, (left, right) = [], axes.get_xlim()
    for text, peak, bandwidth, style, width in roofs:
        y = thrice([bandwidth * left, peak, peak])
        lines.append(Line(text, Look(GREY, ""), [left, peak / bandwidth, right], y, (), (style, width)))
    for peak in {most[dtype], alone[dtype]}:
        note(axes, f"{peak:.0f}", (right, peak), (2, 0), va="center", color=GREY)
    handles = drawing.draw(axes, lines)
    points = {
        who: drawing.marks(axes, [], [], True, looks[who]) for who in looks if any(who in ours(m) for m in chosen)
    }
    drawing.legend(figure, points | handles)
    axes.set(xlabel="operations per byte", ylabel="GFLOP/s")
    alt = f"{title}, log axes. The peak of {n} is {most[dtype]:.0f} GFLOP/s. Last rungs: {', '.join(best)}."
    return [Drawing("roofline", title, alt, figure)]
