"""Figures that a notebook shows. Imported only where one is made, because matplotlib is an extra."""

from __future__ import annotations

import io

from matplotlib.figure import Figure


class NotebookFigure(Figure):
    """A Figure that draws itself in a notebook: Jupyter shows matplotlib's own only where pyplot is imported, too."""

    def _repr_png_(self) -> bytes:
        self.savefig(buffer := io.BytesIO(), format="png")
        return buffer.getvalue()
