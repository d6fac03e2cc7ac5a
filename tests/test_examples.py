"""The notebooks in examples/ run from their first cell to the last, as Jupyter reads them, without a kernel; those that
train five epochs on all of MNIST train one."""

from __future__ import annotations

from pathlib import Path

import jupytext
import pytest

from pynn.keras.datasets import mnist

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.md"))

RUN = """
import jupytext
names = {{"__name__": "__main__"}}
cells = [cell.source for cell in jupytext.read({path!r}).cells if cell.cell_type == "code"]
for number, source in enumerate(cells, 1):
    exec(compile(source.replace("epochs=5", "epochs=1"), f"cell {{number}}", "exec"), names)
print("cells run:", len(cells))
"""


@pytest.fixture(scope="module", autouse=True)
def digits():
    """The real ones are in the cache before the examples' clocks start: the first time they are fetched."""
    return mnist.load_data()


def test_all_are_here():
    assert [path.name[:2] for path in EXAMPLES] == ["1_", "2_", "3_", "4_", "5_"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_runs(path, run_python):
    notebook = jupytext.read(path)
    assert notebook.metadata["kernelspec"]["name"] == "python3"  # Jupyter opens it without asking
    written = path.read_text(encoding="utf-8").count("```{code-cell}\n")
    assert written > 10
    done = run_python(RUN.format(path=str(path)), MPLBACKEND="Agg")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"cells run: {written}\n")
