"""From nothing to 98% on MNIST: python bench/whole_process.py [--only pynn,torch] [--repeats 3] [--threads N]

Each contestant runs in a fresh process, in turns: imports its library, reads the digits, trains 784-512-10 with RMSprop
and batches of 128, and evaluates after every epoch until the test accuracy is 98% (ten epochs at most). Prints a
Markdown table: seconds from the start of the process until then and their ratio, epochs (luck of the shuffle), the
peak of the process's memory, and the size of what pip installed for the library with all it requires, GPU libraries
aside. Medians over the repeats, each with another seed, and their range. Before, each trains one epoch untimed, so that
the files are in the page cache: this is not the first start after boot. Libraries that are not installed are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from installed import installed
from measure import ratio
from mlp_contestants import CONTESTANTS
from quiet import Neighbours, cpus
from report import head, header, times_faster
from workers import Contestant, chosen, confined, progress, rotated

CHILD = Path(__file__).with_name("until_accurate.py")
GOAL, MOST_EPOCHS = 0.98, 10
NUMBERS = (
    "Medians over whole processes in turns, whose files are in the page cache; range: from the smallest "
    "to the largest; a ratio is the median of each turn's ratios; tie: a difference smaller than the distance between "
    "its quartiles."
)
MB = 1e6
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes in ru_maxrss


@dataclass(frozen=True)
class Life:
    seconds: float
    epochs: int
    accuracy: float
    peak: int  # bytes of memory
    others: float  # share of the CPUs that other processes took
    version: str


def live(name: str, folder: str, threads: int, seed: int, goal: float) -> Life:
    neighbours, start, reached, line = Neighbours(), time.perf_counter(), 0.0, ""
    with tempfile.TemporaryFile() as log:
        command = [sys.executable, str(CHILD), name, folder, *map(str, (threads, seed, goal, MOST_EPOCHS))]
        process = subprocess.Popen(command, env=confined(threads), stdout=subprocess.PIPE, stderr=log, text=True)
        for text in process.stdout:
            if text.startswith("{"):  # else it is something that the library had to say
                line, reached = text, time.perf_counter() - start
        _, status, usage = os.wait4(process.pid, 0)
        mine = (usage.ru_utime + usage.ru_stime) / (time.perf_counter() - start) / len(cpus())
        others = max(0.0, neighbours.share - mine)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode or not line:
            log.seek(0)
            last = (log.read().decode(errors="replace").strip().splitlines() or ["no message"])[-1]
            sys.exit(f"{name} ended with status {process.returncode}: {last}")
    last_epoch = json.loads(line)
    epoch, accuracy, version = (last_epoch[key] for key in ("epoch", "accuracy", "version"))
    return Life(reached, epoch, accuracy, usage.ru_maxrss * RSS_UNIT, others, version)


def row(name: str, contestant: Contestant, lives: list[Life], base: list[Life]) -> str:
    seconds = np.array([life.seconds for life in lives])
    total, gpu = installed("pynn" if name == "pynn" else contestant.package)
    against = times_faster(ratio(seconds, np.array([life.seconds for life in base]))) if lives is not base else ""
    epochs = f"{np.median([life.epochs for life in lives]):.0f}"
    if (worst := min(life.accuracy for life in lives)) < GOAL:
        epochs += f" (reached {worst:.2%})"
    peak = np.median([life.peak for life in lives]) / MB
    size = f"{(total - gpu) / MB:,.0f}" + (f" (+ {gpu / MB:,.0f} for GPUs)" if gpu else "")
    spread = f"{np.median(seconds):.1f} ({seconds.min():.1f} to {seconds.max():.1f})"
    return f"| {name} | {spread} | {against} | {epochs} | {peak:,.0f} | {size} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="Time contestants from process start to 98% on MNIST.")
    parser.add_argument("--only", metavar="A,B", help=f"of {', '.join(CONTESTANTS)} (default: those installed)")
    parser.add_argument("--repeats", type=int, default=3, help="lives of each (default: 3)")
    parser.add_argument("--threads", type=int, default=len(cpus()), help="of each contestant (default: all CPUs)")
    args = parser.parse_args()
    if args.repeats < 1 or args.threads < 1:
        parser.error("--repeats and --threads are 1 or more")
    contestants = chosen(CONTESTANTS, args.only)
    for name in [name for name, contestant in contestants.items() if find_spec(contestant.package) is None]:
        print(f"{name} is left out: {contestants.pop(name).package} is not installed", file=sys.stderr)
    if not contestants:
        sys.exit("none of the contestants is installed")
    from pynn.keras.datasets import mnist

    lives: dict[str, list[Life]] = {name: [] for name in contestants}
    with tempfile.TemporaryDirectory() as folder:
        try:
            arrays = [array for pair in mnist.load_data() for array in pair]
        except OSError as error:
            sys.exit(str(error))
        for i, array in enumerate(arrays):
            np.save(Path(folder) / f"{i}.npy", array)
        for name in contestants:
            progress(f"{name}, first")
            live(name, folder, args.threads, 0, goal=0)  # one epoch, which brings the files into the page cache
        for seed in range(args.repeats):
            for name in rotated(list(contestants), seed):
                progress(f"{name}, {seed + 1} of {args.repeats}")
                lives[name].append(live(name, folder, args.threads, seed, GOAL))
    progress("")
    others = max(life.others for found in lives.values() for life in found)
    versions = [found[0].version for found in lives.values()]
    print(header(f"From nothing to {GOAL:.0%} on MNIST", args.threads, versions, others, NUMBERS))
    base = next(iter(lives))
    print(head("", f"s to {GOAL:.0%} (range)", f"{base} is faster by", "epochs", "peak MB", "installed MB"))
    for name, found in lives.items():
        print(row(name, contestants[name], found, lives[base]))


if __name__ == "__main__":
    main()
