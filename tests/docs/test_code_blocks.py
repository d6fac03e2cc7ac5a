"""Every code block of every page runs, and what the prose names is there.

The notebooks' cells run in tests/test_examples.py, the worked examples of docs/contributing in test_contributing.py.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import blocks
import commands

from pynn.keras.datasets import mnist

ROOT = commands.ROOT
PAGES = {
    str(path.relative_to(ROOT)): path
    for pattern in ("*.md", "docs/*.md", "docs/[!_]*/*.md", "examples/*.md", ".github/**/*.md")
    for path in sorted(ROOT.glob(pattern))
}
RUN = [
    name
    for name, path in PAGES.items()
    if not name.startswith(("docs/contributing/", "examples/"))
    and any(block.runs for block in blocks.blocks(path.read_text(encoding="utf-8")))
]
PROGRAM = """
import runpy, sys
sys.argv[1:] = {arguments}
sys.path[0] = {folder!r}
runpy.run_path({folder!r} + "/blocks.py", run_name="__main__")
"""


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """The path of a few pictures for commands that train; MNIST is in the cache before the clocks start."""
    (x, y), _ = mnist.load_data()
    path = tmp_path_factory.mktemp("digits") / "digits.npz"
    np.savez(path, x_train=x[:200], y_train=y[:200], x_test=x[200:300], y_test=y[200:300])
    return str(path)


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """A folder with `pynn`, by this Python, which may stand in an environment that is not activated."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "pynn").write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m pynn "$@"\n')
    (folder / "pynn").chmod(0o755)
    return str(folder)


def test_pages_are_found():
    assert {"README.md", "docs/index.md", "docs/train/tutorial.md", "docs/measure/race-your-own.md"} <= set(RUN)


@pytest.mark.parametrize("folder", sorted({str(Path(page).parent) for page in RUN}))
def test_pages_run(folder, run_python, digits, programs):
    pages = [str(PAGES[page]) for page in RUN if str(Path(page).parent) == folder]
    program = PROGRAM.format(arguments=[programs, *pages], folder=str(Path(blocks.__file__).parent))
    done = run_python(program, DIGITS=digits, MPLBACKEND="Agg")
    assert done.returncode == 0, done.stderr[-4000:]


def test_what_installs_is_not_run():
    line = "python3 -m venv .venv && . .venv/bin/activate && .venv/bin/pip install '.[plot]' && .venv/bin/pynn info"
    assert [commands.form(part) for part in commands.parts(line)] == [None, None, None, "pynn info"]


def test_a_page_that_fails_is_named(tmp_path, run_python):
    file = "```{code-block} text\n:caption: folder/a.txt\n\na\n```\n"
    (tmp_path / "right.md").write_text(file + "```python\nassert open('folder/a.txt').read() == 'a\\n'\n```\n")
    (tmp_path / "wrong.md").write_text("```python\nassert open('folder/a.txt')\n```\n")
    pages = [str(tmp_path / name) for name in ("wrong.md", "right.md")]
    done = run_python(PROGRAM.format(arguments=["", *pages], folder=str(Path(blocks.__file__).parent)))
    assert done.returncode == 1 and done.stderr.endswith(f"failed: {pages[0]}\n")


@pytest.mark.parametrize("page", PAGES)
def test_names_what_is_there(page):
    text = PAGES[page].read_text(encoding="utf-8")
    wrong = [
        (block.line, command, fault)
        for block in blocks.blocks(text)
        for line, _ in block.commands
        for command in commands.parts(line)
        for fault in commands.faults(command)
    ]
    prose = blocks.FENCE.sub("", text)
    wrong += [(span, fault) for span in re.findall(r"`([^`]+)`", prose) for fault in commands.mentioned(span)]
    assert not wrong


@pytest.mark.parametrize("page", [name for name in PAGES if not name.startswith("docs/")])
def test_links_lead_somewhere(page):
    """Those of the site are checked as it is built."""
    found = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", blocks.FENCE.sub("", PAGES[page].read_text(encoding="utf-8")))
    assert [link for link in found if not (PAGES[page].parent / link).exists()] == []


def test_faults_are_found():
    assert commands.faults("pynn train --epoch 3") and commands.faults("make tset")
    assert commands.mentioned("pynn bench --quik") and commands.mentioned("pynn trian")
    assert commands.mentioned("pip install '.[plott]'")
    right = "pynn bench --quick --only dot", "KERNELS_ISA=avx2 pynn info", "make docs", "pip install '.[plot,bench]'"
    assert [fault for command in right for fault in commands.faults(command)] == []
