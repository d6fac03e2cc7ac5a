"""Code as HTML: sources lightly coloured, machine code with its vector and multiply-add instructions marked."""

from __future__ import annotations

from html import escape
from itertools import groupby

from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, String

from ..code.assembly import Loop
from ..code.bytecode import Bytecode
from ..code.instructions import KINDS, Instruction
from ..code.sources import Source

# What a kind of instruction is marked with, and how it is called
MARKS = {
    "fma": ("F", "fused multiply-adds"),
    "vector": ("V", "other vector arithmetic"),
    "scalar": ("S", "scalar arithmetic"),
}
NOUNS = ("shuffle", "load", "store", "move", "jump", "call")  # of the other kinds, those with a plural

# The first that fits a token names its span. A macro is code, though Pygments takes all of it for a comment.
SPANS = {Comment.Preproc: "", Comment: "comment", Keyword: "keyword", String: "string"}


def source(found: Source) -> str:
    return _figure(found.title, f"{found.path}:{found.line}", coloured(found.text, found.language))


def folded(found: Source) -> str:
    """The same, closed until it is asked for."""
    code = coloured(found.text, found.language)
    return _figure(found.title, f"{found.path}:{found.line}", code, tags=("details class=more", "summary"))


def assembly(loop: Loop) -> str:
    lines = "\n".join(map(_line, loop.instructions))
    return _figure("Inner loop", loop.symbol, lines, _counts(loop), " class=assembly")


def bytecode(found: Bytecode) -> str:
    chips = f"<ul class=counts><li>{len(found.instructions)} bytecodes a turn</li></ul>"
    code = escape("\n".join(found.instructions))
    return _figure("Inner loop, bytecode", found.function, code, chips, " class=assembly")


def _figure(
    name: str, place: str, code: str, chips: str = "", kind: str = "",
    tags: tuple[str, str] = ("figure class=listing", "figcaption"),
) -> str:  # fmt: skip
    """code and chips are HTML, name and place text."""
    whole, head = tags
    return (
        f"<{whole}><{head}><span class=name>{escape(name)}</span> <code class=place>{escape(place)}</code></{head}>"
        f"{chips}<pre tabindex=0{kind}><code>{code}</code></pre></{whole.split()[0]}>"
    )


def coloured(text: str, language: str) -> str:
    """Escaped, with comments, keywords and strings in spans."""
    tokens = get_lexer_by_name(language, stripnl=False, ensurenl=False).get_tokens(text)
    parts = []
    for name, group in groupby(tokens, lambda token: next((n for kind, n in SPANS.items() if token[0] in kind), "")):
        part = escape("".join(text for _, text in group))
        parts.append(f"<span class={name}>{part}</span>" if name else part)
    return "".join(parts)


def mark(kind: str) -> str:
    letter, name = MARKS[kind]
    return f'<abbr class="mark {kind}" title="{name}">{letter}</abbr>'


def _kind(instruction: Instruction) -> str | None:
    """How it is marked."""
    if instruction.kind == "vector":
        return "vector" if instruction.packed else None
    return {"fma": "fma", "scalar float": "scalar"}.get(instruction.kind or "")


def _line(instruction: Instruction) -> str:
    kind = _kind(instruction)
    sign = mark(kind) if kind else "<span class=mark> </span>"
    name, _, operands = instruction.text.partition(" ")
    text = f"{sign}<span class=address>{instruction.address:x}</span> <b>{escape(name)}</b> {escape(operands)}"
    return f'<span class="line{" " + kind if kind else ""}">{text}</span>'


def _counts(loop: Loop) -> str:
    """Of one turn: instructions and for which CPUs, those marked, the others by kind, and the widest register."""
    chips = [f"<b>{len(loop.instructions)}</b> instructions a turn", f"compiled for {escape(loop.isa)}"]
    kinds = [_kind(instruction) for instruction in loop.instructions]
    chips += [
        f"{mark(kind)} <b>{kinds.count(kind)}</b> {name}" for kind, (_, name) in MARKS.items()
        if kind != "scalar" or kinds.count(kind)
    ]  # fmt: skip
    others = [f"{n} {kind}{'s' * (n > 1 and kind in NOUNS)}" for kind in KINDS[3:] if (n := loop.counts[kind])]
    chips += [", ".join(others), f"registers of {loop.bits} bits: {loop.lanes} {escape(loop.dtype)}"]
    return f"<ul class=counts>{''.join(f'<li>{chip}</li>' for chip in chips if chip)}</ul>"
