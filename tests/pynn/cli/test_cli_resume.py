"""`pynn train` that is stopped: what is in its folder belongs together, and --resume goes on with the same bits."""

import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys

import matplotlib
import numpy as np
import pytest

from pynn.cli import results
from pynn.cli import train as train_module
from pynn.cli.main import main

WHOLE = {"history.json", "learning_curve.png", "mistakes.png", "weights.npz"}


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch):
    """Else they take most of the time of a run."""
    monkeypatch.setitem(matplotlib.rcParams, "savefig.dpi", 20)


@pytest.fixture
def train(data):
    def run(output, *more):
        small = [] if "--resume" in more else ["--data", data, "--hidden", "16", "--batch-size", "8", "--seed", "5"]
        return main(["train", "--output", str(output), *small, *more])

    return run


@pytest.fixture
def stopped(train, monkeypatch):
    """stopped(output, epoch, batch, *more): a run that gets a signal after this batch, or after the epoch (None)."""

    def run(output, epoch, batch, *more, by=signal.SIGINT):
        class Stopped(results.Record):
            def on_epoch_begin(self, epoch, logs=None):
                self.now = epoch

            def on_train_batch_end(self, batch_, logs=None):
                if (self.now, batch_) == (epoch, batch):
                    signal.raise_signal(by)

            def on_epoch_end(self, epoch_, logs=None):
                super().on_epoch_end(epoch_, logs)
                if (epoch_, None) == (epoch, batch):
                    signal.raise_signal(by)

        with monkeypatch.context() as patch:
            patch.setattr(results, "Record", Stopped)
            return train(output, *more)

    return run


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
@pytest.mark.parametrize("at", [(1, None), (2, 3)])
def test_the_same_bits_as_a_run_that_was_not_stopped(train, stopped, tmp_path, capsys, optimizer, at):
    more = ["--epochs", "4", "--optimizer", optimizer]
    assert train(tmp_path / "whole", *more) == 0
    capsys.readouterr()  # older Matplotlib, when it is first imported, says that parts of it are out of date
    assert stopped(tmp_path / "it is stopped", *at, *more) == 130
    assert set(contents(tmp_path / "it is stopped")) == {"unfinished.npz"}
    err = capsys.readouterr().err
    assert err.startswith("pynn train: interrupted; the state after 2 epochs is in ")
    assert f"`pynn train --resume --output '{tmp_path / 'it is stopped'}'` goes on with it" in err
    assert train(tmp_path / "it is stopped", "--resume") == 0
    out = capsys.readouterr().out
    assert "Epoch 3/4" in out and "Epoch 2/4" not in out and "seed 5" in out
    assert contents(tmp_path / "it is stopped") == contents(tmp_path / "whole")


def test_twice_stopped_and_more_epochs(train, stopped, tmp_path):
    assert train(tmp_path / "whole", "--epochs", "5") == 0
    assert stopped(tmp_path / "again", 0, None, "--epochs", "2") == 130
    assert stopped(tmp_path / "again", 2, None, "--resume", "--epochs", "5") == 130
    assert train(tmp_path / "again", "--resume") == 0
    assert contents(tmp_path / "again") == contents(tmp_path / "whole")


def test_an_interrupted_run_leaves_a_finished_one_as_it_was(train, stopped, tmp_path, capsys):
    assert train(tmp_path) == 0
    before = contents(tmp_path)
    assert set(before) == WHOLE
    assert stopped(tmp_path, 0, 2, "--hidden", "8") == 130
    assert contents(tmp_path) == before
    assert "no epoch was finished, nothing is saved" in capsys.readouterr().err
    assert stopped(tmp_path, 1, 2, "--hidden", "8") == 130
    first = contents(tmp_path)
    assert set(first) - set(before) == {"unfinished.npz"} and first.items() > before.items()
    capsys.readouterr()
    for number in (1, 2):
        assert stopped(tmp_path, 0, None, "--hidden", "9") == 130
        assert contents(tmp_path)["unfinished.1.npz"] == first["unfinished.npz"]
        assert f"is now unfinished.{number}.npz; to go on with it, rename it" in capsys.readouterr().err


@pytest.mark.filterwarnings("default::RuntimeWarning")
def test_a_loss_of_nan_has_a_code_of_its_own_and_replaces_nothing(train, tmp_path, capsys):
    assert train(tmp_path) == 0
    before = contents(tmp_path)
    capsys.readouterr()
    assert train(tmp_path, "--optimizer", "sgd", "--learning-rate", "1e38", "--epochs", "2") == 3
    err = capsys.readouterr().err.splitlines()
    assert err[0].startswith("pynn train: warning: The loss is nan at epoch 1") and "smaller learning rate" in err[0]
    assert err[1:] == ["pynn train: error: the loss is no longer a number; no epoch was finished, nothing is saved"]
    assert contents(tmp_path) == before


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_a_loss_of_nan_after_epochs_that_were_saved(train, tmp_path, monkeypatch, capsys):
    class Diverging(results.Record):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                self.model.optimizer.learning_rate = 1e38

    monkeypatch.setattr(results, "Record", Diverging)
    assert train(tmp_path) == 3
    assert set(contents(tmp_path)) == {"unfinished.npz"}
    assert capsys.readouterr().err.endswith(f"; the state after 2 epochs is in {tmp_path / 'unfinished.npz'}\n")


