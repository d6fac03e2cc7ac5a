"""The rows of `make matrix`: builds, instruction sets, Pythons and platforms, and the tests of each.

Commands are bash's, in a copy of the tree where nothing is built; `python` is the one that runs `make matrix`.
"""

from __future__ import annotations

from typing import NamedTuple

INPLACE = "python setup.py --quiet build_ext --inplace"
PYTEST = "PYTHONPATH=$PWD python -P -m pytest"
NUMBERS = "tests/kernels tests/pynn/ops tests/pynn/engine tests/pynn/keras/test_*.py tests/pynn/keras/layers"


class Row(NamedTuple):
    """One build, and the tests that pass on it."""

    group: str
    name: str
    build: str = INPLACE
    pytest: str = PYTEST
    tests: str = NUMBERS
    needs: str = "true"  # fails where the row cannot run
    missing: str = ""  # there


ROWS = [
    Row("instruction sets", "baseline", pytest=f"KERNELS_ISA=baseline {PYTEST}"),
    *(
        Row("instruction sets", isa, pytest=f"KERNELS_ISA={isa} {PYTEST}", needs=f"grep -qw {flag} /proc/cpuinfo",
            missing=f"{isa} in this CPU")
        for isa, flag in (("avx2", "avx2"), ("avx512", "avx512vl"))
    ),
]  # fmt: skip
