"""Training loss against wall time, beside other libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..results.store import Results
from .drawing import Drawing, conditions, grid, line_style, look, marks, sheet, threads

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE = 15.0  # points from label to label


def training(results: Results) -> list[Drawing]:
    """Nothing without a curve of two epochs."""
    curves = {name: curve for name, curve in results.curves.items() if len(curve) > 1}
    return [draw(results, curves)] if curves else []


def draw(results: Results, curves: dict[str, list[list[float]]]) -> Drawing:
    epochs = next(iter(results.suite("training")), None)
    title = "Training: mean loss by seconds trained"
    what = epochs.label if epochs else results.data
    page = sheet(
        title,
        f"{what}. A point is an epoch: its mean loss, when it ends.",
        [conditions(results, *([epochs.dtype, threads(epochs.threads)] if epochs else []))],
    )
    axes = page.axes(left=0.75, right=0.35, below=0.5, above=0.1)
    ends = []
    for name, curve in curves.items():
        seconds, losses = [point[0] for point in curve], [point[1] for point in curve]
        axes.plot(seconds, losses, label=name, **line_style(look(name), strong=name == "pynn"))
        for x, y in zip(seconds, losses, strict=True):
            marks(axes, x, y, look(name), True)
        ends.append((seconds[-1], losses[-1], name))
    low, high = axes.dataLim.intervaly
    longest = max(x for x, _, _ in ends)
    axes.set(
        yscale="log", xlim=(0, longest * 1.06), ylim=(low * (low / high) ** 0.4, high * 1.15), xlabel="seconds trained",
        ylabel="mean loss of an epoch",
    )  # fmt: skip
    ticks(axes)
    grid(axes)
    below(axes, ends)
    return Drawing("training", title, alternative(title, curves), page.figure)


def ticks(axes: Axes) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(lambda y, _: f"{y:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def below(axes: Axes, ends: list[tuple[float, float, str]]) -> None:
    """Names under the lines' ends, the first the lowest where they would touch."""
    taken: list[tuple[float, float, float]] = []  # left, right and height of those that are written
    for x, y, name in sorted(ends, reverse=True):
        at, height = axes.transData.transform((x, y))
        half = 4.0 * len(name)
        middle = min(at, axes.get_window_extent().x1 - half + 10)
        down = height - LINE
        while any(middle - half < right and left < middle + half and abs(down - h) < LINE for left, right, h in taken):
            down -= LINE
        taken.append((middle - half, middle + half, down))
        axes.annotate(
            name, (x, y), (middle, down), textcoords="figure points", ha="center", va="center", color=look(name).ink,
            weight="bold" if name == "pynn" else "normal",
            arrowprops={"arrowstyle": "-", "color": look(name).ink, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 4},
        )  # fmt: skip


def alternative(title: str, curves: dict[str, list[list[float]]]) -> str:
    each = ", ".join(
        f"{name} {len(curve)} epochs in {curve[-1][0]:.1f} s, loss {curve[-1][1]:.3f}" for name, curve in curves.items()
    )
    return f"Line chart, log axis of losses. {title}: {each}."
