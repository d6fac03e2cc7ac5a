"""Tables and other printed things on standard output."""

from __future__ import annotations

import sys

from rich.console import Console, RenderableType


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise  # rich would end the program with 1; the BrokenPipeError is main's to handle


def show(printed: RenderableType) -> None:
    """A table, or other things that rich prints; folded to a terminal's width, but not in a file or pipe."""
    _Console(width=None if sys.stdout.isatty() else 10_000, highlight=False).print(printed)
