"""The tables of planted faults fit the tree: each applies, and the tests that it names are there."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(ROOT / "tests")  # where `make mutants` finds them
    MUTANTS = runpy.run_module("mutants.table")["MUTANTS"]
FAULTS = runpy.run_path(str(ROOT / "tests/matrix/planted.py"))["FAULTS"]  # of `make sanitize`


@pytest.mark.parametrize("mutant", MUTANTS + FAULTS, ids=lambda mutant: mutant.what)
def test_a_mutant_applies(mutant):
    source = (ROOT / mutant.file).read_text()
    assert source.count(mutant.old) == 1 and mutant.new != mutant.old
    if mutant.file.endswith(".py"):
        ast.parse(source.replace(mutant.old, mutant.new))
    for test in mutant.tests.split():
        file, _, name = test.partition("[")[0].partition("::")
        assert f"\ndef {name or 'test_'}" in (ROOT / "tests" / file).read_text()


def test_no_two_mutants_are_called_the_same():
    assert len({mutant.what for mutant in MUTANTS + FAULTS}) == len(MUTANTS + FAULTS)
