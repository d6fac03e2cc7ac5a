"""The training of `pynn demo`: a process that starts, stops, goes on, and ends with the server, however that ends."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import numpy as np
import pytest
from demo_server import BUDGET, Server, random_weights

import kernels
from pynn.cli.demo import command
from pynn.cli.main import main

SETS = kernels.show_config()["instruction sets available"]
OPTIONS = {"threads": 1, "isa": SETS[0], "epochs": 50}


def until(news, wanted):
    """The first news of which `wanted` is true."""
    return next(filter(wanted, news))


def batches(found):
    return found.get("epoch", 0) * found.get("steps", 0) + found.get("batch", -1) + 1


@pytest.fixture
def start(tmp_path):
    """start(*arguments): a server in tmp_path; it ends with the test."""
    servers = []

    def start(*arguments):
        servers.append(Server(tmp_path, *arguments))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)
        server.process.stdout.close()
        server.process.stderr.close()


def test_a_training_is_seen_stopped_and_gone_on_with(server):
    assert server.post("/start", OPTIONS) == (200, {})
    one = server.news()
    found = until(one, lambda n: n.get("points"))
    assert found["status"] == "running" and found["options"] == OPTIONS and found["steps"] == 47
    assert len(found["units"]) == 24 and 0 < found["points"][0][0] <= 1 and found["points"][0][1] > 0
    assert server.post("/start", OPTIONS) == (409, {"error": "a training is running: stop it first"})
    assert server.post("/threads", {"threads": 0}) == (200, {})
    until(one, lambda n: n["status"] == "stopped")
    stopped, before = next(server.news()), None
    while stopped != before:  # the batch under way
        time.sleep(0.3)
        stopped, before = next(server.news()), stopped
    assert stopped["status"] == "stopped"
    two = server.news()
    assert next(two) == stopped  # what a client that comes now sees, too
    assert server.post("/threads", {"threads": 1}) == (200, {})
    after = [until(news, lambda n: batches(n) > batches(stopped)) for news in (one, two)]
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
    news.close()


@pytest.mark.parametrize(
    ("number", "is_stopped"), [(signal.SIGINT, False), (signal.SIGKILL, False), (signal.SIGKILL, True)]
)
def test_no_training_outlives_the_server(start, tmp_path, many, number, is_stopped):
    server = start("--weights", random_weights(tmp_path / "weights.npz"), "--data", many)
    server.post("/start", OPTIONS)
    news = server.news()
    until(news, lambda n: n.get("points"))
    if is_stopped:
        server.post("/threads", {"threads": 0})
    begun = time.monotonic()
    code, err = server.stop(number)  # with a client that looks on
    assert time.monotonic() - begun < BUDGET / 12
    if number != signal.SIGKILL:
        assert code == 128 + number and err.startswith("pynn demo: interrupted") and err.count("\n") == 1
        assert list((tmp_path / "temporary").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["temporary", "weights.npz"]


def test_without_weights_it_trains_some_first_and_goes_on_if_stopped(start, tmp_path, many):
    server = start("--data", many)
    assert server.lines[0] == "no weights at pynn-run/weights.npz: the page shows how they are trained\n"
    until(server.news(), lambda n: n.get("validation"))
    server.stop()
    assert (tmp_path / "pynn-run" / "unfinished.npz").exists()
    server = start("--data", many)
    news = server.news()
    found = until(news, lambda n: n.get("points"))
    assert found["epoch"] >= 1 and found["points"][0][0] > 1 / 5
    finished = until(news, lambda n: n["status"] == "finished")
    assert finished["epochs"] == 5 and (tmp_path / "pynn-run" / "weights.npz").exists()
    assert server.post("/predict", b"\xff" * 280**2)[0] == 200
    server.stop()
    assert start("--data", many).lines[0].startswith("http")  # they are there now


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


def test_no_answer_waits_for_its_header():
    with command._listening("127.0.0.1", 0) as listener:
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_that_is_taken_is_one_line(tmp_path, assert_one_line):
    weights = random_weights(tmp_path / "weights.npz")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["demo", "--weights", weights, "--no-browser", "--port", port]) == 2
    assert_one_line("demo", port, "another --port")


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "a" * 300, "."])
def test_a_host_that_is_not_here_is_one_line(tmp_path, assert_one_line, host):
    weights = random_weights(tmp_path / "weights.npz")
    assert main(["demo", "--weights", weights, "--no-browser", "--port", "0", "--host", host]) == 2
    assert_one_line("demo", "cannot listen at")


def test_other_hosts_are_warned_of(start, tmp_path):
    server = start("--weights", random_weights(tmp_path / "weights.npz"), "--host", "0.0.0.0")
    assert server.ask("GET", "/about")[0] == 200
    assert server.ask("GET", "/about", headers={"Host": "evil.example"})[0] == 421
    _, err = server.stop()
    assert err.startswith("pynn demo: warning: --host 0.0.0.0: ")


def test_weights_that_fit_no_square_or_overflow_are_refused(tmp_path, assert_one_line):
    for pixels, scale, words in ((780, 1, "no square"), (784, 1e37, "gives NaN"), (784, np.nan, "gives NaN")):
        weights = random_weights(tmp_path / "weights.npz", pixels, scale)
        assert main(["demo", "--weights", weights, "--no-browser"]) == 2
        assert_one_line("demo", words)
    assert main(["demo", "--weights", "no.npz", "--no-browser"]) == 2
    assert_one_line("demo", "no weights at no.npz")


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "PIL"])
def test_a_missing_extra_is_named(run_python, missing):
    done = run_python(f"""
import sys

class Without:
    def find_spec(name, path=None, target=None):
        if name == {missing!r}:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Without)
from pynn.cli.main import main
sys.exit(main(["demo", "--no-browser", "--port", "0"]))""")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("pynn demo: error: the page needs the extra `demo`: pip install")
