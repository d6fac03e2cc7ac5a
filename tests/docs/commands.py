"""Commands that pages show: which of them run as they stand, and is there what they name?"""

from __future__ import annotations

import contextlib
import io
import itertools
import re
import shlex
import tomllib
from pathlib import Path

from pynn.cli.arguments import parser

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
TARGETS = {t for line in re.findall(r"^([a-z -]+):", (ROOT / "Makefile").read_text(), re.M) for t in line.split()}

# What is not run as it stands: its beginning, what is added to it (None: it is not run), and why
FORMS: dict[str, tuple[str | None, str]] = {
    r"python3 -m venv|\. \S+/activate|pip |pipx ": (None, "it installs"),
    r"git |cd |make |jupytext |pytest|python3? -P? ?-m pytest|pre-commit ": (None, "it takes the sources, and minutes"),
    r"jupyter |tensorboard |pynn demo": (None, "it serves until it is stopped"),
    r"pynn train .*--resume": (None, "it takes a run that was stopped: tests/pynn/cli/test_cli_resume.py"),
    r"mpirun .*(python|--resume|\.\.\.)": (None, "it takes hosts, a program or a run: tests/pynn/distribute"),
    r"(mpirun -n \d )?pynn train(?!.*--help)": ("--epochs 1 --hidden 8 --data $DIGITS", "seconds, on all of MNIST"),
    r"pynn bench|pynn explain (?!list)": (None, "it measures: tests/bench"),
    r"pynn exercise .*--check": (None, "it is not mended yet: tests/bench/test_exercises.py"),
}


def parts(line: str) -> list[str]:
    """The commands of a line, in the activated environment."""
    line = re.sub(r"(^|\s+)#.*", "", line)
    return [part.strip().removeprefix(".venv/bin/") for part in re.split(r" && | ; ", line)]


def form(command: str) -> str | None:
    """What to run in a shell; None: nothing."""
    for beginning, (more, _) in FORMS.items():
        if re.match(beginning, command):
            return more and f"{command} {more}"
    return command


def faults(command: str) -> list[str]:
    """What a whole command names that is not there."""
    words = [word for word in shlex.split(command, comments=True) if not re.fullmatch(r"[A-Z_]+=\S*", word)]
    if not words:
        return []
    if words[0] == "pynn":
        wrong, said = parsed(words[1 : words.index("|") if "|" in words else None])
        return [said] if wrong else []
    return mentioned(command)


def parsed(arguments: list[str]) -> tuple[bool, str]:
    """Are they wrong for `pynn`, and what its parser says."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            parser().parse_args(arguments)
    except SystemExit as end:
        return bool(end.code), said.getvalue()
    return False, ""


def mentioned(text: str) -> list[str]:
    """What a part of a command, as prose has it, names that is not there: subcommands, options, targets, extras."""
    found = [
        f"no extra {e!r}" for group in re.findall(r"\.\[([\w,]+)\]", text) for e in group.split(",") if e not in EXTRAS
    ]
    if match := re.match(r"make ([a-z][a-z-]*)", text):
        found += [f"no target {match[1]!r} in the Makefile"] * (match[1] not in TARGETS)
    words = text.replace(".venv/bin/", "").split()
    if words[:1] == ["pynn"]:
        names = itertools.takewhile(re.compile("[a-z][a-z-]*$").match, words[1:])
        wrong, said = parsed([*names, "--help"])
        options = [word.partition("=")[0] for word in words if re.match("--?[a-z]", word)]
        known = re.findall(r"--?[a-z][\w-]*", said)
        found += [said] if wrong else [f"{words[1]} has no option {name}" for name in options if name not in known]
    return found
