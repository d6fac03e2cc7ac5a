"""The Makefile's targets, in an environment in which nothing is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

MAKE = shutil.which("make")
FOLDER = Path(__file__).parents[1]
TARGETS = set(re.findall(r"^([a-z-]+):", (FOLDER / "Makefile").read_text(), re.MULTILINE)) - {"build"}


@pytest.mark.skipif(MAKE is None, reason="there is no make")
@pytest.mark.parametrize("target", sorted(TARGETS))
def test_before_make_build_it_is_named(tmp_path, target):
    (tmp_path / "python").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python").chmod(0o755)
    path = {"PATH": str(tmp_path)}
    done = subprocess.run([MAKE, "-C", FOLDER, target], env=path, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "run `make build` first" in done.stderr
