"""The folder of the sources, which Python finds first where it is started beside it, and what is installed."""

import shutil
from pathlib import Path

import pytest

import kernels

# numpy first: then sys.path may lose the folder that holds it, which may hold an installed kernels as well
IMPORT = """
import os, sys
import numpy
sys.path[:] = TREES + [p for p in sys.path if not os.path.exists(os.path.join(p, "kernels"))]
import kernels.ladder
assert kernels.dot([[1.0, 2.0]], [[3.0], [4.0]]) == 11
for name, module in sys.modules.items():
    if name.partition(".")[0] == "kernels":
        print(name, os.path.dirname(module.__file__))
"""


@pytest.fixture
def trees(tmp_path):
    """A folder with the sources of kernels, and one that holds the compiled modules as well."""
    here = Path(kernels.__path__[0])
    for path in (*here.iterdir(), *here.joinpath("ladder").iterdir(), *here.joinpath("simd").iterdir()):
        compiled = path.suffix == ".so"
        if compiled or path.suffix in (".py", ".pyi", ".pyx", ".pxd", ".h", ".inc") or path.parent.name == "simd":
            for tree in ("installed",) if compiled else ("source", "installed"):
                target = tmp_path / tree / "kernels" / path.relative_to(here)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    for libraries in here.parent.glob("pynn_kernels.libs"):  # which a wheel for others' machines brings along
        shutil.copytree(libraries, tmp_path / "installed" / libraries.name)
    return tmp_path / "source", tmp_path / "installed"


def error(done):
    assert done.returncode == 1
    return done.stderr.strip().splitlines()[-1]


def test_alone_it_says_how_to_build(run_python, trees):
    source, _ = trees
    line = error(run_python(f"TREES = {[str(source)]}{IMPORT}"))
    assert line.startswith(f"ImportError: kernels is not compiled in {source / 'kernels'}: ")
    assert "`pip install .`" in line and "`make build`" in line


def test_with_the_same_sources_it_is_the_installed_package(run_python, trees):
    source, installed = trees
    done = run_python(f"TREES = {[*map(str, trees)]}{IMPORT}")
    assert done.returncode == 0, done.stderr
    places = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert {name for name, place in places.items() if place == str(source / "kernels")} == {"kernels", "kernels._load"}
    assert places["kernels.ladder"] == str(installed / "kernels" / "ladder")
    assert {places[name] for name in ("kernels.naive", "kernels.cpus", "kernels._threads")} == {
        str(installed / "kernels")
    }


@pytest.mark.parametrize("name", ["naive.py", "rows.pyx", "gemm.pxd", "_openmp.h", "simd/sums.inc", "simd/tables.c"])
def test_with_other_sources_it_says_so(run_python, trees, name):
    source, installed = trees
    with (source / "kernels" / name).open("a") as file:
        file.write("\n")
    line = error(run_python(f"TREES = {[*map(str, trees)]}{IMPORT}"))
    assert line.startswith(f"ImportError: the sources in {source / 'kernels'} are not those of the installed build")
    assert str(installed / "kernels") in line and f"{name} differs" in line
    assert "`pip install .` again" in line and "`make build`" in line
