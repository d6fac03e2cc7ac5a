"""Python's bytecode for the inner loop of a rung in Python: what the interpreter goes through for one element."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType

from kernels.ladder import LADDER

from .sources import followed


@dataclass(frozen=True)
class Bytecode:
    function: str
    instructions: tuple[str, ...]  # one turn; what they call (NumPy, math) is not counted


def bytecode(operation: str, rung: str = "naive") -> Bytecode:
    """The most deeply nested loop of the rung, through the functions that it calls; of equals the longest. Without a
    loop all of its function."""
    functions = followed(LADDER[operation][rung].function)
    loops = _loops(functions[0], {function.__name__: function for function in functions}, 0)
    whole = tuple(f"{i.opname} {i.argrepr}".rstrip() for i in dis.get_instructions(functions[0]))
    *_, loop = max(loops, key=lambda found: found[:2], default=(Bytecode(functions[0].__name__, whole),))
    return loop


def _loops(function: FunctionType, others: dict[str, FunctionType], depth: int) -> Iterator[tuple[int, int, Bytecode]]:
    """Nesting, length and code of each loop that holds no other."""
    code = list(dis.get_instructions(function))
    ends: dict[int, int] = {}  # of each loop, by its start
    for instruction in code:
        if "JUMP_BACKWARD" in instruction.opname:
            ends[instruction.argval] = instruction.offset
    for start, end in ends.items():
        if not any(start < other <= end for other in ends):
            turn = tuple(f"{i.opname} {i.argrepr}".rstrip() for i in code if start <= i.offset <= end)
            nesting = depth + sum(a <= start <= b for a, b in ends.items())
            yield nesting, len(turn), Bytecode(function.__name__, turn)
    for instruction in code:
        if instruction.opname == "LOAD_GLOBAL" and instruction.argval in others:
            nesting = depth + sum(a <= instruction.offset <= b for a, b in ends.items())
            yield from _loops(others[instruction.argval], others, nesting)