def test_cut_short_at_the_end(train, tmp_path, monkeypatch):
    """Wherever the end is cut short, the files in place are of one run, and the state can be finished again."""
    assert train(tmp_path / "old", "--hidden", "8") == 0
    assert train(tmp_path / "new") == 0
    old, new = contents(tmp_path / "old"), contents(tmp_path / "new")
    real, left, seen = {name: getattr(os, name) for name in ("replace", "unlink")}, 0, set()

    def cut(name):
        def call(*args, **kwargs):
            nonlocal left
            if str(tmp_path / "cut") in str(args[0]) and not str(args[0]).endswith(".partial"):
                left -= 1
                if not left:
                    signal.raise_signal(signal.SIGINT)
            return real[name](*args, **kwargs)

        return call

    for step in range(1, 99):
        folder = tmp_path / "cut" / str(step)
        shutil.copytree(tmp_path / "old", folder)
        left = step
        for name in real:
            monkeypatch.setattr(os, name, cut(name))
        code = train(folder)
        for name in real:
            monkeypatch.setattr(os, name, real[name])
        if left > 0:
            break
        found = {name: data for name, data in contents(folder).items() if name in WHOLE}
        seen.add((len(found.items() & old.items()), len(found.items() & new.items())))
        assert found.items() <= old.items() or found.items() <= new.items()
        assert (code == 130) == (folder / "unfinished.npz").exists() or found == new
        if (folder / "unfinished.npz").exists():
            assert train(folder, "--resume") == 0
        assert contents(folder) == new
    assert code == 0 and {(4, 0), (1, 0), (0, 1), (0, 3)} <= seen


def test_pictures_are_those_of_the_weights(train, tmp_path, monkeypatch, capsys):
    assert train(tmp_path) == 0
    capsys.readouterr()
    monkeypatch.setattr(train_module, "find_spec", lambda name: None)
    assert train(tmp_path, "--hidden", "8") == 0
    assert set(contents(tmp_path)) == {"history.json", "weights.npz"}
    out = capsys.readouterr().out
    assert "no pictures" in out and out.endswith(": weights.npz, history.json\n")


