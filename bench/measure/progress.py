"""What a run tells meanwhile: a line on the terminal, and notes of what it left out."""

from __future__ import annotations

import sys

from pynn.cli.checks import one_line


def note(notes: list[str], text: str) -> None:
    """Once, in one line."""
    text = one_line(text)
    if text not in notes:
        notes.append(text)


def progress(text: str) -> None:
    """One line on the terminal, which the next one overwrites."""
    if sys.stderr.isatty():
        print(f"\r{text}\033[K", end="", file=sys.stderr, flush=True)
