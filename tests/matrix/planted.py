"""Would a checked build tell? Faults planted in the kernels that change no result, so that only its checks see them.

The rows of such builds run this file after the kernels' tests, in their copy of the tree; `pytest` alone does not.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Fault(NamedTuple):
    """One change of one file, the tests that run it, and what the build that is to see it prints."""

    what: str
    checks: str  # of that build, as its flags have them behind -fsanitize=
    prints: str  # a regular expression
    file: str
    old: str  # occurs once in the file
    new: str
    tests: str  # in the folder of tests


LEAK = r"#0 .*malloc.*\n.*#1 .*kernels"  # the interpreter's own leaks are none of the kernels'
SAME_BITS = "kernels/test_threads.py::test_same_bits_for_any_number_of_threads"
FAULTS = [
    Fault("the element behind the last one is read", "address,undefined", "AddressSanitizer: heap-buffer-overflow",
          "kernels/reductions.pyx", "sum += leaf.vector_sum(",
          "sum += 0 * leaf.vector_sum(data + n * leaf.size, 1) + leaf.vector_sum(",
          "kernels/test_reductions.py::test_total_against_longdouble"),
    Fault("memory is free before it is read", "address,undefined", "AddressSanitizer: heap-use-after-free",
          "kernels/vectors.pyx", "    share(dot_part, &chunks, workers)\n",
          "    share(dot_part, &chunks, workers)\n    free(chunks.space)\n", SAME_BITS),
    Fault("memory is not freed", "address,undefined", LEAK, "kernels/gemm.pyx", "    free(memory)\n", "",
          "kernels/test_products.py::test_mixed_types_are_computed_in_float64"),
    Fault("unaligned arrays are not copied", "address,undefined", "misaligned address", "kernels/_arrays.pyx",
          "    if not PyArray_ISBEHAVED_RO(a):\n        return cnp",
          "    if not cnp.PyArray_ISNOTSWAPPED(a):\n        return cnp", "kernels/test_layout.py::test_layouts"),
    Fault("an int overflows", "address,undefined", "signed integer overflow", "kernels/_threads.pyx",
          "    cdef int worker, home\n", "    cdef int worker, home = workers + 2147483647\n",
          "kernels/test_rows.py::test_rows"),
    Fault("two threads write the same row", "thread", "ThreadSanitizer: data race", "kernels/losses.pyx",
          "stop = r.m * (worker + 1) // workers", "stop = min(r.m, r.m * (worker + 1) // workers + 1)", SAME_BITS),
    Fault("threads read and write the first sum", "thread", "ThreadSanitizer: data race", "kernels/vectors.pyx",
          "        chunks.sums[i] = chunk", "        chunks.sums[0] = chunks.sums[0]\n        chunks.sums[i] = chunk",
          SAME_BITS),
    Fault("an index behind a list's end", "bounds", "IndexError", "kernels/optimizers.pyx",
          "self.take(u, w[i], g[i], ", "self.take(u, w[i], g[i + 1], ",
          "kernels/test_optimizers.py::test_adam_corrects_the_bias_of_its_first_step"),
    Fault("an index behind an array's end", "bounds", "Illegal instruction", "kernels/rows.pyx",
          "    dims[0] = m\n", "    dims[0] = dims[64 + m] = m\n", "kernels/test_rows.py::test_rows"),
]  # fmt: skip


def checks() -> str:
    """What the kernels here are built to check."""
    import kernels

    found = re.search(r"-fsanitize=(\S+)", str(kernels.show_config()["flags"]))
    return found[1] if found else ""


def build() -> None:
    variable = {"KERNELS_DEBUG": "1"} if checks() == "bounds" else {"KERNELS_SANITIZE": checks()}
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}  # not for the compiler
    subprocess.run(
        [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"], cwd=ROOT, check=True,
        env=environment | variable, capture_output=True,
    )  # fmt: skip


def run(tests: str) -> str:
    """What pytest prints, until the first failure, with the leaks that AddressSanitizer sees at the end."""
    environment = os.environ | {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "").replace("leaks=0", "leaks=1")}
    command = [sys.executable, "-P", "-m", "pytest", "-x", "-p", "no:cacheprovider", "--capture=sys", *tests.split()]
    done = subprocess.run(
        command, cwd=ROOT / "tests", env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )  # fmt: skip
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def copy():
    """Faults go into a copy, which is built anew in the end without them."""
    assert not (ROOT / ".git").exists(), "run `make sanitize`: it plants faults in a copy of the tree"
    yield
    build()


def test_this_build_checks_something():
    assert checks() in {fault.checks for fault in FAULTS}


@pytest.mark.skipif(checks() != "address,undefined", reason="only AddressSanitizer sees leaks")
def test_the_kernels_free_what_they_allocate():
    printed = run("kernels/test_products.py kernels/test_errors.py")
    assert " passed" in printed and not re.search(LEAK, printed), printed


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.checks == checks()], ids=lambda fault: fault.what)
def test_a_fault_is_seen(fault):
    source = (ROOT / fault.file).read_text()
    (ROOT / fault.file).write_text(source.replace(fault.old, fault.new))
    try:
        build()
        printed = run(fault.tests)
    finally:
        (ROOT / fault.file).write_text(source)
    assert re.search(fault.prints, printed), printed
