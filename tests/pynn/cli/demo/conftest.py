"""One server for many tests, and what it trains on; the tests may import the helpers beside them and in tests/bench."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[3] / "bench")]

from demo_server import Server, random_weights  # noqa: E402  from the folder that was added


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of pictures that takes seconds to train on."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (6000, 28, 28), np.uint8), rng.integers(0, 10, 6000, np.uint8)
    path = tmp_path_factory.mktemp("many") / "many.npz"
    np.savez(path, x_train=x, y_train=y, x_test=x[:10], y_test=y[:10])
    return str(path)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, many: str) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("demo")
    started = Server(folder, "--weights", random_weights(folder / "weights.npz"), "--data", many)
    yield started
    assert started.process.poll() is None  # nothing that was asked has ended it
    code, err = started.stop()
    assert (code, err) == (130, "pynn demo: interrupted\n")  # and nothing else was complained of
    assert list((folder / "temporary").iterdir()) == []


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """start(*arguments, **variables): a server in tmp_path; it ends with the test."""
    servers = []

    def start(*arguments: str, **variables: str) -> Server:
        servers.append(Server(tmp_path, *arguments, **variables))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)
        server.process.stdout.close()
        server.process.stderr.close()
