"""Labels at the ends of lines that do not overlap. Called when the limits of the axes are final."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .drawing import Look, marks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP = 14.0  # points between the middles of two lines of text


@dataclass(frozen=True)
class End:
    """Where a line ends, in data, and what is written there."""

    x: float
    y: float
    text: str
    look: Look


def apart(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places at least `gap` apart, in the order of `wanted` and near to it, between low and high if they fit.

    Neighbours that are too close form a group around its mean, which grows until it touches no other.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    groups: list[list[float]] = []  # [sum of wanted middles, members]

    def first(group: list[float]) -> float:
        size = gap * (group[1] - 1)
        return max(low, min(high - size, group[0] / group[1] - size / 2))

    for i in order:
        groups.append([wanted[i], 1])
        while len(groups) > 1 and first(groups[-1]) - first(groups[-2]) < gap * groups[-2][1]:
            total, members = groups.pop()
            groups[-1] = [groups[-1][0] + total, groups[-1][1] + members]
    places = [first(group) + gap * k for group in groups for k in range(int(group[1]))]
    found = [0.0] * len(wanted)
    for i, place in zip(order, places, strict=True):
        found[i] = place
    return found


def at_ends(axes: Axes, ends: list[End], edge: float) -> None:
    """Right of the axes for lines that reach x = edge, joined to them where moved; others beside their last point."""
    box = axes.get_window_extent()
    for end in ends:
        if end.x < edge:
            axes.annotate(end.text, (end.x, end.y), (8, 0), textcoords="offset points", va="center", color=end.look.ink)
    outside = [end for end in ends if end.x >= edge]
    wanted = [axes.transData.transform((end.x, end.y))[1] for end in outside]
    right = box.x1 + 16
    for end, y in zip(outside, apart(wanted, GAP, box.y0 + GAP / 2, box.y1 - GAP / 2), strict=True):
        ink = end.look.ink
        axes.annotate(
            "", (end.x, end.y), (right, y), textcoords="figure points", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": ink, "linewidth": 0.6, "shrinkA": 5, "shrinkB": 3},
        )  # fmt: skip
        x, height = axes.transAxes.inverted().transform((right, y))
        marks(axes, x, height, end.look, True, transform=axes.transAxes, clip_on=False)
        axes.annotate(
            end.text, (right, y), (8, 0), xycoords="figure points", textcoords="offset points", va="center", color=ink,
            annotation_clip=False,
        )  # fmt: skip
