"""What pynn says where another `kernels` is in the place of its own, and where an extra is missing."""

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

import kernels
import pynn
from pynn.support import extras

ELSEWHERE = "rename or remove it"
INSTALLED = "run `pip uninstall kernels pynn-kernels`, then `pip install .` in the source folder"


def run(how: str, first: Path) -> tuple[int, str]:
    """Exit code and stderr of a Python that looks for packages in the folder `first` before all others."""
    script = first / "bin" / "pynn"
    script.parent.mkdir()
    script.write_text("from pynn.cli.main import main\nraise SystemExit(main())")
    arguments = {"program": ["-c", "import pynn"], "module": ["-m", "pynn", "info"], "command": [script, "info"]}[how]
    packages = Path(pynn.__file__).resolve().parents[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (first, packages)))}
    command = [sys.executable, "-P", *arguments]
    done = subprocess.run(command, cwd=first, env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stderr


@pytest.mark.parametrize("how", ["program", "module", "command"])
@pytest.mark.parametrize(
    ("name", "text", "advice"),
    [
        ("kernels.py", "", ELSEWHERE),
        ("kernels.py", "import pynn\npynn.constant(1)", ELSEWHERE),
        ("kernels/__init__.py", f"__version__ = {pynn.__version__!r}", ELSEWHERE),
        (
            "kernels/__init__.py",
            "__version__ = '0.0.9'  # kernels._load",
            "it is for 0.0.9: remove it, or install both",
        ),
        ("site-packages/kernels/__init__.py", "__version__ = '0.17.2'", INSTALLED),
        ("site-packages/kernels/__init__.py", "import not_installed", INSTALLED),
    ],
)
def test_another_kernels_is_named_in_one_sentence(tmp_path, how, name, text, advice):
    other = tmp_path / name
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_text(text)
    code, err = run(how, tmp_path / Path(name).parts[0] if name.startswith("site") else tmp_path)
    start = "ImportError" if how == "program" else "pynn: error"
    line = err.rstrip().splitlines()[-1]
    assert line.startswith(
        f"{start}: pynn {pynn.__version__} needs the `kernels` that was built with it, which {other} "
    )
    assert advice in line
    assert code == (1 if how == "program" else 2)
    assert how == "program" or err.count("\n") == 1


@pytest.mark.parametrize("how", ["module", "command"])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, INSTALLED),  # a folder without __init__.py, as `pip uninstall kernels` alone leaves it
        ("__version__ = '0.17.2'", INSTALLED),
        ("raise ImportError('no')  # kernels._load", "pynn: error: no\n"),  # what ours says itself stands
    ],
)
def test_another_kernels_in_the_folder_of_pynn(tmp_path, how, text, says):
    source = Path(pynn.__file__).parent
    for path in [*source.glob("*.py"), *source.glob("support/*.py"), *source.glob("cli/*.py")]:
        copy = tmp_path / "pynn" / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "kernels").mkdir()
    if text is None:  # a folder alone is taken only where no package of that name is found: Python stops at this one
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
    assert code == 2 and err.count("\n") == 1
    assert says in err


def test_the_advice_is_what_works(tmp_path, monkeypatch):
    here = Path(extras.__file__).resolve().parents[2]

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
    assert source in extras.install("plot")
    metadata(["METADATA", "RECORD"])
    assert extras.install("plot") == "pip install 'pynn-kernels[plot]'"


def test_the_import_loads_no_heavy_package_that_only_some_programs_need(run_python):
    heavy = "rich", "requests", "pooch", "matplotlib", "h5py", "PIL"
    code = f"import sys, pynn; print([name for name in {heavy} if name in sys.modules])"
    done = run_python(code)
    assert done.stdout == "[]\n", done.stderr
