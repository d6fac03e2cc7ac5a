"""`mpirun -n 3 pynn train`: one network, one voice, one folder; --resume goes on with other numbers of ranks."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

MPIRUN = Path(sys.executable).with_name("mpirun")  # of the package mpich


COMMAND = "-P", "-m", "pynn"
OTHER_DATA = """
import os, sys
from pynn import keras
from pynn.cli.main import main
load = keras.datasets.load_folder
def loaded(name):  # of rank 1, whose disk is another
    (x, y), test = load(name)
    return (x, y + int(os.environ["PMI_RANK"])), test
keras.datasets.load_folder = loaded
sys.exit(main())
"""


def start(ranks, *arguments, program=COMMAND):
    command = [MPIRUN, "-n", str(ranks), sys.executable, *program, "train", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def train(ranks, *arguments, code=0, **more):
    job = start(ranks, *arguments, **more)
    said, errors = job.communicate(timeout=120)
    assert job.returncode == code, errors
    return said, errors


def losses(folder):
    return json.loads((folder / "history.json").read_text())["history"]["val_loss"]


@pytest.fixture(scope="module")
def small(data):
    return "--data", data, "--hidden", 16, "--batch-size", 8, "--seed", 5


def test_ranks_train_one_network(small, tmp_path):
    train(1, *small, "--output", tmp_path / "one")
    said, errors = train(3, *small, "--output", tmp_path / "three")
    assert said.count("Epoch 5/5") == said.count("test accuracy") == said.count("saved in") == 1 and not errors
    assert all(said.count(f"rank {i}: ") == 1 for i in range(3)) and "thread" in said
    assert {path.name for path in (tmp_path / "three").iterdir()} >= {"weights.npz", "history.json"}
    np.testing.assert_allclose(losses(tmp_path / "three"), losses(tmp_path / "one"), rtol=1e-4)


def test_a_stopped_run_goes_on_with_other_ranks(small, tmp_path):
    stopped, epochs = tmp_path / "stopped", ["--epochs", 60]
    job = start(2, *small, *epochs, "--output", stopped)
    while not (stopped / "unfinished.npz").exists():
        assert job.poll() is None
        time.sleep(0.02)
    job.send_signal(signal.SIGINT)
    _, errors = job.communicate(timeout=60)
    assert job.returncode and "`pynn train --resume --output" in errors and "nothing is saved" not in errors
    train(3, "--resume", "--output", stopped)
    train(1, *small, *epochs, "--output", tmp_path / "whole")
    np.testing.assert_allclose(losses(stopped), losses(tmp_path / "whole"), rtol=1e-3)


@pytest.mark.parametrize(
    ("arguments", "program", "words"),
    [
        (["--data", "nowhere"], COMMAND, "rank 0 of 2 on"),
        (["--resume"], COMMAND, "there is no unfinished run"),
        ([], ("-P", "-c", OTHER_DATA), "the data are not those of rank 0"),
    ],
)
def test_an_error_of_a_rank_ends_all(small, arguments, program, words, tmp_path):
    arguments = [*small[: 0 if "--resume" in arguments else None], *arguments, "--output", tmp_path / "run"]
    said, errors = train(2, *arguments, program=program, code=2)
    assert words in errors and errors.count("pynn train: error") == 1 and not said
