"""A user's function for `pynn explain`: its source, and if it is compiled its inner loop."""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ..code.assembly import Loop, best_loop, computes
from ..code.machine_code import Function as Code
from ..code.machine_code import NoAssembly, functions
from ..code.sources import Source, followed, python_source
from .functions import Named


@dataclass(frozen=True)
class Shown:
    sources: list[Source]
    loop: Loop | str  # or why there is none


def shown(one: Named, module: ModuleType, function: Callable, machine_code: bool) -> Shown:
    return Shown(_sources(one, function), _loop(module, function) if machine_code else "")


def _sources(one: Named, function: Callable) -> list[Source]:
    """A .pyx is shown whole; of other compiled code there is nothing to show."""
    if one.place.endswith(".pyx"):
        return [Source(one.function, one.place, 1, "cython", Path(one.place).read_text().rstrip())]
    return [python_source(each) for each in followed(function)]


def _loop(module: ModuleType, function: Any) -> Loop | str:
    """The one that computes most, in what the function was compiled to, or in the functions of libraries it calls."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            for path, found in _compiled(module, function, Path(folder)):
                return best_loop(path, found, "float32", "", computes)
    except NoAssembly as error:
        return str(error)
    return "It is not compiled, or its machine code is not at hand."


def _compiled(module: ModuleType, function: Any, folder: Path) -> Iterator[tuple[Path, list[Code]]]:
    """Files of machine code, and the functions in them that may hold the loop."""
    if overloads := list(getattr(function, "overloads", {}).values()):  # of Numba, the last one of the types asked for
        library = overloads[-1].library
        path = folder / f"{function.__name__}.o"
        path.write_bytes(library._codegen._tm.emit_object(library._final_module))
        yield path, list(functions(path))
    file = Path(getattr(module, "__file__", None) or "")
    if file.suffix == ".so":
        yield file, list(functions(file))
    names = {getattr(function, "__name__", ""), *getattr(getattr(function, "__code__", None), "co_names", ())}
    for value in vars(module).values():
        if isinstance(value, ctypes.CDLL) and Path(value._name).exists():
            path = Path(value._name).resolve()
            yield path, [each for each in functions(path) if each.name in names]
