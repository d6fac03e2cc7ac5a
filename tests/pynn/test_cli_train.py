"""`pynn train` on made-up digits: what it writes, and one clear line for each bad input."""

import json
import os
import re
import signal
import tempfile

import numpy as np
import pytest
from PIL import Image

import kernels
from pynn import keras
from pynn._commands import train as train_module
from pynn.cli import main

rng = np.random.default_rng(0)
Y = np.arange(60, dtype=np.uint8) % 10
# ten patterns and noise: easy to learn
X = (rng.integers(0, 2, (10, 28, 28))[Y] * 200 + rng.integers(0, 50, (60, 28, 28))).astype(np.uint8)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "digits.npz"
    np.savez(path, x_train=X[:40], y_train=Y[:40], x_test=X[40:], y_test=Y[40:])
    return str(path)


@pytest.fixture
def threads():
    before = kernels.get_num_threads()
    yield
    kernels.set_num_threads(before)


def train(data, output, *more):
    small = ["--hidden", "16", "--batch-size", "8", "--epochs", "3"]
    return main(["train", "--data", data, "--output", str(output), *small, *more])


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    output = tmp_path_factory.mktemp("run") / "deep" / "run"
    assert train(data, output, "--seed", "1", "--epochs", "20") == 0
    return output


def weights(folder):
    with np.load(folder / "weights.npz", allow_pickle=False) as saved:
        return [saved[name] for name in saved.files]


def test_train_saves_what_it_says(trained, data, tmp_path, capsys):
    assert sorted(f.name for f in trained.iterdir()) == [
        "history.json", "learning_curve.png", "mistakes.png", "weights.npz",
    ]  # fmt: skip
    assert [w.shape for w in weights(trained)] == [(784, 16), (16,), (16, 10), (10,)]
    results = json.loads((trained / "history.json").read_text())
    assert results["seed"] == 1 and results["arguments"]["hidden"] == 16
    assert {len(curve) for curve in results["history"].values()} == {20}
    assert set(results["history"]) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert results["test_accuracy"] == pytest.approx(results["history"]["val_accuracy"][-1])
    for name in ("learning_curve.png", "mistakes.png"):
        with Image.open(trained / name) as picture:
            picture.load()

    assert train(data, tmp_path / "again") == 0
    out = capsys.readouterr().out
    seed = json.loads((tmp_path / "again" / "history.json").read_text())["seed"]
    assert f"40 training images, 20 test images, seed {seed}\n" in out
    assert "Epoch 3/3" in out and re.search(r"test accuracy [01]\.\d{4}, test loss \d", out)
    assert out.endswith("weights.npz, history.json, learning_curve.png, mistakes.png\n")


