"""The machine code of a rung's inner loop, and what it consists of.

Which loop of its function is the inner one? Of the loops that hold no other, the one with the most fused multiply-adds;
then with the most packed arithmetic (compilers keep a scalar loop beside it for the rest, and for arrays that overlap);
then with the most scalar arithmetic; then with the fewest instructions in all (gemm packs b in a loop of its own).
Where that is not the loop that runs, the rung's record says in `which` what tells it from the others:

strided    its operands move on by steps that are not constants: the elements of one are not adjacent
calls f    it calls f
8 sums     it has so many products, since a tile of that many sums is meant
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import kernels
from kernels.ladder import LADDER

from .instructions import Instruction
from .loops import innermost
from .machine_code import ISAS, Function, NoAssembly, disassembled, extension, forms

_DTYPES = {"float32": 4, "float64": 8}
_STEP = re.compile(r"(?:add|sub) (\w+), (-?(?:0x)?[0-9a-f]+)")
_MEMORY = re.compile(r"\[([^\]]+)\]")


@dataclass(frozen=True)
class Loop:
    """An inner loop. Counts are of one turn."""

    symbol: str
    file: str  # the compiled module
    isa: str  # what it was compiled for; the modules beside the leaves are always baseline
    dtype: str
    instructions: tuple[Instruction, ...]

    @cached_property
    def counts(self) -> Counter[str]:
        """Instructions by kind. Arithmetic on an operand in memory counts as arithmetic."""
        return Counter(instruction.kind for instruction in self.instructions)

    @property
    def fma(self) -> int:
        """Fused multiply-adds."""
        return self.counts["fma"]

    @property
    def vector(self) -> int:
        """Packed arithmetic and logic, fused multiply-adds included; loads, stores and shuffles are not."""
        return sum(map(_is_vector, self.instructions))

    @property
    def bits(self) -> int:
        """The widest register; a scalar loop's is as wide as one element."""
        return max(8 * self.itemsize, *(instruction.bits for instruction in self.instructions))

    @property
    def lanes(self) -> int:
        """Elements in the widest register."""
        return self.bits // (8 * self.itemsize)

    @property
    def flops(self) -> int:
        """Additions, multiplications, divisions, roots, minima and maxima; a called function's do not count."""
        return sum(instruction.flops(self.itemsize) for instruction in self.instructions)

    @property
    def elements(self) -> int | None:
        """How many elements further each operand is in the next turn; None if they differ, or are not constants."""
        steps = _steps(self.instructions)
        return steps.pop() // self.itemsize if len(steps) == 1 and None not in steps else None

    @property
    def itemsize(self) -> int:
        return _DTYPES[self.dtype]


def inner_loop(operation: str, rung: str, dtype: str = "float32", isa: str | None = None) -> Loop | None:
    """The inner loop of a rung, as it was compiled; None for one in Python.

    Leaves exist once per instruction set: `isa` is one of ISAS, by default the one in use. Raises NoAssembly where the
    code cannot be read, ValueError for names that do not exist.
    """
    isa = isa or str(kernels.show_config()["instruction set"])
    if dtype not in _DTYPES or isa not in ISAS:
        raise ValueError(f"dtype is one of {', '.join(_DTYPES)} and isa of {', '.join(ISAS)}, not {dtype!r}, {isa!r}")
    record = LADDER[operation][rung]
    if not record.compiled:
        return None
    module, name = record.loop.split(":")
    number = list(_DTYPES).index(dtype)
    found = forms(module, name, number, isa)
    whole = not found  # a function of its own has one type, one that it was put into may hold both
    for other in record.inlined if whole else ():
        found = found or forms(module, other, number, isa)
    path = extension("_simd" if module == "leaf" else module)

    def fits(loop: Sequence[Instruction]) -> bool:
        return _fits(loop, record.which) and (_is(loop, dtype) or not whole)

    return best_loop(path, found, dtype, isa if module == "leaf" else "baseline", fits)


def best_loop(
    path: Path, found: list[Function], dtype: str, isa: str, fits: Callable[[Sequence[Instruction]], bool] = bool
) -> Loop:
    """Of the innermost loops of these functions of a file the one that computes most. NoAssembly if there is none."""
    pairs = [(loop, function) for function in found for loop in innermost(disassembled(path, function)) if fits(loop)]
    if not pairs:
        raise NoAssembly(f"{path.name} shows no inner loop for {dtype}: it was stripped, or inlined elsewhere")
    loop, function = min(pairs, key=lambda pair: _rank(pair[0]))
    return Loop(function.name, path.name, isa, dtype, loop)


def computes(loop: Sequence[Instruction]) -> bool:
    """Is there arithmetic of floating-point numbers in it?"""
    return any(i.kind in ("fma", "scalar float") or (i.kind == "vector" and i.flops(4)) for i in loop)


def _is_vector(instruction: Instruction) -> bool:
    return instruction.packed and instruction.kind in ("fma", "vector")


def _fits(loop: Sequence[Instruction], which: str) -> bool:
    """Has the loop what the record asks for?"""
    if which == "strided":
        return None in (_steps(loop) or {None})
    if which.startswith("calls "):
        name = which.removeprefix("calls ")
        return any(re.fullmatch(rf"\w+ {name}f?\b.*", i.text) for i in loop if i.kind == "call")
    if which.endswith(" sums"):
        products = sum(i.kind == "fma" or i.mnemonic.lstrip("v").startswith("mulp") for i in loop)
        return products == int(which.removesuffix(" sums"))
    return True


def _is(loop: Sequence[Instruction], dtype: str) -> bool:
    """Is this loop for that type, in a function that holds one for each?"""
    single = any(re.search(r"[ps]s$|ss2sd", i.mnemonic) for i in loop if i.kind in ("scalar float", "vector", "fma"))
    return single == (dtype == "float32")


def _rank(loop: Sequence[Instruction]) -> tuple[int, ...]:
    kinds = Counter(instruction.kind for instruction in loop)
    vector = sum(map(_is_vector, loop))
    return -kinds["fma"], -vector, -kinds["scalar float"], len(loop), loop[0].address


def _steps(loop: Sequence[Instruction]) -> set[int | None]:
    """By how many bytes the addresses of floating-point operands move on in one turn; None for what is not a constant
    (x86-64)."""
    moved: dict[str, int | None] = {}
    for instruction in loop:
        if instruction.kind in ("jump", "store", "call") or instruction.mnemonic in ("cmp", "test"):
            continue
        register = instruction.text.partition(" ")[2].split(",")[0]
        constant = _STEP.fullmatch(instruction.text)
        sign = -1 if instruction.mnemonic == "sub" else 1
        moved[register] = sign * int(constant[2], 0) if constant and register not in moved else None
    steps: set[int | None] = set()
    for instruction in loop:
        if re.search(r"mm\d", instruction.text) and (memory := _MEMORY.search(instruction.text)):
            step: int | None = 0
            for term in re.findall(r"[a-z]\w+(?:\*\d)?", memory[1]):
                register, _, scale = term.partition("*")
                by = moved.get(register, 0)
                step = None if step is None or by is None else step + by * int(scale or 1)
            if step != 0:  # what stands still is a constant, or a register's place in memory
                steps.add(step)
    return steps
