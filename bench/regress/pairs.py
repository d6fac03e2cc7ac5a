"""Both builds and NumPy take turns, in one pair of fresh processes after another.

Two processes of the very same code differ by up to a tenth for as long as they live, because of the pages that their
arrays and their code lie on; copies of one file do, too. So each pair gets new copies of the builds, and only what most
pairs show is the code's.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import numpy as np

from pynn.cli.checks import UserError

from ..measure.accuracy import check, exact
from ..measure.cases import RUNGS, Case
from ..measure.process import Library
from ..measure.progress import note, progress
from ..measure.turns import Remote, interleave
from ..measure.workers import Worker, WorkerFailed
from .side import Side

BENCH = Path(__file__).resolve().parents[1]
SIDE = Library("kernels", Side)
BUDGET = 0.5  # seconds of rounds that may be thrown away, of one case in one pair of processes
Times = dict[Case, list[dict[str, np.ndarray]]]  # one entry per pair of processes: "base", "head", "NumPy" -> seconds


def measure(builds: dict[str, Path], cases: list[Case], threads: int, pairs: int, rounds: int, notes: list) -> Times:
    """`notes` gets what is left out. UserError if a side cannot start, or the working tree computes wrong values."""
    found: Times = {}
    for pair in range(pairs):
        names = ["base", "head"] if pair % 2 == 0 else ["head", "base"]  # who starts, and who takes the first turn
        with ExitStack() as stack:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            copies = {name: _copy(builds[name], scratch / name) for name in names}
            workers = {name: stack.enter_context(closing(_start(name, copies[name], threads))) for name in names}
            _same_compiler(workers)
            for i, case in enumerate(cases):
                progress(f"processes {pair + 1} of {pairs}, case {i + 1} of {len(cases)}: {case.title}")
                if pair and case not in found:
                    continue  # left out
                if why := _loaded(workers, case, checked=pair > 0):
                    note(notes, why)
                    continue
                # none is so slow that it may sit out
                contestants = {name: Remote(workers[name], "turn", "kernels") for name in names}
                contestants["NumPy"] = Remote(workers[names[0]], "turn", "NumPy")
                times, _ = interleave(contestants, rounds, BUDGET)
                found.setdefault(case, []).append(times)
    progress("")
    return found


def _copy(build: Path, folder: Path) -> Path:
    """With the benchmarks of today in its pynn, whose own may be of another day, or none."""
    shutil.copytree(build, folder, ignore=shutil.ignore_patterns("bench"))
    (folder / "pynn" / "bench").symlink_to(BENCH)
    return folder


def _start(name: str, folder: Path, threads: int) -> Worker:
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = f"{folder}{os.pathsep}{before}"  # the worker inherits it
    try:
        worker = Worker(name, SIDE, threads)
    except WorkerFailed as error:
        raise UserError(str(error)) from None
    finally:
        os.environ["PYTHONPATH"] = before
    if Path(folder, "kernels") != Path(worker.version["file"]).parent:
        worker.close()
        raise UserError(f"{name} computes with {worker.version['file']}, not with the build in {folder}")
    return worker


def _same_compiler(workers: dict[str, Worker]) -> None:
    compilers = {worker.version["compiler"] for worker in workers.values()}
    if len(compilers) > 1:
        raise UserError(f"built by different compilers, {' and '.join(compilers)}: remove build/bench-check")


def _loaded(workers: dict[str, Worker], case: Case, checked: bool) -> str:
    """Makes the case ready on both sides; if it cannot be compared, why."""
    rung = list(RUNGS[case.operation].values())[-1].function  # the public operation
    function: Callable = rung.func if isinstance(rung, partial) else rung
    keywords = rung.keywords if isinstance(rung, partial) else {}
    for name, worker in workers.items():
        values = worker.call("load", case.operation, function.__name__, keywords, case.inputs()).value
        if values is None:
            return f"{case.operation} is left out: {name} has no {function.__name__}."
        if checked:
            continue
        try:
            check(f"{name}, {case.title}", values, exact(case))
        except AssertionError as error:
            if name == "head":
                raise UserError(f"wrong values, {error}") from None
            return f"Left out, wrong values: {error}."
    return ""
