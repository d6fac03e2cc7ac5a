"""The Makefile's targets, in an environment in which nothing is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

MAKE = shutil.which("make")
TARGETS = ["test", "lint", "parity", "random", "spine", "mutants", "matrix", "bench", "bench-check", "readme"]


@pytest.mark.skipif(MAKE is None, reason="there is no make")
@pytest.mark.parametrize("target", TARGETS)
def test_before_make_build_it_is_named(tmp_path, target):
    (tmp_path / "python").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python").chmod(0o755)
    folder, path = Path(__file__).parents[1], {"PATH": str(tmp_path)}
    done = subprocess.run([MAKE, "-C", folder, target], env=path, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "run `make build` first" in done.stderr
