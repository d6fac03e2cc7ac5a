"""What the pages of docs/inside take from the code itself, so that it cannot go stale.

{constant}`kernels/_plan.pxd ROWS`   the number that a source gives this name; a quotient behind it divides it
```{architecture}```                 the layers that `make lint` holds, with each package's first line
```{calls-of-a-step}```              what one step of fit enters, measured by running it
```{blocks}```                       how a product is cut, with the sizes of the code
"""

from __future__ import annotations

import ast
import html
import re
import sys
import textwrap
import tomllib
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

import kernels
import pynn
from pynn import keras

ROOT = Path(__file__).resolve().parents[2]
SIDE = "var(--color-background-secondary, #8881)"  # furo's
MARKED = "var(--color-brand-primary, #06c)"


def number(file: str, name: str) -> float:
    """The number behind `name =` in a file of the tree. ValueError: there is none, or several."""
    (text,) = set(re.findall(rf"\b{name} = ([\d.]+)", (ROOT / file).read_text(encoding="utf-8")))
    return float(text)


def constant(
    role: str, raw: str, text: str, line: int, inliner: Any, options: Any = None, content: Any = ()
) -> tuple[list[nodes.Node], list[nodes.Node]]:
    file, name, *divisor = text.split()
    value = number(file, name) / (float(divisor[1]) if divisor else 1)
    return [nodes.Text(f"{value:,.10g}")], []


def svg(width: int, height: int, title: str, parts: list[str]) -> nodes.Node:
    """As wide as the page, up to half as wide again as drawn; lines and letters take the page's colours."""
    style = f"width: 100%; max-width: {width * 3 // 2}px; display: block; margin: 1.5em auto; font: 12px sans-serif"
    text = "\n".join(parts)
    return nodes.raw("", (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{html.escape(title)}" style="{style}" '
        f'fill="currentColor">{text}</svg>'
    ), format="html")  # fmt: skip


def box(x: float, y: float, width: float, height: float, fill: str = SIDE, more: str = "") -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}" stroke="currentColor" '
        f'stroke-width="1" {more}/>'
    )


