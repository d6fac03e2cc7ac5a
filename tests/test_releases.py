"""What a release rests on: one version everywhere, its section in CHANGELOG.md, and the notes made from that."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import kernels
import pynn

ROOT = Path(__file__).resolve().parents[1]


def test_the_version_is_said_once():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["dynamic"] == ["version"] and "version" not in project
    assert version("pynn-kernels") == kernels.__version__ == pynn.__version__
    citation = ROOT / "CITATION.cff"
    said = re.findall(r"^version: *\"?([^\"\n]*)", citation.read_text() if citation.exists() else "", re.MULTILINE)
    assert said in ([], [pynn.__version__])


def test_the_changelog_begins_with_this_version():
    first = re.search(r"^## (\S+) - (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first[1] == pynn.__version__ and re.fullmatch(r"not released|\d{4}-\d\d-\d\d", first[2])


@pytest.fixture
def notes(tmp_path):
    """notes(tag, changelog): the finished .ci/release.py of version 1.2.0."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/release.py", tmp_path / ".ci")
    (tmp_path / "pynn/support").mkdir(parents=True)
    (tmp_path / "pynn/support/version.py").write_text('__version__ = "1.2.0"\n')

    def run(tag, changelog):
        (tmp_path / "CHANGELOG.md").write_text(changelog)
        command = [sys.executable, tmp_path / ".ci/release.py", tag]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


SECTIONS = "# Changelog\n\n## 1.2.0 - 2026-12-01\n\n### Added\n\n- This.\n\n## 1.1.0 - 2026-11-01\n\n- That.\n"


def test_a_release_s_notes_are_its_section(notes):
    done = notes("v1.2.0", SECTIONS)
    assert (done.returncode, done.stdout) == (0, "### Added\n\n- This.\n")


@pytest.mark.parametrize(
    ("tag", "changelog", "says"),
    [
        ("v1.1.0", SECTIONS, "is v1.2.0, not ['v1.1.0']"),
        ("1.2.0", SECTIONS, "is v1.2.0, not ['1.2.0']"),
        ("v1.2.0", SECTIONS.replace("2026-12-01", "not released"), "no section `## 1.2.0 - YYYY-MM-DD`"),
        ("v1.2.0", SECTIONS.replace("1.2.0", "1x2x0"), "no section `## 1.2.0 - YYYY-MM-DD`"),
    ],
    ids=["another version", "without v", "without a date", "without a section"],
)
def test_what_is_not_ready_is_no_release(notes, tag, changelog, says):
    done = notes(tag, changelog)
    assert done.returncode == 1 and says in done.stderr
