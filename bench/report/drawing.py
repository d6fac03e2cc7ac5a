"""What the pictures have in common: size, fonts, colours, title and footer. No state of pyplot is read or changed.

A README shows them about 600 pixels wide, 0.9 of their size in points: text of TEXT points stays above 9 there.
"""

from __future__ import annotations

import re
import textwrap
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from ..results.store import Measurement, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, BODY = 7.0, 3.6  # inches; the body is what stands between title and footer
TEXT, TITLE = 10.5, 14  # points
LINE, CHARACTERS = 0.2, 80  # inches and characters of a line of TEXT
MARGIN = 0.12
GREY, PALE = "#555555", "#DDDDDD"
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # matplotlib brings it
    "font.size": TEXT,
    "axes.labelsize": TEXT,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "axes.labelcolor": "black",
    "hatch.linewidth": 0.6,
    "text.parse_math": False,  # a $ in a label is a $
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "pynn",  # the same ids each time
}


@dataclass(frozen=True)
class Look:
    color: str
    marker: str
    hatch: str = ""  # of libraries' bars

    @property
    def ink(self) -> str:
        """The color for text: dark enough on white."""
        return "#" + "".join(f"{int(int(self.color[i : i + 2], 16) * 0.7):02x}" for i in (1, 3, 5))


# Rungs: M. Okabe, K. Ito, Color Universal Design, 2008. Libraries: P. Tol, Colour Schemes, 2021 (muted). Names that
# share a look mean the same: ijp is the typed step of products, and Keras runs on TensorFlow. Markers
# and hatches tell the others apart in grey, too.
LOOKS = {
    "naive": Look("#7F7F7F", "o"),
    "typed": Look("#E69F00", "s"),
    "ijp": Look("#E69F00", "s"),
    "ipj": Look("#56B4E9", "^"),
    "simd": Look("#CC79A7", "D"),
    "blocked": Look("#009E73", "v"),
    "parallel": Look("#0072B2", "P"),
    "sparse": Look("#D55E00", "*"),
    "pynn": Look("#882255", "X"),
    "NumPy": Look("#000000", "o", "////"),
    "PyTorch": Look("#AA4499", ">", "\\\\\\\\"),
    "JAX": Look("#999933", "h", "++++"),
    "TensorFlow": Look("#CC6677", "d", "xxxx"),
    "Keras": Look("#CC6677", "d", "xxxx"),
    "Numba": Look("#332288", "p", "||||"),
    "numexpr": Look("#8C6D31", "<", "----"),
}
SPARE = [Look("#117733", "H", "//"), Look("#6699CC", "8", "xx"), Look("#994455", "X", "++"), Look("#997700", "d", "||")]

# Of operations, where each has a line
SERIES = [Look("#0072B2", "o"), Look("#D55E00", "s"), Look("#009E73", "^"), Look("#CC79A7", "D"), Look("#E69F00", "v"),
          Look("#56B4E9", "P"), Look("#000000", "X"), Look("#7F7F7F", "*")]  # fmt: skip


def look(name: str) -> Look:
    """The same for a name in all pictures."""
    return LOOKS.get(name) or SPARE[zlib.crc32(name.encode()) % len(SPARE)]


@dataclass(frozen=True)
class Drawing:
    name: str  # of its files
    title: str
    alt: str  # what it shows, for those who do not see it
    figure: Figure


@dataclass(frozen=True)
class Sheet:
    """A figure with its title and footer; `axes` puts panels between them. Distances are inches."""

    figure: Figure
    top: float
    bottom: float

    @property
    def size(self) -> tuple[float, float]:
        return tuple(self.figure.get_size_inches())

    def axes(self, left: float, right: float, below: float, above: float = 0.0) -> Axes:
        """With so much room for labels around it."""
        width, height = self.size
        bottom = self.bottom + below
        box = (left / width, bottom / height, (width - left - right) / width, (self.top - above - bottom) / height)
        return self.figure.add_axes(box)


def sheet(title: str, subtitle: str, footer: list[str], body: float = BODY) -> Sheet:
    """subtitle: wrapped; footer: paragraphs; body: inches between them."""
    from matplotlib.figure import Figure

    under = textwrap.wrap(subtitle, CHARACTERS, break_on_hyphens=False)
    below = [line for paragraph in footer for line in textwrap.wrap(paragraph, CHARACTERS, break_on_hyphens=False)]
    head, foot = 0.5 + LINE * len(under), 0.12 + LINE * len(below)
    height = head + body + foot
    figure = Figure((WIDTH, height), dpi=72, facecolor="white")  # so that pixels are points while it is laid out
    left = MARGIN / WIDTH
    figure.text(left, 1 - 0.1 / height, title, size=TITLE, weight="bold", va="top")
    figure.text(left, 1 - 0.42 / height, "\n".join(under), va="top", color="black", linespacing=1.25)
    figure.text(left, 0.08 / height, "\n".join(below), va="bottom", color=GREY, linespacing=1.25)
    return Sheet(figure, height - head, foot)


def short(number: float) -> str:
    """1000000 -> 1M; powers of two as they are."""
    for unit, scale in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= scale and number % (scale / 10) == 0:
            return f"{number / scale:g}{unit}"
    return f"{number:g}"


def conditions(results: Results, *more: str) -> str:
    """The footer's first line: CPU, instruction set, more, and date."""
    machine = results.machine
    cpu = re.sub(r"\((R|TM)\)| CPU| @.*", "", machine["cpu"])
    day = datetime.fromisoformat(results.made).strftime("%Y-%m-%d") if results.made else ""
    return " · ".join(filter(None, (" ".join(cpu.split()), machine["instruction set"], *more, day)))


def threads(n: int) -> str:
    return f"{n} thread{'s' * (n > 1)}"


def usable(m: Measurement, name: str) -> bool:
    return m.verdict(name) != "unusable"


def line_style(own: Look, strong: bool) -> dict[str, Any]:
    """Rungs are strong: thick and solid, above the dashed lines of libraries."""
    if strong:
        return {"color": own.color, "linestyle": "-", "linewidth": 2.2, "zorder": 3}
    return {"color": own.color, "linestyle": (0, (4, 1.5)), "linewidth": 1.3, "zorder": 2.5}


def marks(axes: Axes, x: float, y: float, own: Look, usable: bool, size: float = 6.5, **more: Any) -> None:
    """One point; hollow where its verdict is unusable."""
    size *= 1.5 if own.marker == "*" else 1.25 if own.marker in "PX" else 1
    face, edge = (own.color, "white") if usable else ("white", own.color)
    axes.plot(
        [x], [y], marker=own.marker, linestyle="none", color=face, markeredgecolor=edge, markersize=size,
        markeredgewidth=0.6 if usable else 1.5, **{"zorder": 4, **more},
    )  # fmt: skip


def grid(axes: Axes, axis: Literal["both", "x"] = "both") -> None:
    axes.set_axisbelow(True)
    axes.grid(axis=axis, which="major", color=PALE, linewidth=0.7)
    axes.tick_params(which="both", length=0)
