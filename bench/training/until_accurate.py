"""One contestant's whole process, started by process_runs.py with NAME FOLDER THREADS SEED GOAL EPOCHS.

Imports its library, reads the digits, trains, and evaluates after every epoch; after each prints a line of JSON. It
ends when the test accuracy has reached the goal, or after so many epochs. pynn reads the digits with its load_data,
which checks them; the others read plain arrays from FOLDER, which costs less.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import numpy as np

from ..measure.process import confine
from ..network import BATCH, SIZES, Task, digits, prepared
from .contestants import CONTESTANTS


def arrays(name: str, folder: Path) -> list[np.ndarray]:
    """x float32 (m, 784) from 0 to 1 and labels int64 (m,), of training and test."""
    found = digits() if name == "pynn" else [np.load(folder / f"{i}.npy") for i in range(4)]
    return [prepared(a) if a.ndim > 1 else a.astype(np.int64) for a in found]


def peak() -> int:
    """The most bytes of memory that this process has held. Linux counts in ru_maxrss what its parent held, too."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) << 10
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main(name: str, folder: str, threads: str, seed: str, goal: str, epochs: str) -> None:
    confine(int(threads))
    contestant = CONTESTANTS[name].make(Task(SIZES, "rmsprop", BATCH, int(threads), int(seed)))
    x, labels, x_test, labels_test = arrays(name, Path(folder))
    contestant.use(x, labels)
    for i in range(int(epochs)):
        contestant.epoch()
        accuracy = contestant.evaluate(x_test, labels_test)
        print(json.dumps({"epoch": i + 1, "accuracy": accuracy, "peak": peak()}), flush=True)
        if accuracy >= float(goal):
            break


if __name__ == "__main__":
    main(*sys.argv[1:])
