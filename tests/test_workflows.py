"""The workflows fit the tree: make targets and files that they name are there, actions are pinned to commits."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = "\n".join(path.read_text() for path in sorted((ROOT / ".github/workflows").glob("*.yml")))


def test_make_targets_and_files_that_workflows_name_are_there():
    matrix = re.findall(r"{target: ([\w-]+)", WORKFLOWS)
    targets = set(re.findall(r"run: make ([\w-]+)", WORKFLOWS)) | set(matrix)
    assert matrix and targets <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    files = re.findall(r"(\.ci/[\w.]+|\./\.github/[\w/.]+)", WORKFLOWS)
    assert {".ci/run", ".ci/release.py"} <= set(files)
    for file in files:
        assert (ROOT / file).is_file(), file


def test_actions_are_pinned_and_say_which_release_that_is():
    used = re.findall(r"uses: (?!\./)(.+)", WORKFLOWS)
    assert used
    for action in used:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", action), action
    assert len({action.partition("@")[0] for action in used}) == len(set(used)), "one action in two releases"
