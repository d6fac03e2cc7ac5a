"""`make mutants`: does a test fail for each mutant of the table? One line each, and exit code 1 if one survives.

The tree is copied and built once. In the copy each mutant is planted, built if it is the kernels', tested, and taken
out again. An argument selects those that have it in their file or description.
"""

from __future__ import annotations

import sys
import tempfile
import time

import copied
from mutants.mutant import Mutant
from mutants.table import MUTANTS

BUILD = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"]
PYTEST = [sys.executable, "-P", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
PASSED, FAILED = 0, 1  # of pytest's exit codes; the others say that it could not test
SECONDS, HANGING = 300, 30  # for the tests of a mutant, and of one that makes them hang


class Copy(copied.Copy):
    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        (self.folder / "pynn/bench").symlink_to("../bench")  # else an installed pynn.bench would be tested

    def run(self, command: list[str], seconds: float = 900, **environment: str) -> tuple[int | None, str]:
        return super().run(command, seconds, PYTHONPATH=str(self.folder), **environment)

    def fate(self, mutant: Mutant) -> str:
        """What became of the mutant."""
        path = self.folder / mutant.file
        source = path.read_text()
        if source.count(mutant.old) != 1:
            return "NO LONGER APPLIES"
        path.write_text(source.replace(mutant.old, mutant.new))
        try:
            if mutant.is_compiled and self.run(BUILD)[0] != 0:
                return "DOES NOT BUILD"
            if self.run([sys.executable, "-P", "-c", f"import {mutant.module}"], SECONDS)[0] != 0:
                return "DOES NOT IMPORT"
            code, _ = self.run([*PYTEST, *_paths(mutant)], HANGING if mutant.hangs else SECONDS)
        finally:
            path.write_text(source)  # newer than what was built: the next build will build it again
        if code is None:
            return "caught" if mutant.hangs else "OUT OF TIME"
        return {PASSED: "SURVIVED", FAILED: "caught"}.get(code, f"NOT TESTED ({code})")


def _paths(mutant: Mutant) -> list[str]:
    return [f"tests/{test}" for test in mutant.tests.split()]


def main(only: str) -> int:
    chosen = [mutant for mutant in MUTANTS if only in f"{mutant.file}: {mutant.what}"]
    if not chosen:
        sys.exit(f"no mutant has {only!r} in its file or description")
    begin = last = time.monotonic()

    def tell(fate: str, about: str) -> None:
        nonlocal last
        now = time.monotonic()
        print(f"{fate:18} {now - last:4.0f} s  {about}", flush=True)
        last = now

    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Copy(folder)
        for fate, command in (
            ("built", BUILD),
            ("passed", [*PYTEST, *sorted({path for mutant in chosen for path in _paths(mutant)})]),
        ):
            code, output = copy.run(command)
            if code != PASSED:
                sys.exit(f"{output}\nThis is the tree without a mutant")
            tell(fate, "the tree without a mutant")
        fates = []
        for mutant in sorted(chosen, key=lambda mutant: mutant.is_compiled):  # the others need no build
            fates.append(copy.fate(mutant))
            tell(fates[-1], f"{mutant.file}: {mutant.what}")
    caught = fates.count("caught")
    print(f"{caught} of {len(fates)} mutants caught, in {time.monotonic() - begin:.0f} s")
    return int(caught < len(fates))


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
