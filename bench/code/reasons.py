"""Why a rung is faster than the rung below: its record's sentence, with numbers from the machine code in use."""

from __future__ import annotations

import contextlib

import kernels
from kernels.ladder import LADDER

from .assembly import Loop, inner_loop
from .bytecode import bytecode
from .machine_code import NoAssembly


class _Facts(dict):
    """The numbers of a sentence; where machine code cannot be read, a word."""

    def __missing__(self, name: str) -> str:
        return {"fused": ""}.get(name, "several")


def reason(operation: str, rung: str, isa: str | None = None) -> str:
    """One sentence for float32 and an instruction set, by default the one in use; empty where the record has none. Of
    the lowest rung it tells what a turn of its loop costs."""
    record = LADDER[operation][rung]
    if not record.reason:
        return ""
    isa = isa or str(kernels.show_config()["instruction set"])
    facts = {"isa": isa, "bytecodes": _bytecodes(operation, rung)}
    with contextlib.suppress(NoAssembly):
        facts |= _numbers(inner_loop(operation, rung, isa=isa))
    return record.reason.format_map(_Facts(facts)) + "."


def _bytecodes(operation: str, rung: str) -> int:
    """Of a turn of this rung's loop, or of that of the highest Python rung below it."""
    names = list(LADDER[operation])
    python = [name for name in names[: names.index(rung) + 1] if not LADDER[operation][name].compiled]
    return len(bytecode(operation, python[-1]).instructions)


def _numbers(loop: Loop | None) -> dict[str, object]:
    return {
        "lanes": loop.lanes,
        "instructions": len(loop.instructions),
        "loads": sum(i.kind == "load" and "mm" in i.text for i in loop.instructions),  # not those of addresses
        "sums": loop.sums,
        "columns": loop.sums * loop.lanes,
        "fused": " fused" if loop.fma else "",
    } if loop else {}  # fmt: skip
