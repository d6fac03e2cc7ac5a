"""The worked examples of docs/contributing: what a page says to write is written, and what it says to run passes.

A block with a file's name above it is that file, or, if it is a diff, a change of it, where … stands for the rest of a
line; a block of `sh` holds commands. They are followed in a copy of the tree.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

import kernels

sys.path.insert(0, str(Path(__file__).parents[1]))

import copied

PAGES = sorted((copied.ROOT / "docs/contributing").glob("*.md"))
FILE = re.compile(r"^```\{code-block\} (\w+)\n:caption: `(\S+)`\n\n(.*?)^```$", re.M | re.S)
COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
EXAMPLES = [path for path in PAGES if FILE.search(path.read_text())]
PYTHON = {
    "pytest": [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider"],
    "pynn": [sys.executable, "-P", "-m", "pynn"],
}
# `make build` compiles all that is newer, which in a fresh copy is everything: here only the module that the page adds
ALL = (
    'MODULES = sorted(path.stem for path in Path("kernels").glob("*.pyx"))',
    "libraries=[leaf_library(isa) for isa in SETS],",
)


class Copy(copied.Copy):
    """The tree with its compiled modules."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        (folder / "pynn/bench").symlink_to("../bench")
        for path in kernels.__path__:
            for module in Path(path).glob("*.so"):
                shutil.copy(module, folder / "kernels")

    def write(self, language: str, name: str, text: str) -> None:
        path = self.folder / name
        if language != "diff":
            assert not path.exists(), f"{name} is there already"
            path.write_text(text)
            return
        lines = [line or " " for line in text.splitlines()]
        old = "".join(re.escape(line[1:]).replace("…", ".*") + "\n" for line in lines if line[0] in " -")
        source = path.read_text()
        (found,) = re.finditer(f"^{old}", source, re.M)
        there, new = iter(found[0].splitlines()), []
        for line in lines:
            text = line[1:] if line[0] == "+" else next(there)
            new += [f"{text}\n"] * (line[0] != "-")
        path.write_text(source[: found.start()] + "".join(new) + source[found.end() :])

    def follow(self, command: str) -> None:
        program, *arguments = shlex.split(command)
        code, output = self.run([*PYTHON[program], *arguments], 600, PYTHONPATH=str(self.folder))
        assert code == 0, f"{command}\n{output}"

    def build(self, *modules: str) -> None:
        setup = self.folder / "setup.py"
        source = setup.read_text()
        for old, new in zip(ALL, (f"MODULES = {modules}", ""), strict=True):
            assert old in source
            source = source.replace(old, new)
        setup.write_text(source)
        code, output = self.run([sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"], 600)
        assert code == 0, output


@pytest.mark.parametrize("page", EXAMPLES, ids=lambda path: path.stem)
def test_the_page_can_be_followed(page, tmp_path):
    text, copy = page.read_text(), Copy(tmp_path)
    blocks = sorted([*FILE.finditer(text), *COMMANDS.finditer(text)], key=re.Match.start)
    assert len(FILE.findall(text)) == text.count("```{code-block}")
    added, tests = [], 0
    for block in blocks:
        if block.re is FILE:
            copy.write(*block.groups())
            added += [Path(block[2])] * (block[1] != "diff")
            continue
        for command in block[1].splitlines():
            if command == "make build":
                copy.build(*(path.stem for path in added if path.suffix == ".pyx"))
            else:
                copy.follow(command)
                tests += command.startswith("pytest ")
    assert tests


def test_there_are_three():
    assert {path.stem for path in EXAMPLES} == {"rung", "operation", "layer"}
