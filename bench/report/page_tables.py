"""Tables as HTML: each cell carries the value that it sorts by, and scrolls sideways in a box of its own."""

from __future__ import annotations

from html import escape

from ..results.tables import Cell, Table

VERDICTS = ("stable", "noisy", "unusable")


def html(table: Table) -> str:
    """Rows of one first cell form a group when the table has two columns of text, as ladders have."""
    grouped = table.text_columns > 1
    numbers = [_is_number(table, i) for i in range(len(table.columns))]
    heads = "".join(
        f"<th scope=col{' class=number' * number}>{escape(name)}</th>"
        for name, number in zip(table.columns, numbers, strict=True)
    )
    rows, last = [], None
    for row in table.rows:
        first = row[0].text
        cells = [
            _cell(table, i, cell, numbers[i], again=grouped and i == 0 and first == last) for i, cell in enumerate(row)
        ]
        rows.append(f"<tr{' class=first' * (grouped and first != last)}>{''.join(cells)}</tr>")
        last = first
    classes = " ".join(["sortable"] * (len(table.rows) > 1) + ["grouped"] * grouped)
    title = escape(table.title)
    return (
        f'<div class=scroll role=region aria-label="{title}" tabindex=0><table class="{classes}">'
        f"<caption>{title}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{chr(10).join(rows)}\n</tbody></table></div>"
    )


def pairs(title: str, rows: dict[str, str]) -> str:
    """Names and what they are, in two columns."""
    lines = "\n".join(
        f"<tr><th scope=row>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows.items()
    )
    return (
        f'<div class=scroll role=region aria-label="{escape(title)}" tabindex=0><table class=pairs>'
        f"<caption>{escape(title)}</caption>\n<tbody>\n{lines}\n</tbody></table></div>"
    )


def _is_number(table: Table, column: int) -> bool:
    values = [row[column].value for row in table.rows if row[column].value is not None]
    return not any(isinstance(value, str) for value in values) if values else column >= table.text_columns


def _cell(table: Table, column: int, cell: Cell, number: bool, again: bool) -> str:
    tag = "th scope=row" if column == max(0, table.text_columns - 1) else "td"
    classes = ["number"] * number
    style, text = "", escape(cell.text)
    if cell.text in VERDICTS or cell.text == "tie":
        classes.append(cell.text)
    if table.columns[column] == "of limit" and isinstance(cell.value, float):
        classes.append("bar")
        style = f' style="--share:{min(max(cell.value, 0), 1):.3f}"'
    if again:
        text = f"<span class=again>{text}</span>"
    kind = f' class="{" ".join(classes)}"' if classes else ""
    known = cell.value not in (None, "") and cell.value == cell.value  # neither empty nor NaN
    value = f' data-value="{escape(str(cell.value))}"' if known else ""
    return f"<{tag}{kind}{style}{value}>{text}</{tag.split()[0]}>"
