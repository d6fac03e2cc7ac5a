"""`pynn new-rung`: a file to start from, which works at once: the naive loops, or typed ones in Cython."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from textwrap import fill

from kernels.ladder import LADDER
from pynn.cli.checks import UserError, known, one_line

from ..code.sources import definitions, followed
from ..measure.operations import OPERATIONS
from .trials import trials

CONTRACT = """\
{formula}
#
# - The arrays are of float32. Any may be empty or have one element, and at some
#   sizes one is a view (x.T), whose rows do not lie one after another.
# - {result}
# - NaN is not lost: whatever depends on one is NaN.
#
# It is checked against NumPy in float64 at {trials} small shapes, then at each size
# that is timed. To race it against the ladder, and to see it beside the rungs:
#
#   pynn bench --quick --only {operation} --rung {file}:{name}
#   pynn explain {operation} --rung {file}:{name} --assembly
"""
RETURNS = "The result is new, of float32, too; what is given stays as it is."
CHANGES = "{written} are changed in place; nothing is returned."
DIRECTIVES = """
# distutils: extra_compile_args = -O3
# cython: boundscheck=False, wraparound=False, cdivision=True
"""


def new_rung(arguments: argparse.Namespace) -> int:
    """Writes the file; returns 0. UserError for an operation that is not there, and for a file that is."""
    operation = arguments.operation
    known(operation, LADDER, "operation")
    name = f"my_{operation}{'.pyx' if arguments.cython else '.py'}"
    file = Path(arguments.output or name).name
    path = fresh(arguments.output, name, start(operation, file, arguments.cython))
    print(f"{one_line(str(path))} is written; what to do with it stands in its first lines.")
    return 0


def fresh(output: str | None, name: str, text: str) -> Path:
    """The file, written; it is called `name` if no other is asked for. UserError for one that is no module of that
    suffix, is there already, or cannot be written."""
    path = Path(output or name)
    if path.suffix != Path(name).suffix or not path.stem.isidentifier():
        raise UserError(f"-o {path}: give a name like {name}")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(f"{path} is there already: remove it, or choose another name with -o") from None
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from None
    return path


def start(operation: str, file: str, cython: bool) -> str:
    """The file's text: the contract, then the function."""
    name, naive = f"my_{operation}", LADDER[operation]["naive"].function
    formula = " ".join((inspect.getdoc(naive) or "").partition(" ValueError")[0].split())
    written = " and ".join(list(inspect.signature(naive).parameters)[: OPERATIONS[operation].written])
    contract = CONTRACT.format(
        operation=operation, file=file, name=name, trials=len(trials(operation)),
        formula=fill(formula, 80, initial_indent=f"# {name}: ", subsequent_indent="#   "),
        result=CHANGES.format(written=written) if written else RETURNS,
    )  # fmt: skip
    return contract + (_cython(operation, name) if cython else _python(naive, name))


def _python(naive: Callable, name: str) -> str:
    """The naive function and those that it calls, without docstrings and checks of arguments."""
    main, *others = followed(naive)
    parts = []
    for function in (main, *others):
        lines, _ = inspect.getsourcelines(function)
        for node in reversed(ast.parse("".join(lines)).body[0].body):  # type: ignore[attr-defined]
            called = getattr(getattr(getattr(node, "value", None), "func", None), "id", "")
            if isinstance(node, ast.Expr) and (isinstance(node.value, ast.Constant) or called == "_require"):
                del lines[node.lineno - 1 : node.end_lineno]
        parts.append("".join(lines))
    text = "\n\n".join(parts).replace(f"{main.__name__}(", f"{name}(").replace("naive_", "")
    modules = {"math": "import math\n", "np": "import numpy as np\n"}
    imports = [line for name, line in modules.items() if re.search(rf"\b{name}\.", text)]
    return "\n" + "\n".join(imports) + "\n\n" + text


def _cython(operation: str, name: str) -> str:
    whole = Path(__file__).with_name("starts.pyx").read_text(encoding="utf-8")
    text = definitions(whole, operation, "cython")[0][0]
    imports = [line for line in whole.splitlines() if "import " in line and re.search(rf"\b{line.split()[-1]}\b", text)]
    return DIRECTIVES + "\n".join(imports) + "\n\n\n" + text.replace(f"def {operation}(", f"def {name}(") + "\n"
