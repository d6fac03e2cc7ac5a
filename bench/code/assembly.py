"""The machine code of a rung's inner loop, and what it consists of.

Which loop of its function is the inner one? Of the loops that hold no other, the one with the most fused multiply-adds;
then with the most packed arithmetic (compilers keep a scalar loop beside it for the rest, and for arrays that overlap);
then with the most scalar arithmetic; then with the fewest instructions in all. Where that is not the loop that runs,
the rung's record says what tells it from the others: how many sums it has, or that its operands are strided.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import kernels
from kernels.ladder import LADDER

from .instructions import Instruction
from .loops import innermost
from .machine_code import ISAS, Function, NoAssembly, disassembled, extension, forms

_DTYPES = {"float32": 4, "float64": 8}


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
        return sum(i.packed and i.kind in ("fma", "vector") for i in self.instructions)

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
    def computes(self) -> bool:
        """Is there arithmetic of floating-point numbers in it? Comparisons count, too."""
        return self.flops + self.counts["scalar float"] > 0

    @property
    def sums(self) -> int:
        """Registers that take a multiply-add each."""
        return self.flops // (2 * self.lanes)

    @property
    def strided(self) -> bool:
        """Does it add steps to its addresses that are no constants? Then an operand's elements are not adjacent."""
        return any(re.fullmatch(r"add (\w+, )+[a-z]\w+", i.text) for i in self.instructions)

    @property
    def single(self) -> bool:
        """Does it compute in float32? A function into which loops were inlined holds one for each type (x86-64)."""
        kinds = ("scalar float", "vector", "fma")
        return any(re.search(r"[ps]s$|ss2sd", i.mnemonic) for i in self.instructions if i.kind in kinds)

    @property
    def itemsize(self) -> int:
        return _DTYPES[self.dtype]

    @property
    def work(self) -> tuple[int, ...]:
        """The inner one of a function's loops has the most."""
        arithmetic = self.fma, self.vector, self.counts["scalar float"]
        return (*arithmetic, -len(self.instructions), -self.instructions[0].address)


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
    module, names = record.loop.split(":")

    def fits(loop: Loop) -> bool:
        one_type = module == "leaf" or loop.symbol.startswith("__pyx_fuse")
        meant = record.sums in (0, loop.sums) and loop.strided >= record.strided
        return meant and (one_type or loop.single == (dtype == "float32"))

    found = forms(module, names, list(_DTYPES).index(dtype), isa)
    path, isa = (extension("_simd"), isa) if module == "leaf" else (extension(module), "baseline")
    return best_loop(path, found, dtype, isa, fits)


def best_loop(
    path: Path, found: Iterable[Function], dtype: str, isa: str, fits: Callable[[Loop], bool] = bool
) -> Loop:  # fmt: skip
    """Of the innermost loops of these functions of a file the one that computes most. NoAssembly if there is none."""
    loops = (
        Loop(function.name, path.name, isa, dtype, loop)
        for function in found
        for loop in innermost(disassembled(path, function))
    )
    if best := max(filter(fits, loops), key=lambda loop: loop.work, default=None):
        return best
    raise NoAssembly(f"{path.name} shows no inner loop for {dtype}: it was stripped, or inlined elsewhere")
