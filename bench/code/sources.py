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
# Definitions of NAMED, to be compiled with _FLAGS
_FLAGS = re.MULTILINE | re.VERBOSE
_CYTHON = r"""
    ^(?:\ *\#.*\n)*                                          # the comment above
    ^(\ *)(?:cdef|cpdef|def)\b[^=\n]*\bNAMED(?:\(|\ =).*     # a function, a method or a variable
    (?:\n+\1(?:\ +|\)).*)*                                   # what is indented deeper, and blank lines in between
"""
_C = r"""
    ^(?:/\*(?:(?!\*/)[\s\S])*\*/\n)?                         # the comment above
    (?:
        \#define\ NAMED\((?:.*\\\n)*.*                       # a macro, while its lines are continued
    |   (?:static|INLINE)\b.*\bNAME\(NAMED\)\((?:.*\n)*?\}$ # a function, up to the brace in front
    |   [A-Z]+\(NAMED,.*(?:\n\ +.*)*                          # what a macro makes, with what is indented
    )
"""


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
    path = Path(inspect.getsourcefile(function) or "")
    if path.is_relative_to(_FOLDER.parent):
        path = path.relative_to(_FOLDER.parent)
    return Source(function.__name__, path.as_posix(), first, "python", "".join(lines).rstrip())


@functools.cache
def definition(file: str, name: str) -> Source:
    """The definition of `name` in a .pyx or .inc file of kernels, from the comment right above it to its end.

    In a .pyx file it is a function, a method or a C variable; in a .inc file a function NAME(name), a macro, or what a
    macro makes of that name. ValueError if there is not just one.
    """
    text, language = (_FOLDER / file).read_text(), "cython" if file.endswith(".pyx") else "c"
    found = definitions(text, name, language)
    if len(found) != 1:
        raise ValueError(
            f"kernels/{file} holds {len(found)} definitions of {name}, not one: correct its record in kernels/ladder/"
        )
    line = text.count("\n", 0, found[0].start()) + 1
    return Source(name, f"kernels/{file}", line, language, textwrap.dedent(found[0][0]))


def definitions(text: str, name: str, language: str) -> list[re.Match[str]]:
    """Where the text defines it."""
    pattern = {"cython": _CYTHON, "c": _C}[language].replace("NAMED", name)
    return list(re.finditer(pattern, text, _FLAGS))
