"""A user's function for `pynn explain`: its source, and if it is compiled its inner loop."""

from __future__ import annotations

import ctypes
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from ..code.assembly import Loop, best_loop
from ..code.machine_code import NoAssembly, functions
from ..code.sources import Source, followed, python_source
from .functions import Named


def sources_of(one: Named, function: Callable) -> list[Source]:
    """A .pyx is shown whole; of other compiled code there is nothing to show."""
    if one.place.endswith(".pyx"):
        return [Source(one.function, one.place, 1, "cython", Path(one.place).read_text().rstrip())]
    return [python_source(each) for each in followed(function)]


def loop_of(one: Named, module: ModuleType, function: Any) -> Loop | str:
    """The loop that computes most, in what the function was compiled to, or in the functions of libraries it calls; or
    why there is none."""
    why = "It is not compiled, or its machine code is not at hand."
    with tempfile.TemporaryDirectory() as folder:
        for path, names in _compiled(one, module, function, Path(folder)):
            try:
                found = [each for each in functions(path) if any(name in each.name for name in names)]
                return best_loop(path, found, "float32", "", lambda loop: loop.computes)
            except NoAssembly as error:
                why = str(error)
    return why


def _compiled(one: Named, module: ModuleType, function: Any, folder: Path) -> Iterator[tuple[Path, set[str]]]:
    """Files of machine code, and what is in the names of functions there that may hold the loop."""
    name = getattr(function, "__name__", one.function)
    if overloads := list(getattr(function, "overloads", {}).values()):  # of Numba, the last one of the types asked for
        library, path = overloads[-1].library, folder / f"{name}.o"
        path.write_bytes(library._codegen._tm.emit_object(library._final_module))
        yield path, {""}
    home = sys.modules.get(getattr(function, "__module__", None) or "", module)  # it may be imported into `module`
    file = Path(getattr(home, "__file__", None) or "")
    if file.suffix == ".so":
        yield file, {name}
        if one.is_file:  # all of a file of the user's, since the loop may be in a function that this one calls
            yield file, {""}
    called = {name, *getattr(getattr(function, "__code__", None), "co_names", ())}
    for value in vars(module).values():
        if isinstance(value, ctypes.CDLL) and Path(value._name).exists():
            yield Path(value._name).resolve(), called
