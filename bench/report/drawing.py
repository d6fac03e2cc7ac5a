"""What the pictures have in common: size, fonts, colours, title, footer, axes. No state of pyplot is read or changed.

A README shows them about 600 pixels wide, 0.9 of their size in points: text of TEXT points stays above 9 there.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..results import tables
from ..results.statistics import three_digits
from ..results.store import NUMPY, PEER, Measurement, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, TEXT, TITLE = 7.0, 10.5, 14  # inches; points
LINE, CHARACTERS = 0.2, 84  # inches and characters of a line of TEXT
GREY, PALE = "#555555", "#DDDDDD"
READING = "Medians with their intervals; hollow: cannot tell."
ZEROS = " Zeros that a rung skips count as operations."  # where a label says that x holds them
RUNGS, LIBRARIES = ("-", 2.2), ((0, (4, 1.5)), 1.3)  # styles of lines and their widths
LIMIT, OTHER_LIMIT = ("-", 1.6), (":", 1.3)
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # matplotlib brings it
    **dict.fromkeys(("font.size", "axes.labelsize", "xtick.labelsize", "ytick.labelsize", "legend.fontsize"), TEXT),
    **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False),
    **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), GREY),
    "lines.markeredgewidth": 1.3,
    "text.parse_math": False,  # a $ in a label is a $
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "pynn",  # the same ids each time
}
Look = namedtuple("Look", "color marker")  # a marker is a letter, (points, 1, degrees) of a star, or corners
WIDE, TALL = ((-1, -0.4), (1, -0.4), (1, 0.4), (-1, 0.4)), ((-0.4, -1), (-0.4, 1), (0.4, 1), (0.4, -1))
SLANTED = ((-1, -0.5), (0.4, -0.5), (1, 0.5), (-0.4, 0.5))
HOUSE = ((-0.8, -0.8), (0.8, -0.8), (0.8, 0.1), (0, 0.9), (-0.8, 0.1))
ASTERISK = (6, 2, 0)
STROKES = [*"+x1234", ASTERISK]
# Colours: M. Okabe, K. Ito, Color Universal Design, 2008; P. Tol, Colour Schemes, 2021. ijp is the typed step of
# products and Keras runs on TensorFlow: each two share a colour. Markers tell all apart in grey; strokes are libraries.
LOOKS = {name: Look(color, marker) for name, color, marker in (
    ("naive", "#7F7F7F", "o"), ("lists", "#661100", "s"), ("rows", "#DDCC77", WIDE), ("typed", "#E69F00", "<"),
    ("ijp", "#E69F00", "^"), ("ipj", "#56B4E9", "v"), ("sums", "#117733", ">"), ("simd", "#CC79A7", "D"),
    ("streaming", "#EE8866", "d"), ("tiled", "#222255", (4, 1, 0)), ("blocked", "#009E73", "P"),
    ("packed", "#332288", "X"), ("parallel", "#0072B2", TALL), ("sparse", "#D55E00", "*"), ("pynn", "#882255", "p"),
    ("branchless", "#44AA99", SLANTED), ("fused", "#999933", HOUSE), ("batched", "#994455", "h"),
    ("NumPy", "#000000", "+"), ("PyTorch", "#AA4499", "x"), ("JAX", "#6699CC", "1"), ("TensorFlow", "#CC6677", "2"),
    ("Keras", "#CC6677", "2"), ("Numba", "#225555", "3"), ("BLIS", "#4477AA", "4"), ("MKL", "#999911", ASTERISK),
)}  # fmt: skip
SPARE = [Look("#EE3377", (5, 1, 180)), Look("#228833", "8"), Look("#AA3377", (3, 1, 0)), Look("#004488", (4, 1, 45)),
         Look("#BB5566", (6, 1, 0)), Look("#000000", (3, 1, 180))]  # fmt: skip


def looks(results: Results) -> dict[str, Look]:
    """Of each name, the same in all pictures of a run; a name that is not ours gets a spare one."""
    names = dict.fromkeys([*(name for m in results.measurements for name in m.contestants), *results.curves])
    others = [name for name in names if name not in LOOKS]
    return LOOKS | {name: SPARE[i % len(SPARE)] for i, name in enumerate(others)}


@dataclass(frozen=True)
class Drawing:
    name: str  # of its files
    title: str
    alt: str  # what it shows, for those who do not see it
    figure: Figure


def sheet(title: str, subtitle: str, footer: Sequence[str], body: float = 4.0) -> tuple[Figure, Axes]:
    """A figure with title and footer; its axes, with labels and legend, fill the `body` inches between them."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    head = textwrap.wrap(subtitle, CHARACTERS, break_on_hyphens=False)
    foot = [line for text in footer for line in textwrap.wrap(text, CHARACTERS, break_on_hyphens=False)]
    under = 0.15 + LINE * len(foot)
    height = 0.5 + LINE * len(head) + body + under
    layout = ConstrainedLayoutEngine(rect=(0, under / height, 1, body / height), w_pad=0.1, h_pad=0.05)
    figure = Figure((WIDTH, height), dpi=72, facecolor="white", layout=layout)
    figure.text(0.1 / WIDTH, 1 - 0.1 / height, title, size=TITLE, weight="bold", va="top")
    figure.text(0.1 / WIDTH, 1 - 0.42 / height, "\n".join(head), va="top", linespacing=1.25)
    figure.text(0.1 / WIDTH, 0.08 / height, "\n".join(foot), va="bottom", color=GREY, linespacing=1.25)
    axes = figure.subplots()
    axes.set_axisbelow(True)
    axes.grid(color=PALE, linewidth=0.7)
    axes.tick_params(which="both", length=0, pad=6)
    return figure, axes


