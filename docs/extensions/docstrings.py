"""Docstrings as Sphinx's nodes: plain text with formulas, in which only backticks are markup."""

from __future__ import annotations

import inspect
import re
import textwrap
from typing import Any

from docutils import nodes
from sphinx import addnodes

ARGUMENT = re.compile(r"((?:\w+, )*\w+): +(.*)")
ALIGNED = re.compile(r"  |\S+ {2,}\S")  # an indented line, or one of a table
CODE = re.compile(r"`([^`]+)`")


class _Written(str):
    __repr__ = str.__str__


def signature(value: Any) -> str:
    """The arguments and their defaults, without types, which the docstring has; "" where there are none to show."""
    try:
        found = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    shown = []
    for parameter in found.parameters.values():
        default = parameter.default
        if default is not parameter.empty and callable(default):
            default = _Written(getattr(default, "__name__", str(default)))
        shown.append(parameter.replace(annotation=parameter.empty, default=default))
    return str(found.replace(parameters=shown, return_annotation=inspect.Signature.empty))


def prose(text: str) -> list[nodes.Node]:
    """What stands in backticks is code, all else stays as it is."""
    parts = enumerate(CODE.split(re.sub(r"\s+", " ", text)))
    return [nodes.literal(part, part) if i % 2 else nodes.Text(part) for i, part in parts if part]


def paragraph(*parts: str | nodes.Node) -> nodes.paragraph:
    """A paragraph of texts and nodes."""
    found = nodes.paragraph()
    for part in parts:
        found += prose(part) if isinstance(part, str) else part
    return found


def link(name: str, shown: str | None = None) -> nodes.Node:
    """A link to what has this full name."""
    reference = addnodes.pending_xref("", refdomain="py", reftype="obj", reftarget=name, refexplicit=True, refwarn=True)
    reference += nodes.literal(shown or name, shown or name)
    return reference


def described(doc: str, arguments: str = "") -> list[nodes.Node]:
    """Paragraphs; lines `argument: ...` as a list; indented and aligned lines as they stand.

    arguments: a text that names them
    """
    known = set(re.findall(r"\w+", arguments))
    found: list[nodes.Node] = []
    for block in re.split(r"\n\s*\n", doc.strip("\n")):
        before: list[str] = []
        items: list[list[str]] = []
        after: list[str] = []  # errors
        for line in block.splitlines():
            match = ARGUMENT.match(line)
            if match and not after and known.issuperset(match[1].split(", ")):
                items.append([match[1], match[2]])
            elif items and (after or (match and match[1].endswith("Error"))):
                after.append(line)
            else:
                (items[-1] if items else before).append(line)
        listed = (nodes.list_item("", paragraph(f"`{name}`: ", " ".join(text))) for name, *text in items)
        found += _paragraphs(before)
        found += [nodes.bullet_list("", *listed, classes=["arguments"])] if items else []
        found += _paragraphs(after)
    return found


def _paragraphs(lines: list[str]) -> list[nodes.Node]:
    found: list[nodes.Node] = []
    while lines:
        aligned = bool(ALIGNED.match(lines[0]))
        n = next((i for i, line in enumerate(lines) if bool(ALIGNED.match(line)) != aligned), len(lines))
        text = textwrap.dedent("\n".join(lines[:n]))
        found.append(nodes.literal_block(text, text, language="text") if aligned else paragraph(text))
        lines = lines[n:]
    return found
