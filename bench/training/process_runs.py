"""From nothing to 98% on MNIST: whole processes of each library, in turns.

Each starts, imports its library, reads the digits, trains 784-512-10 with RMSprop and batches of 128, and evaluates
after every epoch until the test accuracy is reached (ten epochs at most); each repeat has another seed. Before, each is
imported once, so that its files are in the page cache: this is not the first start after boot.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from pynn.support.atomic import temporary_folder

from ..measure.process import confined
from ..measure.progress import note, progress
from ..measure.turns import rotated
from ..measure.workers import WorkerFailed
from ..plan import Plan
from ..results.store import ProcessRun
from .contestants import CONTESTANTS
from .installed import installed

MOST_EPOCHS = 10
BENCH = Path(__file__).resolve().parents[1]
# What a program imports to train, where it is not the package that must be installed
IMPORTS = {"pynn": "pynn.keras", "Keras": "keras"}


def process_runs(plan: Plan, digits: list[np.ndarray], goal: float) -> list[ProcessRun]:
    """digits: those of load_data, in a row."""
    packages = {name: contestant.package for name, contestant in plan.among(CONTESTANTS).items()}
    runs: dict[str, list[tuple]] = {name: [] for name, package in packages.items() if find_spec(package)}
    with temporary_folder(Path(tempfile.gettempdir())) as folder:
        for i, array in enumerate(digits):
            np.save(folder / f"{i}.npy", array)
        (folder / "bench").symlink_to(BENCH)  # by the name pynn.bench it would load pynn for everyone
        path = f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
        environment = {**confined(plan.threads), "PYTHONPATH": path}
        for turn in range(plan.repeats):
            for name in rotated(list(runs), turn):
                progress(f"from nothing to {goal:.0%}: {name}, {turn + 1} of {plan.repeats}")
                package = IMPORTS.get(name, packages[name])
                if turn == 0:  # brings the files into the page cache
                    subprocess.run(
                        [sys.executable, "-P", "-c", f"import {package}"], env=environment, capture_output=True
                    )
                try:
                    arguments = name, package, folder, plan.threads, turn, goal, MOST_EPOCHS
                    runs[name].append(_run(name, [*map(str, arguments)], environment))
                except WorkerFailed as error:
                    note(plan.notes, f"Does not train in a process of its own: {error}.")
                    del runs[name]
    progress("")
    found = []
    for name, each in runs.items():
        seconds, epochs, accuracy, peak, imports = map(list, zip(*each, strict=True))
        total, gpu = installed("pynn" if name == "pynn" else packages[name])
        found.append(ProcessRun(name, seconds, epochs, accuracy, peak, imports, total - gpu, gpu))
    return found


def _run(name: str, arguments: list[str], environment: dict[str, str]) -> tuple[float, int, float, int, float]:
    """One process: seconds, epochs, accuracy, peak and import seconds, as in ProcessRun."""
    command = [sys.executable, "-P", "-m", "bench.training.until_accurate", *arguments]
    start, reached, last = time.perf_counter(), 0.0, ()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("["):  # else it is something that the library had to say
                last, reached = json.loads(line), time.perf_counter() - start
        if (status := process.wait()) or not last:
            log.seek(0)
            lines = log.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise WorkerFailed(name, f"status {status}: {lines[-1]}")
    return reached, *last
