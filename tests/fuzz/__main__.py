"""`make fuzz`: coverage-guided fuzzing of every reader of files. Needs atheris.

ONLY=text chooses targets of targets.py, SECONDS=300 is the time of each. It begins with their files in corpus; what it
finds and learns stays in build/fuzz. When a fault is mended, its file goes into the corpus as found_N, where
test_corpus.py reads it in each run of the tests. atheris sees the branches of Python code, not those of HDF5, libpng or
NumPy: there the mutators of formats.py, which know the formats, are what counts.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORPUS, WORK = HERE / "corpus", HERE.parents[1] / "build/fuzz"
sys.path.insert(0, str(HERE))


def fuzz(name: str, folder: str, *options: str) -> None:
    """Never returns."""
    import atheris

    with atheris.instrument_imports(include=["pynn", "tarfile"]):
        from targets import TARGETS
        from watch import Watch
    target, mutator = TARGETS[name]
    watch = Watch(folder)
    warnings.simplefilter("ignore")

    def mutate(data: bytes, size: int, seed: int) -> bytes:
        rng = random.Random(seed)
        new = mutator(data, rng, lambda data: atheris.Mutate(data, max(len(data) + 64, 16)))
        return new if len(new) <= size else atheris.Mutate(data, size)

    atheris.Setup([sys.argv[0], *options], lambda data: watch.run(target, data), custom_mutator=mutate)
    atheris.Fuzz()


def replay(folder: str, names: list[str]) -> int:
    """Each file of the corpus by its target; the number of those that do what they may not."""
    from targets import TARGETS
    from watch import Watch

    watch, wrong = Watch(folder), 0
    warnings.simplefilter("ignore")
    for name in names:
        for path in sorted((CORPUS / name).iterdir()):
            print(f"{name}/{path.name}: ", end="", flush=True)  # before it, lest it crash
            try:
                print(ascii(watch.run(TARGETS[name][0], path.read_bytes())[:160]))
            except Exception as error:
                wrong += 1
                print(f"WRONG: {type(error).__name__}: {error}")
    return wrong


def run(folder: str, name: str, seconds: int) -> int:
    """Fuzzes in a process of its own; 1 if it found something."""
    work, begun = WORK / name, time.monotonic()
    (work / "corpus").mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={seconds}", "-timeout=120", "-rss_limit_mb=0", "-max_len=200000"]
    options = [*limits, "-print_final_stats=1", f"-artifact_prefix={work}/", str(work / "corpus"), str(CORPUS / name)]
    with open(work / "log.txt", "w") as log:
        command = [sys.executable, "-P", __file__, "--target", name, folder, *options]
        code = subprocess.run(command, stdout=log, stderr=log).returncode
    text = (work / "log.txt").read_text(errors="replace")
    runs = re.findall(r"number_of_executed_units: (\d+)", text) or ["?"]
    edges, files = (re.findall(r"cov: (\d+) ft: \d+ corp: (\d+)", text) or ["??"])[-1]
    about = f"{runs[-1]} runs in {time.monotonic() - begun:.0f} s, {edges} edges, {files} files"
    print(f"{name}: {about}; FOUND, see {log.name}" if code else f"{name}: {about}", flush=True)
    return int(code != 0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("only", nargs="?", default="", help="targets whose names hold this text")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--replay", action="store_true", help="only read the corpus; without atheris")
    arguments = parser.parse_args()
    from targets import TARGETS

    names = [name for name in TARGETS if arguments.only in name]
    wrong = 0
    for some in [names] if arguments.replay else names:
        with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
            wrong += replay(folder, some) if arguments.replay else run(folder, some, arguments.seconds)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(fuzz(*sys.argv[2:]) if sys.argv[1:2] == ["--target"] else main())
