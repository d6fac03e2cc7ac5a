"""A new figure without pyplot, how it is saved, and the colours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..support.atomic import replacing
from ..support.extras import install

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FilePath = str | os.PathLike[str]

# M. Okabe, K. Ito, Color Universal Design, 2008: people with any kind of colour blindness tell these apart
BLUE, VERMILION = "#0072B2", "#D55E00"


def new_figure(width: float, height: float, layout: Literal["constrained"] | None = None) -> Figure:
    """An empty figure of this size in inches. ImportError: matplotlib is missing; the message names the extra."""
    try:
        from ._notebook import NotebookFigure
    except ImportError:
        raise ImportError(f"pynn.plot needs matplotlib: {install('plot')}") from None
    return NotebookFigure(figsize=(width, height), dpi=150, layout=layout)


def saved(figure: Figure, path: FilePath | None) -> Figure:
    if path is not None:
        with replacing(Path(path)) as file:
            figure.savefig(file, format=Path(path).suffix[1:] or "png")
    return figure
