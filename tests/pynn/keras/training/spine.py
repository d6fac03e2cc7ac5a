"""What a step of fit enters: calls of Python functions, tape records, files of pynn and their lines.

`make spine` prints it; test_spine.py holds it.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

import pynn
from pynn import keras

ROOT = Path(pynn.__file__).parent


def measure() -> dict[str, Any]:
    """calls and records of a step, the files that fit enters on the way to the kernels, and the lines of those.

    Of a step: the difference between long and short epochs of the course's network (Dense, relu, softmax, RMSprop,
    cross-entropy, accuracy). Calls count whoever makes them, also in NumPy and the standard library.
    """
    rng = np.random.default_rng(0)
    x, y = rng.random((8 * 25, 16), np.float32), rng.integers(0, 10, 8 * 25)
    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(10, activation="softmax")])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[:16], y[:16], batch_size=8, verbose=0)
    records: list[int] = []
    backward = pynn.GradientTape._backward

    def noting(tape: Any, *args: Any, **kwargs: Any) -> Any:
        records.append(len(tape._records))
        return backward(tape, *args, **kwargs)

    pynn.GradientTape._backward = noting  # type: ignore[method-assign]
    try:
        model.fit(x[:8], y[:8], batch_size=8, verbose=0)
    finally:
        pynn.GradientTape._backward = backward  # type: ignore[method-assign]
    few, many = (_calls(model, x[:rows], y[:rows]) for rows in (8 * 5, 8 * 25))
    files = {Path(name).relative_to(ROOT).as_posix(): name for name in many if Path(name).is_relative_to(ROOT)}
    lines = {name: len(Path(path).read_text(encoding="utf-8").splitlines()) for name, path in sorted(files.items())}
    return {"calls": (many.total() - few.total()) / 20, "records": max(records), "files": lines}


def _calls(model: Any, x: np.ndarray, y: np.ndarray) -> Counter[str]:
    """How many calls of Python functions an epoch makes, by the functions' files."""
    calls: Counter[str] = Counter()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            calls[frame.f_code.co_filename] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        model.fit(x, y, batch_size=8, verbose=0)
    finally:
        sys.setprofile(before)
    return calls


if __name__ == "__main__":
    found = measure()
    for name, count in found["files"].items():
        print(f"{count:5} {name}")
    total = sum(found["files"].values())
    print(
        f"{total:5} lines in {len(found['files'])} files; a step: {found['calls']:g} calls, {found['records']} records"
    )
