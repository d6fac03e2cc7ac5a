"""What the tests here train; and they may import the helpers beside them and those of tests/bench."""

import contextlib
import io
import os
import sys
from pathlib import Path

import pytest

from pynn.cli import train as train_module
from pynn.cli.main import main

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "bench")]

collect_ignore_glob = [] if hasattr(os, "fork") else ["test_*.py"]


@pytest.fixture
def train(data, tmp_path, monkeypatch):
    """train(): `pynn train` into tmp_path / "run", resumed where it can be; the exit code, and what stderr shows."""
    monkeypatch.setattr(train_module, "find_spec", lambda name: None)  # pictures: test_cli_resume.py has them
    folder = tmp_path / "run"
    new = ["--data", data, "--hidden", "16", "--batch-size", "8", "--seed", "5", "--epochs", "2"]

    def run():
        more = ["--resume"] if (folder / "unfinished.npz").exists() else new
        with contextlib.redirect_stderr(io.StringIO()) as err:
            return main(["train", "--output", str(folder), *more]), err.getvalue()

    return run
