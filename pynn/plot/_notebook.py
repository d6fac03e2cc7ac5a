"""Figures that a notebook shows. Imported only where one is made, because matplotlib is an extra."""

from __future__ import annotations

import io

from matplotlib.figure import Figure


class NotebookFigure(Figure):
    """A Figure that draws itself in a notebook: Jupyter shows matplotlib's own only where pyplot is imported, too."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """The picture, and how wide it is shown: in browsers' pixels, so that letters have one size in all pictures."""
        self.savefig(buffer := io.BytesIO(), format="png")
        return buffer.getvalue(), {"width": round(96 * self.get_figwidth())}