def log_axis(axes: Axes, which: Literal["x", "y"], low: float, high: float, unit: str = "") -> None:
    """From a tick at or below `low` to one at or above `high`: at 1, 2, 5, 10 ..., or where they are many at powers."""
    from matplotlib.ticker import EngFormatter

    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1,)):
        each = [s * 10.0**d for d in exponents for s in steps]
        ticks = [t for t in each if max(u for u in each if u <= low) <= t <= min(u for u in each if u >= high)]
        if len(ticks) <= 7:
            break
    axes.set(**{f"{which}scale": "log", f"{which}lim": (ticks[0], ticks[-1])})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_ticks(ticks)
    axis.set_ticks([], minor=True)
    axis.set_major_formatter(EngFormatter(unit, places=0) if unit else "{x:g}")


def note(axes: Axes, text: str, at: tuple[float, float], move: tuple[float, float], **more: Any) -> None:
    """Text so many points from a place."""
    axes.annotate(text, at, move, textcoords="offset points", annotation_clip=False, **more)


@dataclass(frozen=True)
class Line:
    name: str
    look: Look
    x: Sequence[float]
    y: np.ndarray  # (n, 3): low, median, high
    told: Sequence[bool] = ()  # of its marks, if it has them; False: hollow
    style: tuple[Any, float] = RUNGS


def draw(axes: Axes, lines: list[Line]) -> dict[str, Any]:
    """Each with its intervals and marks; what stands for them in a legend, in the order of their ends."""
    handles = {}
    for line in sorted(lines, key=lambda line: line.y[-1, 1], reverse=True):
        low, middle, high = line.y.T
        style = dict(zip(("linestyle", "linewidth"), line.style, strict=True))
        axes.errorbar(line.x, middle, (middle - low, high - middle), label=line.name, color=line.look.color,
                      elinewidth=1, zorder=3, **style)  # fmt: skip
        for x, y, told in zip(line.x, middle, line.told, strict=False):
            marks(axes, x, y, told, line.look)
        handles[line.name] = marks(axes, [], [], True, line.look, **style)
    return handles


def ends(lines: list[Line], text: Callable[[float], str] = three_digits) -> str:
    """In words, as far as they can be told."""
    told = [line for line in lines if line.told and line.told[-1]]
    return ", ".join(f"{line.name} {text(line.y[-1, 1])} at {line.x[-1]:,.7g}" for line in told)


def marks(axes: Axes, x: Any, y: Any, told: bool, own: Look, **more: Any) -> Any:
    """Hollow where it cannot be told, a stroke then as a ring."""
    marker = "o" if not told and own.marker in STROKES else own.marker
    size = 10 if marker == "*" or (isinstance(marker, tuple) and len(marker) == 3) else 7.5
    style: dict[str, Any] = {"linestyle": "none", "zorder": 4, "markerfacecolor": own.color if told else "white"}
    style["clip_on"] = x == []  # none is cut by the frame
    return axes.plot(x, y, color=own.color, marker=marker, markersize=size, **style | more)[0]


def legend(figure: Figure, handles: dict[str, Any]) -> None:
    """Right of the axes."""
    names = [f"{name:.24}" for name in handles]  # long ones are cut
    figure.legend([*handles.values()], names, loc="outside right center", labelspacing=0.35, borderpad=0)


def conditions(results: Results, shown: Sequence[Measurement]) -> str:
    """The footer's first paragraph: CPU, instruction set, data type, threads, date, and what disturbed the run."""
    cpu = " ".join(re.sub(r"\((R|TM)\)| CPU| @.*", "", results.machine["cpu"]).split())
    day = datetime.fromisoformat(results.made).strftime("%Y-%m-%d") if results.made else ""
    more = [*dict.fromkeys(m.dtype for m in shown)] + [threads(m.threads) for m in shown[-1:]]
    text = " · ".join(filter(None, (cpu, results.machine["instruction set"], *more, day)))
    return text + ("." + found if (found := tables.disturbed(list(shown))) else "")


def threads(n: int) -> str:
    return f"{n} thread{'s' * (n > 1)}"


def ours(m: Measurement) -> list[str]:
    """The rungs, and functions of the user's."""
    return [name for name, contestant in m.contestants.items() if contestant.kind not in (NUMPY, PEER)]


def usable(m: Measurement, name: str) -> bool:
    return m.verdict(name) != "unusable"


def amount(m: Measurement, like: Measurement) -> float:
    """1e9 operations or bytes of a call, as the unit of `like` says."""
    return 1e-9 * (m.flops if like.computes else m.bytes)


def rates(m: Measurement, name: str, like: Measurement) -> np.ndarray:
    """In the unit of `like`: low, median, high."""
    return amount(m, like) / np.array(m.contestants[name].interval)[::-1]
