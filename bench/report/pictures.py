"""The pictures of a run, as PNG for slides and SVG for pages."""

from __future__ import annotations

from collections.abc import Container
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from pynn.support.extras import install

from ..results.store import Results
from .bars import ladders
from .drawing import STYLE, Drawing
from .lines import scaling, sweeps, training
from .roofline import roofline

DPI = 200  # of PNG: 1400 pixels wide


@dataclass(frozen=True)
class Picture:
    name: str
    alt: str
    png: Path
    svg: Path


def drawings(results: Results) -> list[Drawing]:
    """What these results support, as figures. ImportError, which names the extra, without matplotlib."""
    with _styled():
        return [d for draw in (ladders, sweeps, roofline, scaling, training) for d in draw(results)]


def pictures(results: Results, folder: Path, only: Container[str] | None = None) -> list[Picture]:
    """Writes NAME.png and NAME.svg of each (or of some); what the results do not support is not in the list."""
    figures = drawings(results)
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for drawing in figures:
        if only is not None and drawing.name not in only:
            continue
        png, svg = folder / f"{drawing.name}.png", folder / f"{drawing.name}.svg"
        with _styled():  # without date and version: the same picture is the same file
            drawing.figure.savefig(png, dpi=DPI, metadata={"Software": None})
            drawing.figure.savefig(svg, metadata={"Date": None, "Creator": None, "Title": drawing.title})
        found.append(Picture(drawing.name, drawing.alt, png, svg))
    return found


def _styled() -> AbstractContextManager[None]:
    """matplotlib's defaults with our STYLE, whatever the user has set; the user's settings afterwards."""
    try:
        from matplotlib import style
    except ImportError:
        raise ImportError(f"the pictures of a run need matplotlib: {install('bench')}") from None
    return style.context(["default", STYLE])
