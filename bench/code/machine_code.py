"""Functions of compiled modules: their symbols, by pyelftools, and their machine code, by capstone."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pynn.support.extras import install

from .instructions import Instruction, instruction

try:
    import capstone
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile
except ImportError:
    capstone = None

ISAS = ("baseline", "avx2", "avx512")  # each leaf exists once in each of their files


class NoAssembly(Exception):
    """The machine code cannot be shown; the message says why, and what would help."""


@dataclass(frozen=True)
class Function:
    name: str
    source: str  # the C file that it was compiled from
    section: int  # of the file, that holds it
    address: int
    size: int


def extension(module: str) -> Path:
    """The file of `kernels.module`."""
    return Path(str(importlib.import_module(f"kernels.{module}").__file__))


def forms(module: str, names: str, number: int, isa: str) -> list[Function]:
    """The compiled forms of a function: of a leaf, or of a Cython function and the type `number` of its fused types;
    usually one, none if it was inlined. names: a pattern of it, and of those that it may have been inlined into. gcc's
    clones count, parts that it expects not to run do not."""
    if module == "leaf":
        path, source, mangled = extension("_simd"), f"{isa}.c", f"({names})_f{32 << number}"
    else:
        path, source = extension(module), f"{module}.c"
        mangled = rf"(__pyx_fuse_{number})?__pyx_f_7kernels_{len(module)}{module}_({names})"
    pattern = re.compile(rf"{mangled}(\.(isra|constprop|part)\.\d+)*")
    return [function for function in functions(path) if function.source == source and pattern.fullmatch(function.name)]


@cache
def functions(path: Path) -> tuple[Function, ...]:
    """NoAssembly for a file that is no ELF file, and for one that was stripped."""
    with _open(path) as file:
        symbols = _section(file, ".symtab", ".dynsym")
        found = tuple(_functions(symbols.iter_symbols()) if symbols else ())
    if not found:
        raise NoAssembly(f"{path.name} holds no symbols (it was stripped): build it again to see its code")
    return found


def _functions(symbols: Iterator) -> Iterator[Function]:
    source = ""
    for symbol in symbols:
        if symbol["st_info"]["type"] == "STT_FILE":  # what follows it is that file's
            source = symbol.name
        elif symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_size"] and symbol["st_shndx"] != "SHN_UNDEF":
            yield Function(symbol.name, source, symbol["st_shndx"], symbol["st_value"], symbol["st_size"])


@cache
def disassembled(path: Path, function: Function) -> tuple[Instruction, ...]:
    with _open(path) as file:
        machine = file["e_machine"]
        section = file.get_section(function.section)
        start = function.address - section["sh_addr"]  # of an object file, that is not linked yet, 0
        code = section.data()[start : start + function.size]
        names = {other.address: other.name for other in functions(path)} | _imported(file)
    return tuple(decoded(code, function.address, machine, names))


def _imported(file: Any) -> dict[int, str]:
    """Where calls of other libraries' functions go first (the procedure linkage table), and the functions' names."""
    table, relocations = (_section(file, *names) for names in ((".plt.sec", ".plt"), (".rela.plt",)))
    if not table or not relocations:
        return {}
    symbols, entries = file.get_section(relocations["sh_link"]), list(relocations.iter_relocations())
    first = table["sh_addr"] + table["sh_size"] - 16 * len(entries)
    return {first + 16 * i: symbols.get_symbol(entry["r_info_sym"]).name for i, entry in enumerate(entries)}


def _section(file: Any, *names: str) -> Any:
    """The first that the file has."""
    return next(filter(None, map(file.get_section_by_name, names)), None)


def decoded(code: bytes, address: int, machine: str, names: Mapping[int, str] = {}) -> Iterator[Instruction]:
    """machine: ELF's name of it, "EM_X86_64" or "EM_AARCH64"; names: of functions, by address."""
    modes = {
        "EM_X86_64": (capstone.CS_ARCH_X86, capstone.CS_MODE_64),
        "EM_AARCH64": (capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM),
    }
    if machine not in modes:
        raise NoAssembly(f"instructions of {machine.removeprefix('EM_')} are not read here")
    decoder = capstone.Cs(*modes[machine])
    decoder.skipdata = True  # what is no instruction does not end the function
    for at, _, name, operands in decoder.disasm_lite(code, address):
        yield instruction(at, name, operands, machine == "EM_AARCH64", names)


def _open(path: Path) -> ELFFile:
    if capstone is None:
        raise NoAssembly(f"machine code is shown with the extra `bench`: {install('bench')}")
    try:
        return ELFFile.load_from_path(str(path))
    except ELFError:
        raise NoAssembly(f"{path.name} is not an ELF file: machine code is shown on Linux only") from None
