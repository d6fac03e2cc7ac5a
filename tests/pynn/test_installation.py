"""What pynn says where another `kernels` is in the place of its own, and where an extra is missing."""

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

import kernels
import pynn
from pynn import _extras

RUNS = {
    "program": ["-c", "import pynn"],
    "module": ["-m", "pynn", "info"],
    "command": ["-c", "import sys; sys.argv = ['/bin/pynn', 'info']; from pynn.cli import main"],
}


def run(how: str, first: Path) -> tuple[int, str]:
    """Exit code and stderr of a Python that looks for packages in the folder `first` before all others."""
    packages = Path(pynn.__file__).resolve().parents[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (first, packages)))}
    command = [sys.executable, "-P", *RUNS[how]]
    done = subprocess.run(command, cwd=first, env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stderr


@pytest.mark.parametrize("how", RUNS)
@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("kernels.py", "", "is something else: rename or remove it"),
        ("kernels.py", "import pynn\npynn.constant(1)", "is something else: rename or remove it"),
        ("kernels/__init__.py", "__version__ = '0.1.0'", "is something else"),
        ("kernels/__init__.py", "__version__, show_config = '0.0.9', None", "was built for version 0.0.9"),
    ],
)
def test_another_kernels_is_named_in_one_sentence(tmp_path, how, name, text, says):
    other = tmp_path / name
    other.parent.mkdir(exist_ok=True)
    other.write_text(text)
    code, err = run(how, tmp_path)
    prefix = "ImportError" if how == "program" else "pynn: error"
    line = err.rstrip().splitlines()[-1]
    assert line.startswith(f"{prefix}: pynn {pynn.__version__} needs its own `kernels`, and {other} {says}")
    assert code == (1 if how == "program" else 2)
    assert how == "program" or err.count("\n") == 1


@pytest.mark.parametrize("how", RUNS)
@pytest.mark.parametrize("text", [None, "__version__ = '0.17.2'"], ids=["folder without files", "overwritten"])
def test_another_kernels_in_the_folder_of_pynn(tmp_path, how, text):
    for path in Path(pynn.__file__).parent.glob("*.py"):  # all that is imported before kernels is missed
        (tmp_path / "pynn").mkdir(exist_ok=True)
        (tmp_path / "pynn" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "kernels").mkdir()
    if text is None:  # a folder alone is taken only where there is no package of that name: Python stops at this one
        (tmp_path / "sitecustomize.py").write_text(
            "import importlib.machinery as m, sys\n"
            "spec = m.ModuleSpec('kernels', None)\n"
            f"spec.submodule_search_locations = [{str(tmp_path / 'kernels')!r}]\n"
            "class Finder:\n"
            "    @staticmethod\n"
            "    def find_spec(name, path, target=None): return spec if name == 'kernels' else None\n"
            "sys.meta_path.insert(0, Finder)\n"
        )
    else:
        (tmp_path / "kernels" / "__init__.py").write_text(text)
    code, err = run(how, tmp_path)
    assert str(tmp_path / "kernels") in err and "is another project's, or left by one: `pip uninstall kernels`" in err
    assert code == (1 if how == "program" else 2)


def test_the_advice_is_what_works(tmp_path, monkeypatch):
    here = Path(_extras.__file__).resolve().parents[1]

    def metadata(files):
        folder = tmp_path / f"pynn_kernels-{kernels.__version__}.dist-info"
        folder.mkdir(exist_ok=True)
        for name in files:
            (folder / name).write_text("x")
        found = [importlib.metadata.Distribution.at(folder)]
        monkeypatch.setattr(importlib.metadata, "distributions", lambda name: found)

    metadata(["METADATA"])  # as a source folder holds them
    in_source = (here / "pyproject.toml").exists()
    source = f"{here}[plot]" if in_source else "pynn-kernels[plot]"
    assert source in _extras.install("plot")
    metadata(["METADATA", "RECORD"])
    assert _extras.install("plot") == "pip install 'pynn-kernels[plot]'"
