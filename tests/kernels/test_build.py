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
def setup(monkeypatch):
    """setup(name): what setup.py calls so, in the environment as it is now; nothing is built."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(setuptools, "setup", lambda **options: None)
    monkeypatch.setitem(sys.modules, "Cython.Build", types.SimpleNamespace(cythonize=lambda *_, **options: []))
    for name in ("KERNELS_DEBUG", "KERNELS_SANITIZE"):
        monkeypatch.delenv(name, raising=False)
    return lambda name: runpy.run_path("setup.py")[name]


@pytest.fixture
def links(setup):
    """links(statement): setup.py's probe for OpenMP, under the flags that are set now."""
    probe = setup("links")

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


@pytest.mark.parametrize("name", ["CC", "CPPFLAGS", "CFLAGS", "LDFLAGS"])
def test_other_flags_have_a_folder_of_their_own(setup, monkeypatch, name):
    """Else nothing would be compiled anew for them."""
    monkeypatch.setenv(name, "-g")
    given = setup("KEPT")
    monkeypatch.setenv(name, "-g0")
    assert setup("KEPT") != given
    monkeypatch.setenv(name, "-g")
    assert setup("KEPT") == given


def test_builds_that_check_themselves_have_folders_of_their_own(setup, monkeypatch):
    """Else the objects of one build would be taken for those of another."""
    folders, flags = [setup("KEPT")], setup("OPTIMIZE")
    assert flags[0] == "-O3" and not setup("CHECKS")
    for name, value in ("DEBUG", "1"), ("SANITIZE", "address,undefined"), ("SANITIZE", "thread"):
        monkeypatch.setenv(f"KERNELS_{name}", value)
        folders.append(setup("KEPT"))
        assert f"-fsanitize={'bounds' if value == '1' else value}" in setup("OPTIMIZE")
        monkeypatch.delenv(f"KERNELS_{name}")
    assert len(set(folders)) == 4
    monkeypatch.setenv("KERNELS_DEBUG", "0")
    assert setup("KEPT") == folders[0] and setup("OPTIMIZE") == flags


@pytest.mark.parametrize(("name", "value"), [("KERNELS_DEBUG", "yes"), ("KERNELS_SANITIZE", "adress")])
def test_a_build_that_there_is_not(setup, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=f"{name} may be .* or .*, but it is '{value}'"):
        setup("KEPT")
