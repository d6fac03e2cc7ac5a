"""Tables on the terminal: as many columns as fit; into a file or a pipe all of them."""

from __future__ import annotations

import shutil
import sys

from rich.table import Table as RichTable
from rich.text import Text

from pynn.cli.checks import one_line
from pynn.cli.table import show

from .tables import Table

GAP = 2  # spaces between columns
DISPENSABLE = (
    "instruction set", "largest error", "threads", "of ideal", "of limit", "spread", "accuracy", "loss, epoch 1",
    "rate", "installed MB", "verdict",
)  # fmt: skip


def print_lines(*lines: str, style: str = "") -> None:
    """Wrapped between words."""
    for line in lines:
        show(Text(one_line(line), style))


def print_table(table: Table) -> None:
    """On a narrow terminal without some columns, the DISPENSABLE ones first."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    for name in (*DISPENSABLE, *reversed(table.columns[1:])):
        if _total(_widths(table)) <= width:
            break
        table = table.without(name)
    widths = _widths(table, wrapped=_total(_widths(table, wrapped=False)) > width)
    rich = RichTable(box=None, header_style="bold", pad_edge=False)
    for i, column in enumerate(table.columns):
        rich.add_column(
            column, justify="left" if i < table.text_columns else "right", width=min(widths[i], width), overflow="fold"
        )
    last = ""
    for row in table.rows:
        first = "" if table.text_columns > 1 and row[0].text == last else row[0].text  # a group's name once
        last = row[0].text
        rich.add_row(*(Text(one_line(text)) for text in (first, *(cell.text for cell in row[1:]))))
    print_lines(table.title, style="bold")
    show(rich)
    print()


def _widths(table: Table, wrapped: bool = True) -> list[int]:
    """What each column takes: its longest cell or its header, of which, if it is wrapped, its longest word."""
    heads = [max(map(len, name.split()), default=0) if wrapped else len(name) for name in table.columns]
    return [max(head, *(len(one_line(row[i].text)) for row in table.rows), 0) for i, head in enumerate(heads)]


def _total(widths: list[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)
