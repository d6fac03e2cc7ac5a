"""`make matrix`: do the tests pass in each build and on each platform of the table? One line each, exit code 1 if not.

An argument selects the rows that have it in group or name.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from copied import Copy
from matrix.table import ROWS, Row

SECONDS = 3 * 3600  # for a build, and for the tests: under an emulator they take forty times as long
LINES = 60  # printed of what has failed


def shell(copy: Copy, command: str) -> tuple[int | None, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return copy.run(["bash", "-ec", command], SECONDS, PATH=path)


def verdict(row: Row, copies: dict[str, Copy | str], folder: str) -> tuple[str, str]:
    """passed, FAILED or not run; and how many tests, what was printed, or why."""
    if subprocess.run(["bash", "-ec", row.needs], capture_output=True, check=False).returncode != 0:
        return "not run", f"there is no {row.missing} here"
    if row.build not in copies:
        here = Copy(tempfile.mkdtemp(dir=folder))
        code, output = shell(here, row.build)
        copies[row.build] = here if code == 0 else output
    copy = copies[row.build]
    if isinstance(copy, str):
        return "FAILED", f"does not build\n{_end(copy)}"
    code, output = shell(copy, f"{row.pytest} -q -p no:cacheprovider {row.tests}")
    counts = re.search(r"^.*\d+ (?:passed|failed|error).*(?= in [\d.]+s)", output, re.MULTILINE)
    if code == 0 and counts:
        return "passed", counts[0].strip("= ")
    return "FAILED", f"{'out of time' if code is None else ''}\n{_end(output)}"


def _end(output: str) -> str:
    return "\n".join(output.splitlines()[-LINES:])


def main(only: str) -> int:
    chosen = [row for row in ROWS if only in f"{row.group}: {row.name}"]
    if not chosen:
        sys.exit(f"no row has {only!r} in its group or name")
    verdicts = []
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder:
        copies: dict[str, Copy | str] = {}
        for row in chosen:
            begin = time.monotonic()
            word, more = verdict(row, copies, folder)
            print(f"{word:8}{time.monotonic() - begin:6.0f} s  {row.group}: {row.name}: {more}", flush=True)
            verdicts.append(word)
    print(", ".join(f"{verdicts.count(word)} {word}" for word in ("passed", "FAILED", "not run")))
    return int("FAILED" in verdicts)


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
