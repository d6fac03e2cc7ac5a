"""The command `pynn demo`: where it listens, what it opens, and what it refuses in one line."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from demo_server import BUDGET, random_weights

from pynn.cli.checks import UserError
from pynn.cli.demo import command
from pynn.cli.main import main


def test_a_browser_that_runs_in_the_terminal_is_served(start, tmp_path):
    code = "import sys, urllib.request as u; open('page', 'wb').write(u.urlopen(sys.argv[1]).read())"
    server = start("--weights", random_weights(tmp_path / "weights.npz"), BROWSER=f'{sys.executable} -c "{code}" %s')
    assert server.ask("GET", "/settings")[0] == 200
    end = time.monotonic() + BUDGET
    while not (tmp_path / "page").exists() or b"pynn demo" not in (tmp_path / "page").read_bytes():
        assert time.monotonic() < end
        time.sleep(0.02)


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
    assert_one_line("demo", "cannot listen at", "give a --host")


def test_it_listens_at_the_first_number_of_a_name_that_is_here(monkeypatch):
    def numbers(*found):
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, 1, 6, "", to) for to in found])

    numbers(("192.0.2.1", 0), ("127.0.0.1", 0))
    with command._listening("name", 0) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        numbers(("127.0.0.1", port), ("127.0.0.2", port))  # whoever opens the name's first number is answered there
        with pytest.raises(UserError, match="another --port"):
            command._listening("name", port)


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="/proc tells the numbers of network interfaces")
def test_a_number_of_one_interface_is_had_with_its_name():
    lines = [line.split() for line in Path("/proc/net/if_inet6").read_text().splitlines()]
    for number, *_, interface in lines:
        host = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(number))
        with command._listening(f"{host}%{interface}" if host.startswith("fe80:") else host, 0) as listener:
            assert listener.getsockname()[0].partition("%")[0] == host


def test_other_hosts_are_warned_of(start, tmp_path):
    server = start("--weights", random_weights(tmp_path / "weights.npz"), "--host", "0.0.0.0")
    assert server.ask("GET", "/settings")[0] == 200
    assert server.ask("GET", "/settings", headers={"Host": "evil.example"})[0] == 421
    assert not server.address.startswith("http://0.0.0.0")
    with socket.create_connection((server.address.removeprefix("http://").partition(":")[0], server.port)):
        pass
    _, err = server.stop()
    assert err.startswith("pynn demo: warning: --host 0.0.0.0: ")


def test_weights_that_fit_no_square_or_overflow_are_refused(tmp_path, assert_one_line):
    for pixels, scale, words in ((780, 1, "no square"), (784, 1e37, "gives NaN"), (784, np.nan, "gives NaN")):
        weights = random_weights(tmp_path / "weights.npz", pixels, scale)
        assert main(["demo", "--weights", weights, "--no-browser"]) == 2
        assert_one_line("demo", words)
    assert main(["demo", "--weights", "no.npz", "--no-browser"]) == 2
    assert_one_line("demo", "no weights at no.npz")


def test_a_missing_extra_is_named(run_python):
    done = run_python("""
import sys
from pynn.cli.main import main

class Without:
    def find_spec(name, path=None, target=None):
        if name == missing:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Without)
for missing in ("PIL", "uvicorn", "starlette"):  # as they are imported
    assert not any(name.partition(".")[0] == missing for name in sys.modules)
    assert main(["demo", "--no-browser", "--port", "0"]) == 2""")
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("pynn demo: error: the page needs the extra `demo`: pip install") for line in lines)
