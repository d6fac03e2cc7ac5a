"""The code blocks of a page; as a program, it runs them from top to bottom, each page's in an empty folder.

```python       in one namespace; lines with `>>>` are a doctest
```sh, `$ ...`  each command, in the cheaper form of commands.py if it has one; what a `$` session shows is compared
{code-block}    with a caption: a file, which is written; if it is there already, the block must be a part of it
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import commands

from pynn.cli.main import main

FENCE = re.compile(r"^( *)(```+)([^`\n]*)\n(.*?)^\1\2 *$", re.M | re.S)
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
SHORTER = {"epochs=5": "epochs=1"}  # in programs that train on all of MNIST


@dataclass
class Block:
    line: int
    language: str
    text: str
    file: str = ""  # its caption

    @property
    def commands(self) -> list[tuple[str, str]]:
        """Each with the output that a session shows after it."""
        text = re.sub(r"\\\n\s*", "", self.text)
        if self.language in ("sh", "bash", "shell"):
            return [(line, "") for line in text.splitlines() if line.strip() and line[0] != "#"]
        parts = re.split(r"^\$ ", text, flags=re.M)[1:] if self.language in ("", "console") else []
        return [(command, output) for command, _, output in (part.partition("\n") for part in parts)]

    @property
    def session(self) -> bool:
        return self.language in ("python", "pycon", "console") and self.text.startswith(">>> ")

    @property
    def runs(self) -> bool:
        """Is there anything to run?"""
        forms = [commands.form(command) for line, _ in self.commands for command in commands.parts(line)]
        return bool(self.file or self.session or self.language == "python" or any(forms))


def blocks(page: str) -> list[Block]:
    """All of them, those that are for readers alone, too."""
    found = []
    for match in FENCE.finditer(page):
        indent, _, language, text = match.groups()
        text = re.sub(f"^{indent}", "", text, flags=re.M)
        line = page.count("\n", 0, match.start()) + 2
        caption = ""
        if language.startswith("{code-block}"):
            head, _, text = text.partition("\n\n")
            caption = next((name for name in re.findall(r"^:caption: (\S+)$", head, re.M)), "")
        found.append(Block(line, language.strip(), text, caption))
    return found


def run(page: Path) -> None:
    """AssertionError or the block's own error: it does not do what the page says."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.file:
            _file(block)
        elif block.session:
            _session(block, names, page)
        elif block.language == "python":
            source = "\n" * (block.line - 1) + block.text
            for long, short in SHORTER.items():
                source = source.replace(long, short)
            exec(compile(source, str(page), "exec", dont_inherit=True), names)
        for command, output in block.commands:
            _command(command, output)


def _file(block: Block) -> None:
    path = Path(block.file)
    if path.exists():
        assert block.text.strip() in path.read_text(), f"line {block.line} is not what stands in {path}"
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)


def _session(block: Block, names: dict[str, Any], page: Path) -> None:
    test = doctest.DocTestParser().get_doctest(block.text, {}, page.name, str(page), block.line - 1)
    test.globs = names
    told: list[str] = []
    failed = doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=told.append, clear_globs=False).failed
    assert not failed, "".join(told)


def _command(line: str, output: str) -> None:
    for command in commands.parts(line):
        form = commands.form(command)
        if form is None:
            continue
        code, printed = _done(form)
        assert code == 0, f"{form}: {code}\n{printed}"
        same = doctest.OutputChecker().check_output
        assert form != line or not output or same(output, printed, OPTIONS), f"{form} prints\n{printed}"


def _done(form: str) -> tuple[int, str]:
    """The exit code, and what is printed. `pynn` runs here, without another start of Python."""
    words = shlex.split(os.path.expandvars(form))
    if words[0] != "pynn" or "|" in words:
        done = subprocess.run(form, shell=True, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = main(words[1:])
    return code, printed.getvalue()


def run_each(programs: str, *pages: str) -> None:
    """Each page in a process of its own, for which Python has imported everything already. 1 if one fails."""
    os.environ["PATH"] = os.pathsep.join([programs, str(Path(sys.executable).parent), os.environ["PATH"]])
    failed = []
    for page in pages:
        if not (child := os.fork()):
            os.chdir(tempfile.mkdtemp(dir="."))
            return run(Path(page))
        if os.waitpid(child, 0)[1]:
            failed.append(page)
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    run_each(*sys.argv[1:])
