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
from pynn.cli.main import main
from pynn.support import atomic


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


def test_predict_reads_what_train_saved(trained, digits, tmp_path, capsys):
    np.save(tmp_path / "digits.npy", digits[0][:10])
    assert main(["predict", str(tmp_path / "digits.npy"), "--weights", str(trained / "weights.npz")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in lines[1:]] == list("0123456789")


def test_saved_weights_give_the_accuracy_that_was_printed(trained, digits):
    images, labels = digits
    k1, b1, k2, b2 = weights(trained)
    x = images[40:].reshape(20, -1).astype(np.float32) / 255
    predicted = (np.maximum(x @ k1 + b1, 0) @ k2 + b2).argmax(axis=1)
    accuracy = json.loads((trained / "history.json").read_text())["test_accuracy"]
    assert (predicted == labels[40:]).mean() == pytest.approx(accuracy)


@pytest.mark.usefixtures("threads")
def test_same_seed_same_bits_on_any_threads(data, tmp_path):
    for name, number in (("a", 1), ("b", 2), ("c", 5)):
        assert train(data, tmp_path / name, "--seed", "7", "--threads", str(number), "--oversubscribe") == 0
        assert kernels.get_num_threads() == number
    assert train(data, tmp_path / "other", "--seed", "8") == 0
    for a, b, c, other in zip(*(weights(tmp_path / n) for n in ("a", "b", "c", "other")), strict=True):
        assert a.tobytes() == b.tobytes() == c.tobytes() != other.tobytes()


@pytest.mark.usefixtures("threads")
def test_no_more_threads_than_cpus(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5, 7}, raising=False)
    for quota, cpus in ((None, 3), (2, 2)):
        monkeypatch.setattr("kernels.cpus.cpu_quota", lambda quota=quota: quota)
        assert train(data, tmp_path, "--threads", "64") == 0
        assert kernels.get_num_threads() == cpus
        err = capsys.readouterr().err
        assert err.startswith(f"pynn train: warning: --threads: 64 threads on {cpus} CPUs ") and err.count("\n") == 1
        assert train(data, tmp_path, "--threads", str(cpus)) == 0
        assert capsys.readouterr().err == ""


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


def test_bad_data(data, digits, tmp_path, assert_one_line):
    images, labels = digits
    out = tmp_path / "out"
    assert train(str(tmp_path / "none"), out) == 2
    assert_one_line("train", str(tmp_path / "none"), "no such folder")
    assert train(str(tmp_path), out) == 2
    assert_one_line("train", "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    with open(data, "rb") as file:
        (tmp_path / "cut.npz").write_bytes(file.read()[:3000])
    assert train(str(tmp_path / "cut.npz"), out) == 2
    assert_one_line("train", "cut.npz", "not a zip file")
    os.mkfifo(tmp_path / "pipe.npz")
    assert train(str(tmp_path / "pipe.npz"), out) == 2
    assert_one_line("train", "pipe.npz", "a device or a pipe")
    np.savez(tmp_path / "labels.npz", x_train=images, y_train=labels + 1, x_test=images, y_test=labels)
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


def test_too_much_memory(data, tmp_path, monkeypatch, capsys):
    def out_of_memory(*args, **kwargs):
        raise MemoryError

    monkeypatch.setattr(keras.Sequential, "fit", out_of_memory)
    assert train(data, tmp_path) == 2
    assert "--hidden" in capsys.readouterr().err


def test_one_run_at_a_time_in_a_folder(data, tmp_path, assert_one_line):
    with atomic.alone(tmp_path):
        assert train(data, tmp_path) == 2
        assert_one_line("train", "another `pynn train` writes in")
        assert not list(tmp_path.iterdir())
    assert train(data, tmp_path) == 0
