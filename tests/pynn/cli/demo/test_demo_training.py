"""The training of `pynn demo`: a process that starts, stops, goes on, and ends with the server, however that ends."""

from __future__ import annotations

import errno
import os
import signal
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from demo_server import BUDGET, random_weights

import kernels
from pynn import keras
from pynn.cli.arguments import parser
from pynn.cli.checks import UserError
from pynn.cli.demo.training import Training
from pynn.cli.train import train

SETS = kernels.show_config()["instruction sets available"]
OPTIONS = {"threads": 1, "isa": SETS[0], "epochs": 50}


def until(news, wanted):
    """The first news of which `wanted` is true."""
    return next(filter(wanted, news))


def batches(found):
    return found.get("epoch", 0) * found.get("steps", 0) + found.get("batch", -1) + 1


def test_a_training_is_seen_stopped_and_gone_on_with(server):
    assert server.post("/start", OPTIONS) == (200, {})
    one = server.news()
    found = until(one, lambda n: n.get("points"))
    assert found["status"] == "running" and found["options"] == OPTIONS and found["steps"] == 47
    assert len(found["units"]) == 24 and 0 < found["points"][0][0] <= 1 and found["points"][0][1] > 0
    assert server.post("/start", OPTIONS) == (409, {"error": "a training is running: stop it first"})
    assert server.post("/threads", {"threads": 0}) == (200, {})
    until(one, lambda n: n["status"] == "stopped")
    stopped = next(server.news())
    time.sleep(0.2)  # in which it would come on by dozens
    two = server.news()
    now = next(two)  # what a client that comes now sees, too
    assert now["status"] == "stopped" and batches(now) <= batches(stopped) + 1  # the batch under way
    assert server.post("/threads", {"threads": 1}) == (200, {})
    after = [until(news, lambda n: batches(n) > batches(stopped) + 1) for news in (one, two)]
    assert all(n["status"] == "running" for n in after)
    one.close()
    two.close()  # nobody looks, and it runs
    later = until(
        server.news(), lambda n: batches(n) > batches(after[0]) + 100 and n["source"].startswith("the training")
    )
    assert later["validation"]
    server.post("/threads", {"threads": 0})
    until(server.news(), lambda n: n["status"] == "stopped")
    # a stopped one is replaced, on another instruction set
    assert server.post("/start", {"threads": 1, "isa": SETS[-1], "epochs": 1}) == (200, {})
    news = server.news()
    finished = until(news, lambda n: n["status"] == "finished")
    assert finished["options"]["isa"] == SETS[-1] and batches(finished) == 47 and finished["points"][-1][0] == 1
    assert finished["source"] == "the training, after epoch 1" and len(finished["validation"]) == 1
    assert server.post("/threads", {"threads": 1}) == (200, {})
    assert next(server.news()) == finished
    assert finished["networks"] > later["networks"] > stopped["networks"]  # names come again, numbers do not
    news.close()