def test_predict_reads_what_train_saved(trained, tmp_path, capsys):
    np.save(tmp_path / "digits.npy", X[:10])
    assert main(["predict", str(tmp_path / "digits.npy"), "--weights", str(trained / "weights.npz")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in lines[1:]] == list("0123456789")


def test_saved_weights_give_the_accuracy_that_was_printed(trained):
    k1, b1, k2, b2 = weights(trained)
    x = X[40:].reshape(20, -1).astype(np.float32) / 255
    predicted = (np.maximum(x @ k1 + b1, 0) @ k2 + b2).argmax(axis=1)
    accuracy = json.loads((trained / "history.json").read_text())["test_accuracy"]
    assert (predicted == Y[40:]).mean() == pytest.approx(accuracy)


def test_same_seed_same_bits_on_any_threads(data, tmp_path, threads):
    for name, more in (("a", ["--threads", "1"]), ("b", ["--threads", "2"]), ("c", ["--threads", "5"])):
        assert train(data, tmp_path / name, "--seed", "7", *more) == 0
        assert kernels.get_num_threads() == int(more[1])
    assert train(data, tmp_path / "other", "--seed", "8") == 0
    for a, b, c, other in zip(*(weights(tmp_path / n) for n in ("a", "b", "c", "other")), strict=True):
        assert a.tobytes() == b.tobytes() == c.tobytes() != other.tobytes()


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
def test_optimizer_and_learning_rate(data, tmp_path, optimizer):
    """A learning rate of 1e-30 leaves the weights; the default one does not."""
    runs = {}
    for name, more in (("still", ["--learning-rate", "1e-30"]), ("moved", []), ("short", ["--epochs", "1"])):
        assert train(data, tmp_path / name, "--optimizer", optimizer, "--seed", "3", *more) == 0
        runs[name] = weights(tmp_path / name)
    assert not runs["still"][1].any() or abs(runs["still"][1]).max() < 1e-25
    assert runs["moved"][1].any()
    assert runs["short"][0].tobytes() != runs["moved"][0].tobytes()


def test_bad_data(data, tmp_path, assert_one_line):
    out = tmp_path / "out"
    assert train(str(tmp_path / "none"), out) == 2
    assert_one_line("train", str(tmp_path / "none"), "no such folder")
    assert train(str(tmp_path), out) == 2
    assert_one_line("train", "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    with open(data, "rb") as file:
        (tmp_path / "cut.npz").write_bytes(file.read()[:3000])
    assert train(str(tmp_path / "cut.npz"), out) == 2
    assert_one_line("train", "cut.npz", "damaged")
    os.mkfifo(tmp_path / "pipe.npz")
    assert train(str(tmp_path / "pipe.npz"), out) == 2
    assert_one_line("train", "pipe.npz", "a device or a pipe")
    np.savez(tmp_path / "labels.npz", x_train=X, y_train=Y + 1, x_test=X, y_test=Y)
    assert train(str(tmp_path / "labels.npz"), out) == 2
    assert_one_line("train", "label 10 at index 9 is not in 0 to 9")
    assert not out.exists()


def test_no_source_of_mnist(tmp_path, monkeypatch, capsys):
    def nothing(*args):
        raise OSError("no source gave mnist:\n  a: down\nPut it there")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", nothing)
    assert main(["train", "--output", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == "pynn train: error: no source gave mnist:\n  a: down\nPut it there\n"
    assert not (tmp_path / "out").exists()


def test_bad_output_is_found_before_training(data, tmp_path, monkeypatch, assert_one_line):
    monkeypatch.setattr(keras.Sequential, "fit", None)  # calling it would be a TypeError
    (tmp_path / "file").write_text("mine")
    assert train(data, tmp_path / "file") == 2
    assert_one_line("train", "--output", "is a file")
    assert train(data, tmp_path / "file" / "below") == 2
    assert_one_line("train", "--output", "cannot write")
    assert train(data, "a\0b") == 2
    assert_one_line("train", "--output")
    monkeypatch.setattr(tempfile, "TemporaryFile", denied)
    assert train(data, tmp_path) == 2
    assert_one_line("train", "--output", "Permission denied")
    assert (tmp_path / "file").read_text() == "mine"


def denied(*args, **kwargs):
    raise PermissionError(13, "Permission denied")


def test_ctrl_c_keeps_weights_and_history(data, tmp_path, monkeypatch, capsys):
    class Interrupt(keras.callbacks.History):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            if epoch == 1:
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(keras.callbacks, "History", Interrupt)
    assert train(data, tmp_path / "stopped", "--seed", "5", "--epochs", "9") == 130
    err = capsys.readouterr().err
    assert "pynn train: interrupted" in err and str(tmp_path / "stopped") in err and "Traceback" not in err
    monkeypatch.undo()
    assert train(data, tmp_path / "whole", "--seed", "5", "--epochs", "2") == 0
    for a, b in zip(weights(tmp_path / "stopped"), weights(tmp_path / "whole"), strict=True):
        assert a.tobytes() == b.tobytes()
    stopped, whole = (json.loads((tmp_path / n / "history.json").read_text()) for n in ("stopped", "whole"))
    assert stopped["history"] == whole["history"]
    assert "test_accuracy" not in stopped


def test_ctrl_c_while_saving_waits_for_both_files(data, tmp_path, monkeypatch):
    save = keras.Sequential.save_weights

    def interrupted(model, path):
        signal.raise_signal(signal.SIGINT)
        save(model, path)

    monkeypatch.setattr(keras.Sequential, "save_weights", interrupted)
    before = signal.getsignal(signal.SIGINT)
    assert train(data, tmp_path) == 130
    assert signal.getsignal(signal.SIGINT) is before
    assert len(weights(tmp_path)) == 4 and json.loads((tmp_path / "history.json").read_text())["history"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history.json", "weights.npz"]


def test_training_outlives_its_reader(data, tmp_path, run_python):
    arguments = ["-m", "pynn", "train", "--data", data, "--output", str(tmp_path / "run"), "--hidden", "8"]
    done = run_python(f"""
import subprocess, sys
training = subprocess.Popen([sys.executable, *{arguments}], stdout=subprocess.PIPE)
training.stdout.readline()
training.stdout.close()
sys.exit(training.wait())
""")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(weights(tmp_path / "run")) == 4


def test_ctrl_c_elsewhere(monkeypatch, capsys):
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: signal.raise_signal(signal.SIGINT))
    assert main(["train"]) == 130
    assert capsys.readouterr().err == "pynn train: interrupted\n"


@pytest.mark.filterwarnings("default::RuntimeWarning")
def test_nan_loss_is_a_clear_warning(data, tmp_path, capsys):
    assert train(data, tmp_path, "--optimizer", "sgd", "--learning-rate", "1e38", "--epochs", "2") == 0
    err = capsys.readouterr().err
    assert "pynn train: warning: The loss is nan at epoch 1" in err and "smaller learning rate" in err
    assert all(line.startswith("pynn train: warning: ") for line in err.splitlines())
    text = (tmp_path / "history.json").read_text()
    assert "NaN" not in text and None in json.loads(text)["history"]["loss"]


def test_without_matplotlib(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(train_module, "find_spec", lambda name: None)
    assert train(data, tmp_path) == 0
    out = capsys.readouterr().out
    assert "pip install 'pynn[plot]'" in out and out.endswith("weights.npz, history.json\n")
    assert sorted(f.name for f in tmp_path.iterdir()) == ["history.json", "weights.npz"]


def test_disk_full(data, tmp_path, monkeypatch, capsys):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    assert train(data, tmp_path) == 2
    assert "cannot save in" in (err := capsys.readouterr().err) and "No space left" in err
    assert not list(tmp_path.iterdir())


def test_too_much_memory(data, tmp_path, monkeypatch, capsys):
    def out_of_memory(*args, **kwargs):
        raise MemoryError

    monkeypatch.setattr(keras.Sequential, "fit", out_of_memory)
    assert train(data, tmp_path) == 2
    assert "--hidden" in capsys.readouterr().err
