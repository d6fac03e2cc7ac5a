"""How --rung names a function, and how the function's own process loads it."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from operator import attrgetter
from pathlib import Path
from types import ModuleType

import numpy as np

from pynn.cli.checks import UserError, one_line

SUFFIXES = (".py", ".pyx", ".so")
BUILD = """
import sys
from Cython.Build import cythonize
from setuptools import Extension, setup
name, source, folder = sys.argv[1:]
modules = cythonize([Extension(name, [source])], build_dir=".", language_level=3, force=True)
setup(ext_modules=modules, script_args=["build_ext", "--build-lib", folder, "--build-temp", "."])
"""


@dataclass(frozen=True)
class Named:
    """`my_dot.py:my_dot` or `package.module:my_dot`. Without a function it is the one that is called as the file."""

    text: str

    @property
    def place(self) -> str:
        return self.text.rpartition(":")[0] or self.text

    @property
    def function(self) -> str:
        return self.text.rpartition(":")[2] if ":" in self.text else Path(self.text).name.partition(".")[0]

    @property
    def is_file(self) -> bool:
        return self.place.endswith(SUFFIXES) or os.sep in self.place

    @property
    def module(self) -> str:
        return Path(self.place).name.partition(".")[0] if self.is_file else self.place


def named(texts: Iterable[str], taken: Iterable[str]) -> dict[str, Named]:
    """Those of --rung by the names that tables show: the function's, with its module's where that is taken. UserError
    for what names no function, a file that is not there, and a function given twice."""
    found: dict[str, Named] = {}
    for text in texts:
        one = Named(text)
        wrong = ""
        if one.is_file and not (one.place.endswith(SUFFIXES) and Path(one.place).is_file()):
            wrong = f"there is no file {one.place}"
        elif not (text.isprintable() and all(part.isidentifier() for part in one.function.split("."))):
            wrong = "that names no function"
        if wrong:
            raise UserError(one_line(f"{text}: {wrong}"), "write FILE.py:FUNCTION or MODULE:FUNCTION")
        names = one.function, f"{one.module}.{one.function}"
        free = [name for name in names if name not in {*found, *taken}]
        if not free:
            raise UserError(f"{text}: the name {names[1]} is taken; give the function another name")
        found[free[0]] = one
    return found


def load(one: Named) -> tuple[ModuleType, Callable]:
    """The module and the function in it. Whatever the module raises; ImportError for what is not there or not built."""
    sys.path.append(str(Path(one.place).resolve().parent) if one.is_file else os.getcwd())  # for what stands beside it
    module = _of_file(Path(one.place).resolve()) if one.is_file else importlib.import_module(one.place)
    try:
        function = attrgetter(one.function)(module)
    except AttributeError:
        there = ", ".join(name for name, value in vars(module).items() if callable(value) and name[0] != "_")
        raise ImportError(f"{one.place} has no {one.function}; it has: {there or 'no function'}") from None
    if not callable(function):
        raise ImportError(f"{one.function} of {one.place} is not a function")
    return module, function


def _of_file(path: Path) -> ModuleType:
    name = path.name.partition(".")[0]
    if name in sys.modules:  # a file called as a module that is in use hides nothing
        name = f"own.{name}"
    spec = spec_from_file_location(name, built(path) if path.suffix == ".pyx" else path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no module of Python")
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def built(path: Path) -> Path:
    """The extension module of a .pyx, beside it, compiled if need be. ImportError says why not.

    Options stand in its first lines: `# distutils: extra_compile_args = -march=native`.
    """
    extension = path.with_name(path.stem + str(sysconfig.get_config_var("EXT_SUFFIX")))
    if extension.exists() and extension.stat().st_mtime >= path.stat().st_mtime:
        return extension
    if missing := [name for name in ("Cython", "setuptools") if find_spec(name) is None]:
        raise ImportError(f"a .pyx is compiled with {missing[0]}: pip install {missing[0].lower()}")
    flags = f"{os.environ.get('CFLAGS', '-O3')} -I{np.get_include()}"  # CFLAGS replace Python's own
    with tempfile.TemporaryDirectory() as folder:  # setuptools would read a pyproject.toml in that of the file
        command = [sys.executable, "-P", "-c", BUILD, path.stem, str(path.resolve()), str(path.resolve().parent)]
        done = subprocess.run(command, cwd=folder, env=os.environ | {"CFLAGS": flags}, capture_output=True, text=True)
    if done.returncode:
        said = [line.strip() for line in (done.stdout + "\n" + done.stderr).splitlines() if line.strip()]
        place = re.compile(rf"{re.escape(path.name)}:\d+:\d+: .*")
        wrong = [found[0] for line in said if (found := place.search(line))]
        wrong += [line for line in said if "error:" in line.lower()]
        raise ImportError(f"{path.name} is not compiled: {(wrong or said or ['it said nothing'])[0]}")
    return extension
