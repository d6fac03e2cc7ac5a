"""The table of `make matrix` fits the tree: its commands are bash's, the tests that it names are there."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def rows():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tests")
        return runpy.run_path(str(ROOT / "tests/matrix/table.py"))["ROWS"]


def test_each_row_has_a_name_and_tests(rows):
    assert len({(row.group, row.name) for row in rows}) == len(rows)
    for row in rows:
        for pattern in re.findall(r"tests/\S+", row.tests):
            assert list(ROOT.glob(pattern)), (row.name, pattern)
        assert (row.needs == "true") == (row.missing == "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_commands_are_bash_s(rows):
    scripts = [path.read_text() for path in ROOT.glob("tests/matrix/*.sh")]
    for command in {*scripts, *(part for row in rows for part in (row.needs, row.build, row.pytest))}:
        done = subprocess.run(["bash", "-n"], input=command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), command
