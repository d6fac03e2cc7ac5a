"""Is the working tree, with its changes, slower than a revision? Exit code 0: nothing is, 1: something is, 2: error.

Both are built and take turns, in one pair of fresh processes after another, each with copies of its own: two processes
of the same code differ by some percent, at times by a tenth, for as long as they live. What most show is the code's.

A process's time is its least, since what disturbs it only adds. Of 120 pairs of equal builds beside neighbours (load 6
on 2 CPUs) a tenth then differed by 3.3% or more; with medians by 71%, with medians of CPU time by 5.1%, and NumPy as a
control helped none: 9.2% where its time in the same turn divided them, 8.3% without the turns in which it was 10% off.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import numpy as np

from pynn.cli.checks import UserError

from ..measure.accuracy import check, exact
from ..measure.cases import CASES, RUNGS, Case
from ..measure.process import Library
from ..measure.progress import progress
from ..measure.workers import Worker, WorkerFailed
from ..results.statistics import interval
from .builds import builds
from .side import Side

LARGEST = 12e6  # bytes of a case: the calls of larger ones are longer than a shared machine is calm
# Of processes; fresh ones alone decide on what is slower or unsure: by chance a case is slower twice, hardly thrice.
PAIRS = [6, 12, 12]
TURNS = 3  # in a pair, each side's as the first and as the second one


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("bench-check", description=__doc__.partition("\n")[0], allow_abbrev=False)
    parser.add_argument("revision", help="a commit, branch or tag, HEAD~1 for one")
    parser.add_argument("--only", metavar="A,B", default=",".join(RUNGS), help="of the operations (default: all)")
    parser.add_argument("--threads", type=int, default=1, help="default: 1; more of them feel every neighbour")
    parser.add_argument("--threshold", type=float, default=0.05, help="what counts as slower (default: 0.05)")
    chosen = parser.parse_args(arguments)
    wanted = [name.strip() for name in chosen.only.split(",")]
    if unknown := [name for name in wanted if name not in RUNGS]:
        parser.error(f"there is no operation {unknown[0]!r}; there are: {', '.join(RUNGS)}")
    if chosen.threads < 1 or not 0 < chosen.threshold < 10:
        parser.error("--threads must be 1 or more, --threshold above 0, such as 0.05 for 5%")
    again = [case for case in CASES if case.operation in wanted and case.bytes() <= LARGEST and not case.reuse]
    ratios: dict[Case, list[float]] = {}
    try:
        sides = builds(chosen.revision)
        for pairs in PAIRS:
            ratios |= measure(sides, again, chosen.threads, pairs)
            verdicts = {case: verdict(*interval(np.array(found)), chosen.threshold) for case, found in ratios.items()}
            again = [case for case, word in verdicts.items() if word in ("slower", "unsure")]
    except (UserError, WorkerFailed) as error:
        progress("")
        print("bench-check:", *error.args, sep="\n  ", file=sys.stderr)
        return 2
    print(f"Times of the working tree over those of {chosen.revision}, threads: {chosen.threads}")
    for case, found in ratios.items():
        low, ratio, high = interval(np.array(found))
        print(f"{verdicts[case]:6}  {ratio:.3f} ({low:.3f} to {high:.3f}; {len(found)} pairs)  {case.title}")
    counts = [f"{list(verdicts.values()).count(word)} {word}" for word in ("slower", "faster", "same", "unsure")]
    print(", ".join(counts))
    return int("slower" in verdicts.values()) if verdicts else 2


def verdict(low: float, ratio: float, high: float, threshold: float) -> str:
    """Slower or faster: by more than the threshold, and beyond the noise. Same: surely not slower by as much."""
    if ratio > 1 + threshold and low > 1:
        return "slower"
    if ratio < 1 / (1 + threshold) and high < 1:
        return "faster"
    return "same" if high < 1 + threshold else "unsure"


def measure(builds: dict[str, Path], cases: list[Case], threads: int, pairs: int) -> dict[Case, list[float]]:
    """Case -> head's time over base's in each pair, without what base lacks or computes wrong. UserError: head does."""
    found: dict[Case, list[float]] = {case: [] for case in cases}
    for pair in range(pairs * bool(cases)):
        names = ["base", "head"][:: -1 if pair % 2 else 1]
        with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
            sides = {n: stack.enter_context(closing(_start(n, builds[n], Path(scratch, n), threads))) for n in names}
            for case in list(found):
                progress(f"processes {pair + 1} of {pairs}: {case.title}")
                rung = list(RUNGS[case.operation].values())[-1].function  # the public operation
                function, keywords = (rung.func, rung.keywords) if isinstance(rung, partial) else (rung, {})
                try:
                    for name in ("head", "base"):
                        values = sides[name].call("load", function.__name__, keywords, case.inputs()).value
                        check(f"{name}, {case.title}", values, exact(case))
                except (AssertionError, WorkerFailed) as error:
                    if name == "head":
                        raise UserError(str(error)) from None
                    print(f"left out: {error}", file=sys.stderr)
                    del found[case]
                    continue
                times: dict[str, list[float]] = {"base": [], "head": []}
                for name in (names + names[::-1]) * TURNS:
                    times[name].append(sides[name].turn("turn").value)
                found[case].append(min(times["head"]) / min(times["base"]))
    progress("")
    return found


def _start(name: str, build: Path, folder: Path, threads: int) -> Worker:
    """Computes with a copy of the build, in whose pynn are the benchmarks of today."""
    shutil.copytree(build, folder, ignore=shutil.ignore_patterns("bench"))
    (folder / "pynn" / "bench").symlink_to(Path(__file__).resolve().parents[1])
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *sys.path])  # the worker inherits it
    return Worker(name, Library("kernels", Side), threads, str(folder))


if __name__ == "__main__":
    sys.exit(main())
