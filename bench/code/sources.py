"""The source of a rung: the definitions that matter, cut out of the files that are installed beside `kernels`."""

from __future__ import annotations

import functools
import inspect
import re
import textwrap
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import kernels
from kernels.ladder import LADDER

_FOLDER = Path(kernels.__file__).parent


@dataclass(frozen=True)
class Source:
    title: str
    path: str  # like 'kernels/elementwise.pyx'
    line: int  # the first
    language: str  # 'python', 'cython' or 'c'
    text: str


def sources(operation: str, rung: str) -> list[Source]:
    """The definitions to read for one rung, the most important first; none of what was compiled elsewhere. ValueError
    for a rung that does not exist, and for a definition that is gone."""
    if rung not in LADDER.get(operation, ()):
        raise ValueError(f"LADDER has no rung {rung!r} of {operation!r}")
    record = LADDER[operation][rung]
    if record.source:
        return [definition(*part.split(":")) for part in record.source]
    return [python_source(function) for function in followed(record.function)]


def followed(function: Callable) -> list[types.FunctionType]:
    """A Python function, then those of its own module that it calls, however deep; not the checks of arguments."""
    waiting, found = [function], []
    while waiting:
        function = waiting.pop(0)
        function = function.func if isinstance(function, functools.partial) else function
        function = getattr(function, "py_func", function)  # what Numba compiles
        if function in found or not inspect.isfunction(function):
            continue
        found.append(function)
        called = (function.__globals__.get(name) for name in function.__code__.co_names)
        waiting += [
            f for f in called if callable(f) and getattr(f, "__module__", "") == function.__module__ and _public(f)
        ]
    return found


def _public(function: Callable) -> bool:
    return not getattr(function, "__name__", "_").startswith("_")


def python_source(function: types.FunctionType) -> Source:
    lines, first = inspect.getsourcelines(function)
    path = Path(inspect.getsourcefile(function))
    if path.is_relative_to(_FOLDER.parent):
        path = path.relative_to(_FOLDER.parent)
    return Source(function.__name__, path.as_posix(), first, "python", "".join(lines).rstrip())


@functools.cache
def definition(file: str, name: str) -> Source:
    """The definition of `name` in a .pyx or .inc file of kernels, from the comment right above it to its end.

    In a .pyx file it is a function, a method or a C variable; in a .inc file a function NAME(name), a macro, or what a
    macro makes of that name. ValueError if there is not just one.
    """
    lines = (_FOLDER / file).read_text().splitlines()
    cython = file.endswith(".pyx")
    start = re.compile(
        rf"\s*(cdef|cpdef|def)\b[^=\n]*\b{name}(\(| =)"
        if cython
        else rf"#define {name}\(|(static|INLINE)\b.*\bNAME\({name}\)\(|[A-Z]+\({name},"
    )
    found = [i for i, line in enumerate(lines) if start.match(line)]
    if len(found) != 1:
        raise ValueError(
            f"kernels/{file} holds {len(found)} definitions of {name}, not one: correct its record in kernels/ladder/"
        )
    first = (_cython_comment if cython else _c_comment)(lines, found[0])
    last = (_cython_end if cython else _c_end)(lines, found[0])
    text = textwrap.dedent("\n".join(lines[first : last + 1]))
    return Source(name, f"kernels/{file}", first + 1, "cython" if cython else "c", text)


def cython_definition(lines: list[str], name: str) -> str:
    """Of a function in the lines of a .pyx file."""
    first = next(i for i, line in enumerate(lines) if line.startswith(f"def {name}("))
    last = first
    while not lines[last].endswith(":"):  # its arguments
        last += 1
    return "\n".join(lines[first : _cython_end(lines, last) + 1])


def _cython_end(lines: list[str], first: int) -> int:
    """The last line that is indented deeper than the definition's first."""
    last, depth = first, len(lines[first]) - len(lines[first].lstrip())
    for i in range(first + 1, len(lines)):
        if lines[i].strip():
            if len(lines[i]) - len(lines[i].lstrip()) <= depth:
                break
            last = i
    return last


def _c_end(lines: list[str], first: int) -> int:
    """A macro ends where its line is not continued, its use with its bracket, a function with the brace in front."""
    last, text = first, lines[first]
    if text.startswith("#define"):
        while lines[last].endswith("\\"):
            last += 1
    elif re.match(r"[A-Z]+\(", text) and not text.startswith("INLINE"):
        while text.count("(") > text.count(")"):
            last += 1
            text += lines[last]
    else:
        while lines[last] != "}":
            last += 1
    return last


def _cython_comment(lines: list[str], first: int) -> int:
    """Where the comment right above begins."""
    while lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return first


def _c_comment(lines: list[str], first: int) -> int:
    if lines[first - 1].endswith("*/"):
        first -= 1
        while not lines[first].startswith("/*"):
            first -= 1
    return first
