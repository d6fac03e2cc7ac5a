"""Code as HTML: sources lightly coloured, machine code with its vector and multiply-add instructions marked."""

from __future__ import annotations

import re
from html import escape

from ..code.assembly import KINDS, Loop
from ..code.bytecode import Bytecode
from ..code.instructions import Instruction
from ..code.sources import Source

# What a kind of instruction is marked with, and how it is called
MARKS = {
    "fma": ("F", "fused multiply-adds"),
    "vector": ("V", "other vector arithmetic"),
    "scalar": ("S", "scalar arithmetic"),
}
NOUNS = ("shuffle", "load", "store", "move", "jump", "call")  # of the other kinds, those with a plural

_PYTHON = (
    r'(?P<string>"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')|(?P<comment>#[^\n]*)|'
    r"(?P<keyword>\b(?:def|return|for|in|if|elif|else|while|not|and|or|import|from|as|with|is|None|True|False|range|"
    r"assert|raise|break|continue|try|finally|class|lambda|pass|cdef|cpdef|inline|noexcept|nogil|const|void|"
    r"prange|bint|Py_ssize_t|size_t|int|float|double|floating)\b)"
)
_C = (
    r"(?P<comment>/\*(?:.|\n)*?\*/|//[^\n]*)|(?P<string>\"(?:\\.|[^\"\\\n])*\")|(?P<keyword>^\s*\#\s*\w+|\b(?:static|"
    r"inline|const|void|int|long|size_t|ptrdiff_t|float|double|char|return|for|if|else|while|do|switch|case|break|"
    r"continue|restrict|struct|typedef|sizeof|unsigned|INLINE|NAME|T)\b)"
)
_TOKENS = {"python": re.compile(_PYTHON), "cython": re.compile(_PYTHON), "c": re.compile(_C, re.MULTILINE)}


def source(found: Source) -> str:
    place = f"<span class=name>{escape(found.title)}</span> <code class=place>{escape(found.path)}:{found.line}</code>"
    return (
        f"<figure class=listing><figcaption>{place}</figcaption>"
        f"<pre tabindex=0><code>{coloured(found.text, found.language)}</code></pre></figure>"
    )


def folded(found: Source) -> str:
    """The same, closed until it is asked for."""
    return (
        f"<details class=more><summary><span class=name>{escape(found.title)}</span> "
        f"<code class=place>{escape(found.path)}:{found.line}</code></summary>"
        f"<pre tabindex=0><code>{coloured(found.text, found.language)}</code></pre></details>"
    )


def coloured(text: str, language: str) -> str:
    """Escaped, with comments, strings and keywords in spans; in a language that is not known, escaped only."""
    if language not in _TOKENS:
        return escape(text)
    parts, end = [], 0
    for token in _TOKENS[language].finditer(text):
        parts += [escape(text[end : token.start()]), f"<span class={token.lastgroup}>{escape(token[0])}</span>"]
        end = token.end()
    return "".join([*parts, escape(text[end:])])


def assembly(loop: Loop) -> str:
    place = f"<span class=name>Inner loop</span> <code class=place>{escape(loop.symbol)}</code>"
    lines = "\n".join(_line(instruction) for instruction in loop.instructions)
    return (
        f"<figure class=listing><figcaption>{place}</figcaption>{_counts(loop)}"
        f"<pre tabindex=0 class=assembly><code>{lines}</code></pre></figure>"
    )


def bytecode(found: Bytecode) -> str:
    place = f"<span class=name>Inner loop, bytecode</span> <code class=place>{escape(found.function)}</code>"
    chips = f"<ul class=counts><li>{len(found.instructions)} bytecodes a turn</li></ul>"
    return (
        f"<figure class=listing><figcaption>{place}</figcaption>{chips}"
        f"<pre tabindex=0 class=assembly><code>{escape(chr(10).join(found.instructions))}</code></pre></figure>"
    )


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
    """Of one turn: instructions, those marked, the others by kind, and the widest register."""
    chips = [f"<b>{len(loop.instructions)}</b> instructions a turn"]
    if loop.counts is None:
        chips.append("of a machine whose instructions are not known here")
    else:
        kinds = [_kind(instruction) for instruction in loop.instructions]
        chips += [
            f"{mark(kind)} <b>{kinds.count(kind)}</b> {name}" for kind, (_, name) in MARKS.items()
            if kind != "scalar" or kinds.count(kind)
        ]  # fmt: skip
        others = [
            f"{n} {kind}{'s' * (n > 1 and kind in NOUNS)}" for kind in KINDS[3:] if (n := loop.counts[kind])
        ]  # fmt: skip
        chips += [", ".join(others), f"registers of {loop.bits} bits: {loop.lanes} {escape(loop.dtype)}"]
    return f"<ul class=counts>{''.join(f'<li>{chip}</li>' for chip in chips if chip)}</ul>"