STOPPED = """
import signal, sys
from pynn.cli.main import main
from pynn.keras.saving import arrays

number, write, written = signal.Signals[sys.argv[1]], arrays.write, []
signal.signal(number, signal.SIG_DFL)  # under nohup SIGHUP is ignored, by children too

def stopped(file, content, kind):
    written.append(file)
    if len(written) == 3:
        file.write(b"half of it")
        file.flush()
        signal.raise_signal(number)
    write(file, content, kind)

arrays.write = stopped
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_stopped_while_it_writes_the_third_state(train, data, tmp_path, number):
    folder = tmp_path / "stopped"
    assert train(tmp_path / "whole") == 0
    arguments = ["--data", data, "--output", folder, "--seed", "5", "--hidden", "16", "--batch-size", "8"]
    command = [sys.executable, "-c", STOPPED, number.name, "train", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
    assert ended.returncode == 128 + number
    what = f"pynn train: interrupted by {number.name}; the state after 2 epochs is in {folder / 'unfinished.npz'}; "
    assert ended.stderr.startswith(what) and ended.stderr.count("\n") == 1
    assert set(contents(folder)) == {"unfinished.npz"}
    assert results.stopped(str(folder), {})["epochs"] == 2
    assert train(folder, "--resume") == 0
    assert contents(folder) == contents(tmp_path / "whole")


def test_after_a_signal_nobody_may_be_there_to_read(stopped, tmp_path, monkeypatch):
    """As after SIGHUP, whose terminal is gone."""

    class Gone(io.StringIO):
        def write(self, text):
            raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", Gone())
        assert stopped(tmp_path, 1, None, by=signal.SIGTERM) == 128 + signal.SIGTERM
    assert results.stopped(str(tmp_path), {})["epochs"] == 2
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_state_that_another_run_saves_meanwhile(train, stopped, tmp_path, monkeypatch, capsys):
    """After its notes were read, and before its arrays are."""
    for epoch, folder in enumerate(("first", "second")):
        assert stopped(tmp_path / folder, epoch, None, "--epochs", "4") == 130
    load, name = train_module._load, "unfinished.npz"

    def slow(data):
        os.replace(tmp_path / "second" / name, tmp_path / "first" / name)
        return load(data)

    monkeypatch.setattr(train_module, "_load", slow)
    capsys.readouterr()
    assert train(tmp_path / "first", "--resume") == 2
    assert "another run has saved its state" in capsys.readouterr().err


def test_what_does_not_fit_the_stopped_run(train, stopped, digits, tmp_path, assert_one_line, capsys):
    assert train(tmp_path / "none", "--resume") == 2
    assert_one_line("train", "no unfinished run", str(tmp_path / "none"))
    assert stopped(tmp_path, 1, None, "--epochs", "4") == 130
    before = contents(tmp_path)
    capsys.readouterr()
    for option, value in (("--hidden", "17"), ("--seed", "6"), ("--optimizer", "sgd"), ("--learning-rate", "0.5")):
        assert train(tmp_path, "--resume", option, value) == 2
        assert_one_line("train", f"{option} is ", "in the unfinished run")
    assert train(tmp_path, "--resume", "--epochs", "1") == 2
    assert_one_line("train", "has 2 epochs already")
    x, y = digits
    other = str(tmp_path / "other.npz")
    np.savez(other, x_train=x[:40], y_train=y[:40][::-1], x_test=x[40:], y_test=y[40:])
    assert train(tmp_path, "--resume", "--data", other) == 2
    assert_one_line("train", "the data are not those of the unfinished run")
    os.remove(other)
    assert contents(tmp_path) == before
    assert train(tmp_path, "--resume", "--hidden", "16", "--seed", "5") == 0  # the same once more: no contradiction


HISTORY = {"loss": [0.5], "accuracy": [0.5], "val_loss": [0.5], "val_accuracy": [0.5]}
NOTES = {"epochs": 1, "history": HISTORY, "checksum": [1, 2, 3, 4]}
RUN = {"epochs": 2, "batch_size": 8, "hidden": 4, "optimizer": "sgd", "learning_rate": None, "seed": 1, "data": None}


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", '{"notes": 3}', '{"notes": {}}', "[" * 100_000,
        *(json.dumps({"notes": NOTES | {"run": RUN} | bad}) for bad in (
            {"epochs": "1"}, {"epochs": True}, {"history": {}}, {"history": {"loss": "x"}}, {"run": []}, {"run": {}},
            {"run": RUN | {"hidden": "16"}}, {"run": RUN | {"epochs": 0}}, {"run": RUN | {"seed": None}},
            {"run": RUN | {"seed": 2**32}}, {"run": RUN | {"data": 3}}, {"run": RUN | {"optimizer": None}},
            {"epochs": 3}, {"history": HISTORY | {"loss": []}}, {"history": HISTORY | {"accuracy": ""}},
        )),
    ],
)  # fmt: skip
def test_damaged_states(train, tmp_path, assert_one_line, text):
    state = {"layers/dense/vars/0": np.ones(3, np.float32), "training.json": np.frombuffer(text.encode(), np.uint8)}
    np.savez(tmp_path / "unfinished.npz", **state)
    assert train(tmp_path, "--resume") == 2
    assert_one_line("train", "unfinished.npz", "not an unfinished run of `pynn train`")


@pytest.mark.parametrize(
    "change",
    [{"optimizer": "x"}, {"learning_rate": "x"}, {"hidden": 5}, {"hidden": 10**12}, {"optimizer": "adam"}],
)
def test_a_state_of_another_network(train, stopped, tmp_path, capsys, change):
    """What is noted is not what the arrays are."""
    assert stopped(tmp_path, 0, None) == 130
    with np.load(tmp_path / "unfinished.npz") as file:
        arrays = dict(file)
    text = json.loads(arrays["training.json"].tobytes())
    text["notes"]["run"] |= change
    arrays["training.json"] = np.frombuffer(json.dumps(text).encode(), np.uint8)
    np.savez(tmp_path / "unfinished.npz", **arrays)
    capsys.readouterr()
    assert train(tmp_path, "--resume") == 2
    err = capsys.readouterr().err
    assert err.startswith("pynn train: error: ") and err.count("\n") == 1 and "not an unfinished run" in err
    assert ("asks for more weights than" in err) == (change == {"hidden": 10**12})


def test_predict_reads_an_unfinished_run(stopped, digits, tmp_path, capsys, assert_one_line):
    assert stopped(tmp_path, 3, None, "--epochs", "9") == 130
    np.save(tmp_path / "digits.npy", digits[0][:3])
    capsys.readouterr()
    assert main(["predict", str(tmp_path / "digits.npy"), "--weights", str(tmp_path / "weights.npz")]) == 2
    assert_one_line("predict", f"`pynn train --resume --output {tmp_path}`", f"--weights {tmp_path / 'unfinished.npz'}")
    assert main(["predict", str(tmp_path / "digits.npy"), "--weights", str(tmp_path / "unfinished.npz")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
