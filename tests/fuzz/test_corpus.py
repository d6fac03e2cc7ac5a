"""The files of the corpus, among them all that fuzzing has found, do to their readers nothing that these may not do."""

import subprocess
import sys
from pathlib import Path


def test_corpus():
    """In a process of its own, which an audit hook stays in, and which has less memory."""
    command = [sys.executable, "-P", str(Path(__file__).parent), "--replay"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, "\n".join([line for line in lines if "WRONG" in line] or [*lines[-1:], done.stderr])
