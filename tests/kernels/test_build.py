"""What setup.py asks the compiler, as it is asked in a build."""

import runpy
import sys
import types
from pathlib import Path

import pytest
import setuptools  # first: it brings distutils

# isort: split
from distutils.ccompiler import new_compiler
from distutils.sysconfig import customize_compiler

from kernels import _threads

ROOT = Path(__file__).parents[2]


@pytest.fixture
def links(monkeypatch):
    """links(statement): setup.py's probe for OpenMP, under the flags that are set now; nothing is built."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(setuptools, "setup", lambda **options: None)
    monkeypatch.setitem(sys.modules, "Cython.Build", types.SimpleNamespace(cythonize=lambda *_, **options: []))
    probe = runpy.run_path("setup.py")["links"]

    def run(statement):
        customize_compiler(compiler := new_compiler())
        return probe(compiler, statement, ["-fopenmp"])

    return run


def test_with_flags_that_the_link_needs_as_well(links, monkeypatch):
    """Instrumented objects call functions that only the same flag at the link brings."""
    has_openmp = _threads.build_info()["openmp"] is not None
    assert links("") == has_openmp
    assert not links("no such statement;")
    monkeypatch.setenv("CFLAGS", "--coverage")
    assert links("") == has_openmp
    monkeypatch.delenv("CFLAGS")
    monkeypatch.setenv("LDFLAGS", "-lno_such_library")
    assert not links("")
