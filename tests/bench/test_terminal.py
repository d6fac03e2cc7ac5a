"""Tables on terminals of many widths."""

from __future__ import annotations

import os
import re
import sys

import pytest
from fake_results import fake_results
from pynn.bench.command import all_tables
from pynn.bench.results import tables
from pynn.bench.results.terminal import print_table

TABLES = list(all_tables(fake_results(), by_case=True))


@pytest.fixture
def terminal(monkeypatch):
    """A terminal of so many columns."""

    def set_width(columns: int) -> None:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((columns, 24)))

    return set_width


@pytest.mark.parametrize("columns", [40, 80, 100, 120, 160, 250])
def test_no_line_is_wider_and_no_cell_is_cut(capsys, terminal, columns):
    terminal(columns)
    for table in TABLES:
        print_table(table)
        out = re.sub("\x1b\\[[0-9;]*m", "", capsys.readouterr().out)
        assert max(map(len, out.splitlines())) <= columns
        assert "…" not in out
        assert all("".join(row[0].text.split()) in "".join(out.split()) for row in table.rows)


def test_a_terminal_of_80_columns_shows_what_matters(capsys, terminal):
    terminal(80)
    ladder = next(table for table in TABLES if "times rung below" in table.columns)
    print_table(ladder)
    out = capsys.readouterr().out
    for column in ("rung", "time", "times naive", "times rung below", "times NumPy", "verdict"):
        i = ladder.columns.index(column)
        assert all(row[i].text in out for row in ladder.rows)


def test_a_pipe_gets_all_columns(capsys):
    for table in TABLES:
        print_table(table)
        out = capsys.readouterr().out
        assert all(cell.text in out for row in table.rows for cell in row)
        assert all(name in out for name in table.columns)


def test_text_from_a_file_cannot_steer_the_terminal(capsys):
    table = tables.Table("[red]t[/red]", ["a"], [[tables.plain("\x1b[31m[bold]x\n")]])
    print_table(table)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "[bold]x" in out
    assert "[red]t" in out
