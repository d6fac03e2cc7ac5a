"""Functions of the installed extension modules: their symbols and machine code, as objdump (binutils) prints them."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .instructions import Instruction, parse

ISAS = ("baseline", "avx2", "avx512")  # each leaf exists once in each of their files

_SYMBOL = re.compile(r"^([0-9a-f]+) [lgu].....(.) (\S+)\t([0-9a-f]+)\s+(?:\.hidden )?(\S+)$")


class NoAssembly(Exception):
    """The machine code cannot be shown; the message says why, and what would help."""


@dataclass(frozen=True)
class Symbol:
    name: str
    source: str  # the C file it was compiled from
    address: int
    size: int


def extension(module: str) -> Path:
    """The file of `kernels.module`. NoAssembly where it is not of the kind that is read here."""
    path = Path(importlib.import_module(f"kernels.{module}").__file__)
    with path.open("rb") as file:
        if file.read(4) != b"\x7fELF":
            raise NoAssembly(f"{path.name} is not an ELF file: assembly is shown on Linux only")
    return path


def function(module: str, name: str, number: int, isa: str) -> list[Symbol]:
    """The compiled forms of a function: of a leaf `name`, or of a Cython function and the type `number` of its fused
    types; usually one, none if it was inlined. gcc's clones count, parts that it expects not to run do not."""
    if module == "leaf":
        path, source, mangled = extension("_simd"), f"{isa}.c", f"{name}_f{32 << number}"
    else:
        path, source = extension(module), f"{module}.c"
        mangled = rf"(__pyx_fuse_{number})?__pyx_f_7kernels_{len(module)}{module}_{name}"
    pattern = re.compile(rf"{mangled}(\.(isra|constprop|part)\.\d+)*")
    return [symbol for symbol in symbols(path) if symbol.source == source and pattern.fullmatch(symbol.name)]


@cache
def symbols(path: Path) -> tuple[Symbol, ...]:
    """The functions of a file; each follows the name of the C file that it was compiled from."""
    found = tuple(_symbols(_objdump("--syms", str(path))))
    if not found:
        raise NoAssembly(f"{path.name} holds no local symbols (it was stripped): build kernels again to see its code")
    return found


def _symbols(listing: str) -> Iterator[Symbol]:
    source = ""
    for line in listing.splitlines():
        if not (match := _SYMBOL.match(line)):
            continue
        address, kind, _, size, name = match.groups()
        if kind == "f":
            source = name
        elif kind == "F":
            yield Symbol(name, source, int(address, 16), int(size, 16))


@cache
def disassembled(path: Path, symbol: Symbol) -> tuple[Instruction, ...]:
    stop = symbol.address + symbol.size
    syntax = ("-M", "intel") if os.uname().machine == "x86_64" else ()
    part = (f"--start-address={symbol.address:#x}", f"--stop-address={stop:#x}")
    return tuple(parse(_objdump("--disassemble", *syntax, "--no-show-raw-insn", "--section=.text", *part, str(path))))


def _objdump(*arguments: str) -> str:
    if not (objdump := shutil.which("objdump")):
        raise NoAssembly("objdump was not found: install binutils (apt install binutils) to see machine code")
    done = subprocess.run([objdump, *arguments], capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    if done.returncode:
        raise NoAssembly(f"objdump failed: {done.stderr.strip()}")
    return done.stdout
