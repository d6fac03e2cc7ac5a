"""Two builds of the same kind: of a revision, and of the working tree as it stands, changes and new files included.

They are kept in build/bench-check/ of the checkout, named by what they were built from, so that the next run builds
only what is new.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from pynn.cli.checks import UserError

SOURCES = ("kernels", "setup.py", "pyproject.toml")  # what a build of the kernels depends on
FLAGS = ("CC", "CFLAGS", "CPPFLAGS", "LDFLAGS", "LDSHARED")
KEPT = 6  # builds


class Checkout:
    """The git checkout that the current folder is in. UserError if it is in none."""

    def __init__(self) -> None:
        try:
            self.root = Path(self.git("rev-parse", "--show-toplevel", folder=Path.cwd()))
        except subprocess.CalledProcessError:
            raise UserError(f"{Path.cwd()} is not in a git checkout") from None
        except FileNotFoundError:
            raise UserError("git is needed, and not installed") from None

    def git(self, *arguments: str, folder: Path | None = None, **variables: str) -> str:
        command = ["git", "-C", str(folder or self.root), *arguments]
        found = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **variables})
        return found.stdout.strip()

    def commit(self, revision: str) -> str:
        try:
            return self.git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        except subprocess.CalledProcessError:
            raise UserError(f"there is no revision {revision!r} in {self.root}") from None

    def working_tree(self) -> str:
        """A tree object of all files but the ignored ones; the index stays as it is."""
        with tempfile.TemporaryDirectory() as folder:
            index = str(Path(folder, "index"))
            self.git("read-tree", "HEAD", GIT_INDEX_FILE=index)
            self.git("add", "--all", GIT_INDEX_FILE=index)
            return self.git("write-tree", GIT_INDEX_FILE=index)

    def build_of(self, tree: str, name: str) -> Path:
        """The folder that its build is in, or will be. UserError if there is nothing to build in it."""
        try:
            parts = [self.git("rev-parse", "--verify", "--quiet", f"{tree}:{source}") for source in SOURCES]
        except subprocess.CalledProcessError:
            raise UserError(f"{name} cannot be built: it lacks {', '.join(SOURCES[:-1])} or {SOURCES[-1]}") from None
        parts += [sys.version, np.__version__, *(os.environ.get(flag, "") for flag in FLAGS)]
        key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
        return self.root / "build" / "bench-check" / key

    def export(self, tree: str, folder: Path) -> None:
        """Its files into a folder."""
        with tempfile.TemporaryDirectory() as scratch:
            index = str(Path(scratch, "index"))
            self.git("read-tree", tree, GIT_INDEX_FILE=index)
            self.git("checkout-index", "--all", f"--prefix={folder}/", GIT_INDEX_FILE=index)


def builds(revision: str) -> dict[str, Path]:
    """ "base" (the revision) and "head" (the working tree) -> a folder with `kernels`, and pynn beside it.

    UserError if there is no such revision, or one of them does not build.
    """
    checkout = Checkout()
    trees = {revision: checkout.commit(revision), "the working tree": checkout.working_tree()}
    folders = {name: checkout.build_of(tree, name) for name, tree in trees.items()}
    missing = {folder: name for name, folder in reversed(folders.items()) if not folder.exists()}
    with tempfile.TemporaryDirectory() as scratch:
        started = []
        for folder, name in missing.items():
            print(f"building {name} in {folder}", file=sys.stderr)
            folder.parent.mkdir(parents=True, exist_ok=True)
            source = Path(scratch, folder.name)
            checkout.export(trees[name], source)
            started.append((name, folder, _pip(source, _partial(folder))))
        # side by side; each is waited for, so that none outlives this one
        ended = [(name, folder, process.communicate()[0], process.returncode) for name, folder, process in started]
    failed = [(name, output) for name, _, output, status in ended if status]
    for _, folder, _, status in ended:
        if status:
            shutil.rmtree(_partial(folder), ignore_errors=True)
        else:
            _partial(folder).rename(folder)
    for name, output in failed:
        raise UserError(f"{name} does not build; the last lines:", *output.rstrip().splitlines()[-12:])
    for folder in folders.values():
        os.utime(folder)
    _tidy(folder.parent)
    return dict(zip(("base", "head"), folders.values(), strict=True))


def _partial(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.{os.getpid()}.partial")


def _pip(source: Path, target: Path) -> subprocess.Popen:
    """Starts a build by the Cython and setuptools that are installed; without them pip fetches its own."""
    if find_spec("pip") is None:
        raise UserError("pip is needed to build the two sides: python -m ensurepip")
    ours = ["--no-build-isolation"] if find_spec("Cython") and find_spec("setuptools") else []
    command = [sys.executable, "-m", "pip", "install", "--no-deps", *ours, "--target", str(target), str(source)]
    return subprocess.Popen(command, cwd=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _tidy(folder: Path) -> None:
    """Keeps the builds used last."""
    for old in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old)
