"""docs/reliability.md names tests and make targets that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/reliability.md").read_text()


def test_each_test_that_the_page_names_exists():
    named = re.findall(r"`(tests/[^`]+)`", PAGE)
    assert named
    for file, _, test in (name.partition("::") for name in named):
        assert (ROOT / file).exists(), file
        assert f"def {test}(" in (ROOT / file).read_text() if test else True, f"{file} has no {test}"


def test_each_make_target_that_the_page_names_exists():
    named = re.findall(r"`make ([a-z-]+)", PAGE)
    assert named
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(named) <= set(targets)
