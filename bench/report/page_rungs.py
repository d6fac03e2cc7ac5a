"""What the page says of each rung: why it is faster, the gain that was measured, its source and its machine code."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from kernels.ladder import LADDER

from ..code.assembly import Loop, inner_loop
from ..code.bytecode import Bytecode, bytecode
from ..code.machine_code import NoAssembly
from ..code.reasons import reason
from ..code.sources import sources
from ..results.statistics import Ratio, three_digits
from ..results.store import Measurement


def rungs(operation: str, measurements: list[Measurement]) -> list[dict[str, Any]]:
    """Of the installed ladder, lowest first."""
    return [
        {
            "name": name,
            "below": below,
            "idea": LADDER[operation][name].idea,
            "reason": reason(operation, name),
            "gains": gains(measurements, name, below),
            "sources": sources(operation, name),
            "loop": _loop(operation, name),
        }
        for below, name in pairwise([None, *LADDER.get(operation, ())])
    ]


def gains(measurements: list[Measurement], rung: str, below: str | None) -> dict[str, Ratio | None]:
    """How many times as fast as the rung below, for each case that has both; None where one cannot tell."""
    found = {m.label: m.faster(rung, below) for m in measurements if below}
    return {label: None if ratio.unknown else ratio for label, ratio in found.items() if ratio}


def summary(found: dict[str, Ratio | None], below: str | None) -> str:
    """From the least gain to the most."""
    ratios = sorted((ratio for ratio in found.values() if ratio), key=lambda ratio: ratio.value)
    if not ratios:
        return "cannot tell" if found else "not measured"
    texts = list(dict.fromkeys(map(number, (ratios[0], ratios[-1]))))
    return f"tie with {below}" if texts == ["tie"] else f"{' to '.join(texts)} times {below}"


def number(ratio: Ratio) -> str:
    return "tie" if ratio.tie else three_digits(ratio.value)


def _loop(operation: str, rung: str) -> Loop | Bytecode | str:
    """Or why it is not known."""
    try:
        return inner_loop(operation, rung) or bytecode(operation, rung)
    except NoAssembly as error:
        return str(error)
