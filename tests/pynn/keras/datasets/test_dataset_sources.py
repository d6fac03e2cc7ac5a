"""Mirrors and package clients, played by a server on the loopback and by a script: no network."""

import gzip
import http.server
import io
import os
import struct
import threading

import numpy as np
import pytest

from pynn.keras.datasets import _archive, _sources
from pynn.keras.datasets.idx import IDX_NAMES as NAMES

rng = np.random.default_rng(0)
ARRAYS = tuple(rng.integers(0, 10, shape, np.uint8) for shape in [(20, 28, 28), 20, (7, 28, 28), 7])


def idx(array):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def npz():
    np.savez(buffer := io.BytesIO(), **dict(zip(_archive.KEYS, ARRAYS, strict=True)))
    return buffer.getvalue()


@pytest.fixture
def server():
    files = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(200 if self.path in files else 404)
            self.end_headers()

        def do_GET(self):
            self.do_HEAD()
            self.wfile.write(files.get(self.path, b""))

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", files
        running.shutdown()
        thread.join()


def test_mirrors(server, capsys, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    url, files = server
    files["/keras/mnist.npz"] = npz()
    for name, array in zip(NAMES, ARRAYS, strict=True):
        files[f"/idx/{name}.gz"] = gzip.compress(idx(array))
    files[f"/part/{NAMES[0]}.gz"] = gzip.compress(idx(ARRAYS[0]))
    files["/bad/mnist.npz"] = b"<html>login first</html>"
    found = list(
        _sources.mirrors(
            [
                ["http://127.0.0.1:9/mnist.npz"],
                [f"{url}/none/mnist.npz"],
                [f"{url}/bad/mnist.npz"],
                _sources.idx_urls(f"{url}/part"),
                [f"{url}/keras/mnist.npz"],
                _sources.idx_urls(f"{url}/idx"),
            ]
        )
    )
    reasons = []
    for broken in found[:4]:
        with pytest.raises((OSError, ValueError)) as error:
            broken.fetch()
        reasons.append(_sources.reason(error.value))
    assert reasons[:2] == ["cannot be reached", "HTTP 404"]
    assert reasons[2].startswith("mnist.npz: File is not a zip file")
    assert reasons[3] == "HTTP 404"
    capsys.readouterr()
    for good in found[4:]:
        for got, expected in zip(good.fetch(), ARRAYS, strict=True):
            np.testing.assert_array_equal(got, expected)
    assert [line.split(" from ")[1] for line in capsys.readouterr().err.splitlines()] == ["127.0.0.1"] * 2


def test_mirror_that_sends_too_much(server, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    url, files = server
    files["/mnist.npz"] = npz()
    monkeypatch.setattr(_sources, "_DOWNLOAD_BYTES", 1000)
    (mirror,) = _sources.mirrors([[f"{url}/mnist.npz"]])
    with pytest.raises(OSError, match="sends more than 1000 bytes"):
        mirror.fetch()


def test_mirrors_that_hang_are_given_up_together(monkeypatch):
    import requests

    stop = threading.Event()

    def hang(*args, **kwargs):
        stop.wait()
        raise OSError("stopped")

    monkeypatch.setattr(requests, "head", hang)
    monkeypatch.setattr(_sources, "_ANSWER_SECONDS", 0.05)
    found = list(_sources.mirrors([[f"http://a{i}/mnist.npz"] for i in range(8)]))  # returns while all hang
    hanging = [thread for thread in threading.enumerate() if "(ask)" in thread.name]
    assert len(hanging) == 8 and all(thread.daemon for thread in hanging)  # else Python would wait for them
    stop.set()
    for mirror in found:
        with pytest.raises(OSError, match="no answer in time"):
            mirror.fetch()


def test_package_clients(tmp_path, monkeypatch, capsys):
    seen = []

    def decode(file):
        seen.append(file)
        return file.read_bytes()

    def client(text):
        script = tmp_path / "client"
        script.write_text(f"#!/bin/sh\n{text}\n")
        script.chmod(0o755)

    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    made = _sources.package("client", ["get", "name==1"], decode)
    assert made.label == "client: name==1"
    client('echo "$*" > "$2.whl"')
    assert made.fetch() == b"get name==1\n"
    assert not seen[0].parent.exists()  # its folder is gone
    assert capsys.readouterr().err == "pynn: fetching name==1 with client\n"
    with monkeypatch.context() as patch:
        patch.setattr(_sources, "_DOWNLOAD_BYTES", 11)
        with pytest.raises(OSError, match="left 1 files, or one that is too large"):
            made.fetch()
    client("echo 'npm warn x' >&2; echo 'npm error code E404' >&2; echo more >&2; exit 1")
    with pytest.raises(OSError, match=r"^npm error code E404$"):
        made.fetch()
    client("exit 3")
    with pytest.raises(OSError, match=r"^failed$"):
        made.fetch()
    client("exit 0")
    with pytest.raises(OSError, match="left 0 files"):
        made.fetch()
    with pytest.raises(OSError, match="no-such-client is not installed"):
        _sources.package("no-such-client", ["x"], decode).fetch()
