"""`pynn exercise`: lists them; NAME writes the file to mend; NAME --check FILE says whether it is."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

from kernels.cpus import cpu_count
from pynn.cli.checks import UserError, known

from ..measure.workers import WorkerFailed
from ..own.functions import named
from ..own.race import FAILED, Own
from ..own.start import fresh
from ..results.terminal import print_lines
from .checks import CHECKS

FILES = {path.stem: path for path in Path(__file__).with_name("files").iterdir() if path.stem in CHECKS}


def exercise(arguments: argparse.Namespace) -> int:
    """Returns 0, or FAILED where the file is not mended yet. UserError for a name or a file that is not there."""
    name = arguments.name
    if arguments.check is not None and arguments.output is not None:
        raise UserError("--check writes nothing: leave out -o")
    if name is None:
        if (arguments.check or arguments.output) is not None:
            raise UserError("which exercise? Write pynn exercise NAME before the options")
        for each in CHECKS:
            print(f"{each:14} {FILES[each].suffix:5} {_text(each).splitlines()[0].lstrip('# ')}")
        print_lines("", "Get one: pynn exercise NAME. Is it mended? pynn exercise NAME --check FILE")
        print_lines("Those of .pyx need Cython and a C compiler: pip install cython setuptools")
        return 0
    known(name, CHECKS, "exercise")
    if arguments.check is None:
        path = fresh(arguments.output, FILES[name].name, _text(name))
        print_lines(f"{path} is written. Is it mended? pynn exercise {name} --check {path}")
        return 0
    function, check = CHECKS[name]
    (one,) = named([f"{arguments.check}:{function}"], ()).values()
    if not one.is_file:
        raise UserError(f"--check {arguments.check}: give a file like {FILES[name].name}")
    try:
        with closing(Own(name, one, cpu_count())) as worker:
            wrong = worker.call("test", check).value
    except WorkerFailed as error:
        wrong = f"{error}."
    print_lines(f"{name}: {f'not yet. {wrong}' if wrong else 'mended.'}")
    return FAILED if wrong else 0


def _text(name: str) -> str:
    return FILES[name].read_text(encoding="utf-8")
