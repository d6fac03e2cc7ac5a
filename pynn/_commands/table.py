"""Tables on standard output."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise  # rich would end the program with 1; the BrokenPipeError is main's to handle


def show(table: Table) -> None:
    """Prints it; folded to a terminal's width, but not in a file or pipe."""
    _Console(width=None if sys.stdout.isatty() else 10_000, highlight=False).print(table)
