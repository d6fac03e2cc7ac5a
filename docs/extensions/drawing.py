"""A rung's picture as SVG: what a turn of its inner loop touches of each array, and the bytes that move between levels.

Colours come from docs/_static/lessons.css, text and lines from the page: light and dark need no second picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from itertools import pairwise
from math import log2, sqrt

from passes import Drawn
from traffic import Array, Loop, moved

WIDTH, SIDE, TOP, LANES, BOX = 340, 72, 8, 128, 46  # in units of the picture; on a telephone one is a pixel


def picture(drawn: Drawn, caches: Mapping[str, int], bytecodes: int = 0) -> str:
    """bytecodes: of a turn of a loop in Python, whose objects nobody has counted; then there are no levels."""
    nest = drawn.nests[0]
    arrays = {array.name: array for each in drawn.nests for array in each.arrays}
    parts = list(_operands([*arrays.values()], nest.loops[nest.inner :], nest.loops[nest.inner + 1 :]))
    if bytecodes:
        said = f"{bytecodes} bytecodes for each turn of the inner loop"
        parts.append(_text(WIDTH / 2, LANES + 14, said))
    else:
        pairs = zip(pairwise(["registers", *caches, "memory"]), (None, *caches.values()), strict=True)
        moves = [(far, near, moved(drawn.nests, size)) for (near, far), size in pairs]
        flows = [(far, near, came / drawn.units, left / drawn.units) for far, near, (came, left) in moves]
        parts += _levels(flows, caches)
        said = f"Bytes for each {drawn.unit}: " + "; ".join(
            f"{number(came)} from {far} to {near}, {number(left)} back" for far, near, came, left in flows
        )
    height = LANES + (24 if bytecodes else 80)
    label = escape(f"{', '.join(array.name for array in arrays.values())} at {drawn.size}. {said}.", quote=True)
    inside = "".join(parts)
    return f'<svg class="moves" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">{inside}</svg>'


def number(value: float) -> str:
    """With two digits; what is less than a hundredth is nothing here."""
    return "<0.01" if 0 < value < 0.01 else f"{float(f'{value:.2g}'):g}"


def _operands(arrays: list[Array], run: tuple[Loop, ...], turn: tuple[Loop, ...]) -> Iterator[str]:
    """Each array, what the inner loop touches of it, and darker what one turn of it does."""
    longest, step = max(max(array.shape) for array in arrays), WIDTH / len(arrays)
    for place, array in enumerate(arrays):
        sides = [max(9.0, SIDE * sqrt(n / longest)) for n in array.shape]
        light, dark = (_shares(array, loops) for loops in (run, turn))
        starts = [0.4 * (1 - share) for share in light]
        inner = [at + 0.3 * (outer - share) for at, outer, share in zip(starts, light, dark, strict=True)]
        frames = [("array", [0.0] * len(sides), [1.0] * len(sides)), ("run", starts, light), ("turn", inner, dark)]
        width, height = sides[-1], sides[0] if len(sides) > 1 else 9.0
        left, top = step * (place + 0.5) - width / 2, TOP + (SIDE - height) / 2
        for kind, begins, shares in frames:
            w, h = max(3.0, shares[-1] * width), max(3.0, shares[0] * height) if len(sides) > 1 else height
            x = left + min(begins[-1] * width, width - w)
            y = top + (min(begins[0] * height, height - h) if len(sides) > 1 else 0)
            yield f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}"/>'
        yield _text(step * (place + 0.5), TOP + SIDE + 16, array.name, "name")
        yield _text(step * (place + 0.5), TOP + SIDE + 29, "x".join(map(str, array.shape)))


def _shares(array: Array, loops: tuple[Loop, ...]) -> list[float]:
    """Of each axis, how much these loops run along it."""
    return [min(1.0, extent / n) for extent, n in zip(array.extents(loops), array.shape, strict=True)]


def _levels(flows: list[tuple[str, str, float, float]], caches: Mapping[str, int]) -> Iterator[str]:
    """Registers on the left, memory on the right, and between neighbours an arrow each way."""
    names = ["registers", *caches, "memory"]
    gap = (WIDTH - BOX * len(names)) / (len(names) - 1)
    for i, name in enumerate(names):
        x, size = i * (BOX + gap), caches.get(name)
        yield f'<rect class="level" x="{x + 0.5:.1f}" y="{LANES + 14}" width="{BOX - 1}" height="40" rx="4"/>'
        yield _text(x + BOX / 2, LANES + (31 if size else 38), name, "level-name")
        if size:
            text = f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"
            yield _text(x + BOX / 2, LANES + 46, text, "size")
    for i, (_, _, came, left) in enumerate(flows):
        near, far = BOX + i * (BOX + gap) + 2, (i + 1) * (BOX + gap) - 2
        yield from _arrow(far, near, LANES + 27, came, LANES + 8)
        yield from _arrow(near, far, LANES + 43, left, LANES + 70)


def _arrow(start: float, stop: float, y: float, size: float, text: float) -> Iterator[str]:
    """As thick as its bytes' logarithm."""
    if size < 0.005:
        return
    thick = 1 + 1.2 * log2(1 + size)
    head, back = (5, stop - 5 if stop > start else stop + 5)
    yield f'<path class="arrow" d="M{start:.1f} {y}H{back:.1f}" stroke-width="{thick:.1f}"/>'
    yield f'<path class="head" d="M{stop:.1f} {y}L{back:.1f} {y - head}V{y + head}Z"/>'
    yield _text((start + stop) / 2, text, f"{number(size)} B", "bytes")


def _text(x: float, y: float, text: str, kind: str = "note") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'
