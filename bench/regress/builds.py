"""Builds of a revision and of the working tree: in build/bench-check/, under a key of what they were made from."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import numpy as np

from pynn.cli.checks import UserError

COMPILER = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
KEPT = 6  # builds


def builds(revision: str) -> dict[str, Path]:
    """ "base", the revision, "head", the working tree -> a folder with `kernels` and pynn. UserError: it fails."""
    root = Path(_output(Path.cwd(), "git", "rev-parse", "--show-toplevel"))
    with tempfile.TemporaryDirectory() as scratch:  # changes and new files included; the index stays as it is
        for command in (["read-tree", "HEAD"], ["add", "--all"], ["write-tree"]):
            tree = _output(root, "git", *command, GIT_INDEX_FILE=f"{scratch}/index")
    return {"base": _build(root, revision), "head": _build(root, tree)}


def _output(folder: Path, *command: str, **variables: str) -> str:
    done = subprocess.run(command, cwd=folder, env=os.environ | variables, capture_output=True, text=True)
    if done.returncode:
        lines = (done.stdout + done.stderr).rstrip().splitlines()
        raise UserError(f"{shlex.join(command)} fails in {folder}; its last lines:", *lines[-12:])
    return done.stdout.strip()


def _build(root: Path, tree: str) -> Path:
    sources = _output(root, "git", "rev-parse", f"{tree}:kernels", f"{tree}:setup.py", f"{tree}:pyproject.toml")
    flags = [os.environ.get(name) for name in ("CFLAGS", "CPPFLAGS", "LDFLAGS", "LDSHARED")]
    key = repr([sources, sys.version, np.__version__, COMPILER, _output(root, *COMPILER, "--version"), flags])
    folder = root / "build" / "bench-check" / hashlib.sha256(key.encode()).hexdigest()[:16]
    if not folder.exists():
        print(f"building {tree} in {folder}", file=sys.stderr)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            source, built = Path(scratch, "source"), Path(scratch, "built")
            _output(root, "git", "archive", f"--output={source}.tar", tree)
            shutil.unpack_archive(f"{source}.tar", source)
            _output(source, sys.executable, "setup.py", "--quiet", "build", f"--build-lib={built}")
            built.rename(folder)
    os.utime(folder)
    for old in sorted(folder.parent.iterdir(), key=os.path.getmtime)[:-KEPT]:
        shutil.rmtree(old)
    return folder
