"""The rungs of one operation as HTML: source beside machine code, why it is faster, and the gain that was measured."""

from __future__ import annotations

from html import escape

from kernels.ladder import LADDER

from ..code.assembly import inner_loop
from ..code.bytecode import bytecode
from ..code.machine_code import NoAssembly
from ..code.reasons import reason
from ..code.sources import sources
from ..results.statistics import Ratio, three_digits
from ..results.store import Measurement
from . import listing

Gain = tuple[str, Ratio | None]  # a case, and how many times as fast as the rung below; None where too noisy


def rungs(operation: str, measurements: list[Measurement], name: str) -> str:
    """A closed part of the page for each rung of the installed ladder; `name` begins their ids."""
    if operation not in LADDER:
        return f"<p class=missing>The installed kernels have no ladder of {escape(operation)}.</p>"
    below, parts = None, []
    for rung in LADDER[operation]:
        parts.append(_rung(operation, rung, below, gains(measurements, rung, below), f"{name}-{rung}"))
        below = rung
    return f"<div class=rungs>\n{chr(10).join(parts)}\n</div>"


def gains(measurements: list[Measurement], rung: str, below: str | None) -> list[Gain]:
    """Of each case that has both rungs."""
    found: list[Gain] = []
    for m in measurements:
        if below and (ratio := m.faster(rung, below)):
            found.append((m.label, ratio if m.usable(ratio) else None))
    return found


def summary(found: list[Gain], below: str) -> str:
    """From the least gain to the most."""
    if not found:
        return "not measured"
    ratios = sorted((ratio for _, ratio in found if ratio), key=lambda ratio: ratio.value)
    if not ratios:
        return "too noisy to say"
    texts = list(dict.fromkeys(str(ratio) for ratio in (ratios[0], ratios[-1])))
    return f"tie with {below}" if texts == ["tie"] else f"{' to '.join(texts)} times {below}"


def measured(found: list[Gain], below: str) -> str:
    """The gain in each case, with its quartiles."""
    items = []
    for label, ratio in found:
        gain = "too noisy" if ratio is None else str(ratio)
        quartiles = f"{three_digits(ratio.low)} to {three_digits(ratio.high)}" if ratio else ""
        items.append(f"<li><b>{gain}</b> <span>{quartiles}</span> {escape(label)}")
    return (
        f"<p class=measured>Times as fast as {escape(below)}, with quartiles:</p>\n"
        f"<ul class=gains>\n{chr(10).join(items)}\n</ul>\n"
    )


def _rung(operation: str, rung: str, below: str | None, found: list[Gain], name: str) -> str:
    gain = f"<span class=gain>{escape(summary(found, below))}</span>" if below else ""
    head = (
        f"<span class=name>{escape(rung)}</span> <span class=idea>{escape(LADDER[operation][rung].idea)}</span> {gain}"
    )
    each = measured(found, below) if below and found else ""
    return f"""<details class=rung id="{escape(name)}">
<summary>{head}<span class=why>{escape(reason(operation, rung))}</span></summary>
{each}<div class=code>
<div>{_sources(operation, rung)}</div>
<div>{_loop(operation, rung)}</div>
</div></details>"""


def _sources(operation: str, rung: str) -> str:
    if not (found := sources(operation, rung)):
        return "<p class=missing>Its source is not at hand.</p>"
    first, *more = found
    return listing.source(first) + "".join(map(listing.folded, more))


def _loop(operation: str, rung: str) -> str:
    try:
        loop = inner_loop(operation, rung)
    except NoAssembly as error:
        return f"<p class=missing>{escape(str(error))}</p>"
    return listing.assembly(loop) if loop else listing.bytecode(bytecode(operation, rung))
