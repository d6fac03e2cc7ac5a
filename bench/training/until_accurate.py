"""One contestant's whole process, which process_runs.py starts.

Imports its library, reads the digits, trains, and evaluates after every epoch; after each prints a line of JSON: the
epochs, the accuracy, the most memory, and the seconds of the import. It ends when the test accuracy has reached the
goal, or after so many epochs. pynn reads the digits with its load_data, which checks them; the others read plain arrays
from a folder, which costs less.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path

from ..measure.process import confine


def peak() -> int:
    """The most bytes of memory that this process has held. Linux counts in ru_maxrss what its parent held, too."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) << 10
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main(name: str, package: str, folder: str, threads: str, seed: str, goal: str, epochs: str) -> None:
    confine(int(threads))
    start = time.perf_counter()
    import_module(package)
    import_seconds = time.perf_counter() - start
    import numpy as np  # now, since the package's own import of it has been timed

    from ..network import BATCH, SIZES, Task, digits, prepared
    from .contestants import CONTESTANTS

    contestant = CONTESTANTS[name].make(Task(SIZES, "rmsprop", BATCH, int(threads), int(seed)))
    arrays = digits() if name == "pynn" else [np.load(Path(folder, f"{i}.npy")) for i in range(4)]
    x, labels, x_test, labels_test = (prepared(a) if a.ndim > 1 else a.astype(np.int64) for a in arrays)
    contestant.use(x, labels)
    for i in range(int(epochs)):
        contestant.epoch()
        accuracy = contestant.evaluate(x_test, labels_test)
        print(json.dumps([i + 1, accuracy, peak(), import_seconds]), flush=True)
        if accuracy >= float(goal):
            break


if __name__ == "__main__":
    main(*sys.argv[1:])