@pytest.mark.parametrize(
    ("number", "is_stopped"),  # SIGINT ends the fixture `server`, whose last training runs
    [(signal.SIGTERM, True), (signal.SIGHUP, False), (signal.SIGKILL, False), (signal.SIGKILL, True)],
)
def test_no_training_outlives_the_server(start, tmp_path, many, number, is_stopped):
    # removing is slow, so that the training sends more while it goes on
    (tmp_path / "sitecustomize.py").write_text(
        "import shutil, time\nremove = shutil.rmtree\n"
        "shutil.rmtree = lambda *args, **more: (time.sleep(0.2), remove(*args, **more))\n"
    )
    server = start("--weights", random_weights(tmp_path / "weights.npz"), "--data", many, PYTHONDONTWRITEBYTECODE="1")
    server.post("/start", OPTIONS)
    news = server.news()
    until(news, lambda n: n.get("points"))
    if is_stopped:
        server.post("/threads", {"threads": 0})
    code, err = server.stop(number)  # with a client that looks on; when this returns, both processes have ended
    if number != signal.SIGKILL:
        assert code == 128 + number and err.startswith("pynn demo: interrupted") and err.count("\n") == 1
    assert list((tmp_path / "temporary").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sitecustomize.py", "temporary", "weights.npz"]


@pytest.fixture
def no_pictures(tmp_path):
    """Servers in tmp_path and their trainings find no matplotlib, whose pictures take a second."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['matplotlib'] = None\n")


def test_without_weights_it_trains_some_first_and_goes_on_if_stopped(start, tmp_path, many, no_pictures):
    server = start("--data", many)
    assert server.lines[0] == "no weights at pynn-run/weights.npz: the page shows how they are trained\n"
    until(server.news(), lambda n: n.get("validation"))
    server.stop()
    assert (tmp_path / "pynn-run" / "unfinished.npz").exists()
    server = start("--data", many)
    news = server.news()
    found = until(news, lambda n: n.get("points"))
    assert found["epoch"] >= 1 and found["points"][0][0] > 1 / 5
    assert found["epochs"] == 5 and server.post("/predict", b"\xff" * 280**2)[0] == 200  # by what there was


def train_all_but_the_results(data, folder):
    """Two epochs of `pynn train`, cut short where only the results are missing."""

    class Stop(keras.callbacks.Callback):
        def on_train_end(self, logs=None):
            raise KeyboardInterrupt

    line = ["train", "--data", data, "--output", str(folder), "--hidden", "8", "--epochs", "2"]
    with pytest.raises(KeyboardInterrupt):
        train(parser().parse_args(line), [Stop()])
    assert (folder / "unfinished.npz").exists()


def test_a_run_that_lacks_only_its_results_is_finished(start, tmp_path, many, no_pictures):
    train_all_but_the_results(many, tmp_path / "pynn-run")
    server = start("--data", many)
    assert until(server.news(), lambda n: n["networks"])["source"] == "the training, after epoch 2"
    finished = until(server.news(), lambda n: n["status"] != "running")
    assert finished["status"] == "finished" and finished["options"]["epochs"] == 2 and batches(finished) == 2 * 47
    assert server.post("/predict", b"\xff" * 280**2)[0] == 200
    server.stop()
    assert start("--data", many).lines[0].startswith("http")  # the weights are there now


@pytest.fixture
def begin(tmp_path, monkeypatch):
    """begin(data): a training in this process, of 50 epochs; it ends with the test."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    begun = []

    def begin(data, folder=None):
        begun.append(Training(data))
        begun[-1].start(1, SETS[0], 50, folder)
        return begun[-1]

    yield begin
    for training in begun:
        training.close()


def wait(training, wanted):
    end = time.monotonic() + BUDGET
    while not wanted(training.news):
        assert time.monotonic() < end
        time.sleep(0.01)
    return training.news


def test_pictures_that_are_no_squares_are_refused_before_the_training(begin, tmp_path):
    x, y = np.zeros((10, 8, 10), np.uint8), np.zeros(10, np.uint8)
    np.savez(tmp_path / "oblong.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    training = begin(str(tmp_path / "oblong.npz"), str(tmp_path / "run"))
    failed = wait(training, lambda n: n["status"] != "running")
    assert failed["error"].startswith("the pictures have 80 pixels, which are no square")
    assert list((tmp_path / "run").glob("*.npz")) == [] and not training.network


def test_an_unfinished_run_of_other_data_says_what_to_do(begin, tmp_path, many):
    x, y = np.zeros((10, 8, 8), np.uint8), np.zeros(10, np.uint8)
    np.savez(tmp_path / "few.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    train_all_but_the_results(str(tmp_path / "few.npz"), tmp_path)
    failed = wait(begin(many, str(tmp_path)), lambda n: n["status"] != "running")
    assert failed["error"].endswith(f"give its --data, or move {tmp_path / 'unfinished.npz'} away")


def test_whatever_goes_wrong_a_training_ends_in_a_status(begin, monkeypatch, many):
    def broken(self, path, source):
        raise KeyError("epoch")

    complaints = []
    monkeypatch.setattr("threading.excepthook", complaints.append)
    monkeypatch.setattr(Training, "use", broken)
    training = begin(many)
    assert "exit code" in wait(training, lambda n: n["status"] != "running")["error"]
    assert training.news["status"] == "failed" and training._process.poll() is not None
    end = time.monotonic() + BUDGET
    while not complaints and time.monotonic() < end:
        time.sleep(0.01)
    assert [complaint.exc_type for complaint in complaints] == [KeyError]


def test_without_room_for_another_training_a_stopped_one_goes_on(begin, tmp_path, monkeypatch, many):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    training = begin(many)
    wait(training, lambda n: n.get("points"))
    training.send(0)
    for name in ("tempfile.TemporaryDirectory", "subprocess.Popen"):
        with monkeypatch.context() as patch, pytest.raises(UserError, match=f"start .*{os.strerror(errno.ENOSPC)}"):
            patch.setattr(name, full)
            training.start(1, SETS[0], 1)
    assert training.news["status"] == "stopped" and len(list(tmp_path.glob("pynn-demo-*"))) == 1
    before = batches(training.news)
    training.send(1)
    wait(training, lambda n: batches(n) > before + 1)


def test_what_cannot_be_trained_on_is_told(start, tmp_path):
    server = start("--data", "no.npz")
    failed = until(server.news(), lambda n: n["status"] == "failed")
    assert failed["error"].startswith(f"{tmp_path / 'no.npz'}: ")
    assert server.post("/predict", b"\xff" * 280**2)[0] == 503


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="/proc tells a process's parent and environment")
def test_it_has_the_instruction_set_and_if_killed_that_is_told(server):
    server.post("/start", OPTIONS)
    news = server.news()
    until(news, lambda n: n.get("points"))
    parents = {path.parent: path.read_text().rpartition(")")[2].split()[1] for path in processes() if path.exists()}
    (child,) = [folder for folder, parent in parents.items() if parent == str(server.process.pid)]
    assert f"KERNELS_ISA={SETS[0]}\0" in (child / "environ").read_text()
    os.kill(int(child.name), signal.SIGKILL)
    assert "exit code -9" in until(news, lambda n: n["status"] == "failed")["error"]
    news.close()
    assert server.post("/start", OPTIONS)[0] == 200


def processes():
    return Path("/proc").glob("[0-9]*/stat")
