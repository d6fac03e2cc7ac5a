"""Docstrings as Sphinx's nodes: plain text with formulas, in which only backticks are markup."""

from __future__ import annotations

import inspect
import re
from typing import Any

from docutils import nodes
from sphinx import addnodes

ERROR = re.compile(r"\.\s+(?=[A-Z]\w*Error: )")
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
    reference = addnodes.pending_xref(
        "", refdomain="py", reftype="obj", reftarget=name, refexplicit=True, refwarn=True, refdoc="api/index"
    )
    reference += nodes.literal(shown or name, shown or name)
    return reference


def described(doc: str, arguments: str = "") -> list[nodes.Node]:
    """Paragraphs; lines `argument: ...` and `SomeError: ...` as a list; indented and aligned lines as they stand.

    arguments: a text that names them
    """
    known = set(re.findall(r"\w+", arguments))
    found: list[nodes.Node] = []
    for block in re.split(r"\n\s*\n", ERROR.sub(".\n", doc.strip("\n"))):
        lines: list[str] = []
        items: list[list[str]] = []
        for line in block.splitlines():
            match = ARGUMENT.match(line)
            if match and all(name in known or name.endswith("Error") for name in match[1].split(", ")):
                items.append([match[1], match[2]])
            elif items:
                items[-1].append(line)
            else:
                lines.append(line)
        found += _paragraphs(lines)
        if items:
            listed = (nodes.list_item("", paragraph(f"`{name}`: ", " ".join(text))) for name, *text in items)
            found.append(nodes.bullet_list("", *listed, classes=["arguments"]))
    return found


def _paragraphs(lines: list[str]) -> list[nodes.Node]:
    found: list[nodes.Node] = []
    while lines:
        aligned = bool(ALIGNED.match(lines[0]))
        n = next((i for i, line in enumerate(lines) if bool(ALIGNED.match(line)) != aligned), len(lines))
        text = "\n".join(lines[:n])
        found.append(nodes.literal_block(text, text, language="text") if aligned else paragraph(text))
        lines = lines[n:]
    return found
