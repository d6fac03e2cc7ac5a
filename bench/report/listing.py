"""Code for the page: sources coloured by Pygments, and how the instructions of machine code are marked."""

from __future__ import annotations

import pygments
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, String, Text

from ..code.assembly import Loop
from ..code.instructions import KINDS, Instruction
from ..code.sources import Source

# What a kind of instruction is marked with, and how it is called
MARKS = {
    "fma": ("F", "fused multiply-adds"),
    "vector": ("V", "other vector arithmetic"),
    "scalar": ("S", "scalar arithmetic"),
}
COLOURED = {Comment, Keyword, String}  # by page.css; spans around the rest would double the page
NOUNS = ("shuffle", "load", "store", "move", "jump", "call")  # of the other kinds, those with a plural


def coloured(source: Source) -> str:
    """As HTML, with Pygments' classes."""
    tokens = get_lexer_by_name(source.language).get_tokens(source.text)
    found = ((kind if COLOURED & {*kind.split()} else Text, text) for kind, text in tokens)
    return pygments.format(found, HtmlFormatter(nowrap=True))


def mark(instruction: Instruction) -> str:
    """The kind of MARKS that it is, or ""."""
    marks = {"fma": "fma", "scalar float": "scalar", "vector": "vector" * instruction.packed}
    return marks.get(instruction.kind, "")


def others(loop: Loop) -> str:
    """How many instructions of a turn are of each kind that is not arithmetic."""
    return ", ".join(f"{n} {name}{'s' * (n > 1 and name in NOUNS)}" for name in KINDS[3:] if (n := loop.counts[name]))
