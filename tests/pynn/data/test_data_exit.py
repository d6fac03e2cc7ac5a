"""Python exits while a dataset's threads run or wait: none of them prevents it."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from pynn.data import threads

PASSES = {
    "prefetch": "i = iter(Dataset.range(9).batch(2).prefetch(2)); next(i)",
    "endless": "i = iter(Dataset.range(9).repeat().batch(3).prefetch(2)); next(i)",
    "map": "i = iter(Dataset.range(9).repeat().map(lambda x: x, num_parallel_calls=2)); next(i)",
    "both": "i = iter(Dataset.range(9).repeat().prefetch(1).map(abs, num_parallel_calls=2).prefetch(1)); next(i)",
    "cycle": "i = [iter(Dataset.range(9).repeat().prefetch(1))]; next(i[0]); i.append(i); del i",
    "atexit": "import atexit; i = iter(Dataset.range(9).repeat().prefetch(2)); atexit.register(next, i); next(i)",
    "slow source": """
def slow():
    yield 1
    time.sleep(1000)
i = iter(Dataset.from_generator(slow, "int32", ()).prefetch(2)); next(i)""",
    "slow map": """
i = iter(Dataset.range(9).map(lambda x: x if x < 1 else time.sleep(1000), num_parallel_calls=2)); next(i)""",
    "slow map in a function": """
def main():
    for _ in Dataset.range(9).map(lambda x: x if x < 1 else time.sleep(1000), num_parallel_calls=2):
        return
main()""",
}


def ends(python: str, program: str) -> None:
    done = subprocess.run([python, "-c", f"{program}\nprint('end')"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


@pytest.mark.parametrize("kind", PASSES)
def test_a_program_ends_with_a_pass_open(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ends(sys.executable, f"import time\nfrom pynn.data import Dataset\n{PASSES[kind]}")


def test_a_program_ends_that_fit_leaves_early(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ends(
        sys.executable,
        """
import time
import numpy as np
from pynn import keras
class Slow(keras.utils.PyDataset):
    def __len__(self):
        return 9
    def __getitem__(self, i):
        if i == 3:
            time.sleep(1000)
        return np.ones((2, 3), "f4"), np.ones((2, 1), "f4")
class Stop(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = True
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss="mse")
model.fit(Slow(workers=3), shuffle=False, callbacks=[Stop()], verbose=0)""",
    )


# every Python on this machine: what these threads run into at exit is another thing in each
PYTHONS = [f"python3.{minor}{kind}" for minor in range(11, 20) for kind in ("", "t")]


def runs(python: str) -> bool:
    return bool(shutil.which(python)) and not subprocess.run([python, "-c", ""], capture_output=True).returncode


@pytest.mark.parametrize("python", [sys.executable, *filter(runs, PYTHONS)])
def test_the_threads_end_in_every_python(python):
    program = f"""
import itertools, runpy, time
module = runpy.run_path({threads.__file__!r})
source = itertools.count
passes = [
    module["prefetched"](source, 2),
    module["parallel"](abs, source(), 2),
    module["prefetched"](lambda: map(lambda n: n and time.sleep(1000), source()), 1),
    module["parallel"](lambda n: n and time.sleep(1000), source(), 3),
]
for one in passes:
    next(one)"""
    ends(python, program)