def label(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" {more}>{html.escape(text)}</text>'


def first_line(package: str) -> str:
    """The first sentence of its docstring, without the code's quotes."""
    path = ROOT / package.replace(".", "/") / "__init__.py"
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return doc.partition("\n\n")[0].replace("\n", " ").replace("`", "").partition(". ")[0].rstrip(".")


def layers() -> list[tuple[str, str]]:
    """Name and what is in it, from the top down: those of the import contract, and what they stand on."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        contract = tomllib.load(file)["tool"]["importlinter"]["contracts"][0]
    found = []
    for layer in contract["layers"]:
        names = layer.split()
        if "|" in names:
            several = [name.removeprefix("pynn.") for name in names if name != "|"]
            found.append((f"pynn.{several[0]}", f"and TensorFlow's namespaces: {', '.join(several[1:])}"))
        else:
            found.append((layer, first_line(layer)))
    return [*found, ("kernels", first_line("kernels")), ("kernels/simd", (
        "C inner loops, one template compiled once for each instruction set; a table of them is chosen at import"
    ))]  # fmt: skip


class Architecture(Directive):
    def run(self) -> list[nodes.Node]:
        parts, y, width = [], 20, 360
        parts.append(label(0, 10, "Each imports only what lies below it"))
        for name, about in layers():
            lines = textwrap.wrap(about, 54)
            height = 24 + 15 * len(lines)
            parts.append(box(0.5, y, width - 1, height, more='rx="4"'))
            parts.append(label(10, y + 17, name, 'font-weight="bold"'))
            parts += [label(10, y + 33 + 15 * i, line, 'opacity="0.85"') for i, line in enumerate(lines)]
            y += height + (18 if name == "pynn.support" else 6)
        parts.append(label(0, y + 10, "bench measures all of it, and is imported by none of it"))
        return [svg(width, y + 16, "The layers: " + ", ".join(name for name, _ in layers()), parts)]


def calls() -> list[tuple[int, str, str]]:
    """Depth, function and file of what the second step of an epoch enters, and the kernels that it calls."""
    rng = np.random.default_rng(0)
    x, y = rng.random((24, 16), np.float32), rng.integers(0, 10, 24)
    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(10, activation="softmax")])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    package, found, depth = Path(pynn.__file__).parent, [], 0

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal depth
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(package):
            depth += (event == "call") - (event == "return")
            name = frame.f_code.co_qualname.replace(".<locals>", "").replace(".<lambda>", "")
            if event == "call" and "<" not in name:
                found.append((depth, name, f"pynn/{path.relative_to(package)}"))

    def shown(name: str) -> Any:
        function = getattr(kernels, name)

        def call(*arguments: Any, **options: Any) -> Any:
            found.append((depth + 1, f"kernels.{name}", ""))
            return function(*arguments, **options)

        return call

    public = {name: getattr(kernels, name) for name in kernels.__all__ if callable(getattr(kernels, name))}
    model.fit(x, y, batch_size=8, verbose=0)
    before = sys.getprofile()
    try:
        for name in public:
            setattr(kernels, name, shown(name))
        sys.setprofile(note)
        model.fit(x, y, batch_size=8, verbose=0)
    finally:
        sys.setprofile(before)
        for name, function in public.items():
            setattr(kernels, name, function)
    begins = [i for i, (_, name, _) in enumerate(found) if name == "Batches.__iter__"]
    return found[begins[1] : begins[2]]


class CallsOfAStep(Directive):
    def run(self) -> list[nodes.Node]:
        step = calls()
        top = min(depth for depth, _, _ in step)
        lines = [f"{'  ' * (depth - top) + name:52} {file}".rstrip() for depth, name, file in step]
        text = "\n".join(lines)
        return [nodes.literal_block(text, text, language="text")]


class Blocks(Directive):
    def run(self) -> list[nodes.Node]:
        rows, floats = number("kernels/_plan.pxd", "ROWS"), number("kernels/_plan.pxd", "SLICE_BYTES") / 4
        a, b, c = (0.5, 140.5, 110, 150), (140.5, 20.5, 210, 100), (140.5, 140.5, 210, 150)  # x, y, width, height
        parts = [box(*matrix) for matrix in (a, b, c)]
        parts += [
            label(a[0], a[1] + a[3] + 16, "a (m, k)"), label(b[0] + b[2], 14, "b (k, n)", 'text-anchor="end"'),
            label(c[0] + c[2], c[1] + c[3] + 16, "c (m, n)", 'text-anchor="end"'),
            # a slice of k: columns of a, rows of b
            box(a[0], a[1], 66, a[3], "none", 'stroke-dasharray="4"'),
            box(a[0], a[1] + 20, 66, 60, MARKED, 'fill-opacity="0.3"'), box(b[0], b[1], b[2], 60, "none",
                'stroke-dasharray="4"'),
            box(b[0] + 40, b[1], 40, 60, MARKED, 'fill-opacity="0.3"'),
            box(c[0] + 40, c[1] + 20, 40, 60, "none", 'stroke-dasharray="4"'),
            box(c[0] + 40, c[1] + 20, 40, 16, MARKED, 'fill-opacity="0.6"'),
            box(a[0], a[1] + 20, 66, 16, "none"),
            label(a[0] + 4, a[1] + 56, "block", 'font-size="11"'), label(a[0] + 4, a[1] + 70, f"{rows:.0f} rows",
                'font-size="11"'),
            label(b[0] + 86, b[1] + 28, "panel:", 'font-size="11"'),
            label(b[0] + 86, b[1] + 42, "16 columns (AVX2)", 'font-size="11"'),
            label(a[0], b[1] + 28, "slice of k:", 'font-size="11"'),
            label(a[0], b[1] + 42, f"{floats:.0f} floats", 'font-size="11"'),
            label(c[0] + 86, c[1] + 32, "tile: 6 rows,", 'font-size="11"'),
            label(c[0] + 86, c[1] + 46, "in registers", 'font-size="11"'),
        ]  # fmt: skip
        return [svg(352, 312, "A block of a times a panel of b gives tiles of c", parts)]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_role("constant", constant)
    app.add_directive("architecture", Architecture)
    app.add_directive("calls-of-a-step", CallsOfAStep)
    app.add_directive("blocks", Blocks)
    return {"parallel_read_safe": True}
