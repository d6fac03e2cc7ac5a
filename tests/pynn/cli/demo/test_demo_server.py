"""The server of `pynn demo`: what it answers, what it refuses, and what it survives."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
from importlib.resources import files

import numpy as np
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from kernels.ladder import LADDER
from pynn.cli.checks import UserError
from pynn.cli.demo import guard
from pynn.cli.demo.network import CANVAS
from pynn.cli.demo.server import application
from pynn.cli.demo.training import Training
from pynn.cli.digit import centred
from pynn.cli.predict import trained

DRAWING = np.zeros((CANVAS, CANVAS), np.uint8)
DRAWING[40:220, 100:130] = DRAWING[40:70, 60:200] = 255
JSON = {"Content-Type": "application/json"}
BYTES = {"Content-Type": "application/octet-stream"}


def test_the_page_and_its_files_are_tied_to_this_server(server):
    status, headers, page = server.ask("GET", "/")
    assert status == 200 and headers["content-type"].startswith("text/html")
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "cross-origin-opener-policy" not in headers  # browsers complain of it where a page is not from https
    names = re.findall(r'(?:href|src)="([^"#]+)"', page.decode())
    folder = files("pynn.cli.demo") / "static"
    assert {"page.js", "page.css", "icon.svg"} <= set(names)
    for name in [path.name for path in folder.iterdir()]:
        status, headers, content = server.ask("GET", f"/{name}")
        assert status == 200 and content == (folder / name).read_bytes() and "content-security-policy" in headers


def test_a_drawing_is_answered_as_the_network_answers_it_centred(server):
    status, answer = server.post("/predict", DRAWING.tobytes())
    assert status == 200
    path = json.loads(json.dumps(next(server.news())))["source"]
    model, _, _ = trained(path)
    x = centred(DRAWING / np.float32(255), 28).reshape(1, -1)
    np.testing.assert_allclose(answer["probabilities"], model.predict(x, verbose=0)[0], rtol=1e-5)
    seen = np.frombuffer(base64.b64decode(answer["seen"]), np.uint8)
    np.testing.assert_array_equal(seen, (x[0] * 255).round())
    w, b = model.get_weights()[:2]
    h = np.maximum(x @ w + b, 0)[0]
    units = [unit["unit"] for unit in answer["units"]]
    assert len(units) == min(8, (h > 0).sum()) and units == np.argsort(-h)[: len(units)].tolist()
    np.testing.assert_allclose([unit["value"] for unit in answer["units"]], h[units], rtol=1e-5)
    column = w[:, units[0]]
    shown = np.frombuffer(base64.b64decode(answer["units"][0]["weights"]), np.uint8).astype(float)
    np.testing.assert_allclose((shown - 128) / 127 * np.abs(column).max(), column, atol=np.abs(column).max() / 250)


def test_every_rung_gives_the_same_answer_in_its_time(server):
    status, rungs = server.post("/rungs", DRAWING.tobytes())
    assert status == 200 and [rung["name"] for rung in rungs] == list(LADDER["dense"])
    assert len({rung["digit"] for rung in rungs}) == 1 and all(rung["distance"] < 1e-6 for rung in rungs)
    assert rungs[0]["seconds"] > 10 * rungs[-1]["seconds"] > 0


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{}", "127.0.0.1.evil.example", "", "localhost@a.b", "["]
)
def test_other_names_of_this_machine_are_refused(server, host):
    host = host.format(server.port)
    for method, path in (("GET", "/"), ("GET", "/events"), ("POST", "/predict")):
        headers = {"Host": host, "Origin": f"http://{host}"}
        status, _, content = server.ask(method, path, DRAWING.tobytes(), BYTES | headers)
        assert status in (400, 421) and (status == 400 or "start pynn demo with --host" in json.loads(content)["error"])


@pytest.mark.parametrize("host", ["localhost:{}", "127.0.0.1:{}", "[::1]:{}", "LOCALHOST"])
def test_its_own_names_pass(server, host):
    assert server.ask("GET", "/", headers={"Host": host.format(server.port)})[0] == 200


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:1", "https://127.0.0.1:{}"])
def test_other_pages_may_not_post(server, origin):
    headers = {} if origin is None else {"Origin": origin.format(server.port)}
    before = next(server.news())
    for path, kind, body in (("/predict", BYTES, DRAWING.tobytes()), ("/threads", JSON, '{"threads": 0}')):
        assert server.ask("POST", path, body, kind | headers)[0] == 403
    if origin:
        assert server.ask("GET", "/events", headers=headers)[0] == 403
    assert next(server.news()) == before


@pytest.mark.parametrize("body", [
    "", "{", "null", "[]", "1e999", '"threads"', "[" * 900, '{"threads":' * 80, '{"threads": NaN}', '{"threads": true}',
    '{"threads": -1}', '{"threads": 1.0}', '{"threads": "1"}', '{"threads": 4097}', '{"threads": [1]}', "9" * 900,
    '{"threads": 0, "more": 1}', '{"threads": ' + "9" * 900 + "}", b"\xff\xfe\x00",
    '{"threads": 1, "isa": "avx9", "epochs": 1}', '{"threads": 1, "isa": null, "epochs": 1}',
    '{"threads": 1, "isa": "baseline", "epochs": 1000000}', '{"threads": 1, "isa": "baseline", "epochs": "--help"}',
])  # fmt: skip
def test_malformed_commands_are_refused(server, body):
    before = next(server.news())
    for path in ("/start", "/threads"):
        status, _, content = server.ask("POST", path, body, JSON | server.own)
        assert status == 400 and json.loads(content)["error"]
    assert next(server.news()) == before


@pytest.mark.parametrize("size", [0, 1, CANVAS**2 - 1, CANVAS**2 + 1, 10 * CANVAS**2])
@pytest.mark.parametrize("path", ["/predict", "/rungs"])
def test_drawings_of_other_sizes_are_refused(server, path, size):
    assert server.post(path, b"\xff" * size)[0] == (413 if size > CANVAS**2 else 400)


def test_an_empty_board_is_no_drawing(server):
    assert server.post("/predict", bytes(CANVAS**2)) == (422, {"error": "nothing is drawn"})


def test_any_ink_is_answered(server):
    rng = np.random.default_rng(0)
    corner = np.zeros_like(DRAWING)
    corner[-1, -1] = 255
    for picture in (DRAWING | 255, corner, rng.integers(0, 256, DRAWING.shape, np.uint8), DRAWING // 2 + 1):
        status, answer = server.post("/predict", picture.tobytes())
        assert status == 200 and abs(sum(answer["probabilities"]) - 1) < 1e-5


def test_other_media_types_methods_and_paths_are_refused(server):
    own = server.own
    assert server.ask("POST", "/predict", DRAWING.tobytes(), own)[0] == 415
    assert server.ask("POST", "/threads", '{"threads": 0}', {"Content-Type": "text/plain", **own})[0] == 415
    assert server.ask("GET", "/predict")[0] == 404 and server.ask("PUT", "/start", "", own)[0] == 405
    for path in ("/no", "/../guard.py", "/%2e%2e/guard.py", "/..%2fguard.py", "//etc/passwd", "/static/"):
        assert server.ask("GET", path)[0] == 404


@pytest.mark.parametrize("kind", [BYTES, JSON])
def test_a_body_without_end_is_cut_off(server, kind):
    path = "/predict" if kind is BYTES else "/start"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        lines = {"Host": f"127.0.0.1:{server.port}", "Transfer-Encoding": "chunked", **kind, **server.own}
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        client.sendall(f"POST {path} HTTP/1.1\r\n{text}\r\n".encode())
        try:
            for _ in range(1000):
                client.sendall(b"10000\r\n" + bytes(1 << 16) + b"\r\n")
            raise AssertionError("it has read 64 MB")
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert server.ask("GET", "/settings")[0] == 200


@pytest.mark.parametrize("sent", [
    b"", b"\0" * 100, b"GET", b"GET / HTTP/1.1\r\nHost: ", b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Le",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
    b"Content-Type: application/octet-stream\r\nContent-Length: 78400\r\n\r\nabc",
    b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /" + b"a" * 100_000, b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
])  # fmt: skip
def test_clients_that_hang_up_hurt_nobody(server, sent):
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
            client.sendall(sent)
    assert server.post("/predict", DRAWING.tobytes())[0] == 200  # `server` sees that nothing was complained of


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(guard, "_PATIENCE", 0.01)

    async def receive():
        await asyncio.sleep(0.001)
        return {"type": "http.request", "body": b"{", "more_body": True}

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", b"application/json")]}
    with pytest.raises(HTTPException) as refused:
        asyncio.run(guard.body(Request(scope, receive), "application/json", 1000))
    assert refused.value.status_code == 408


def test_a_training_that_cannot_be_started_is_told(monkeypatch):
    def start(self, **options):
        raise UserError("cannot start a training: No space left on device")

    async def receive():
        return {"type": "http.request", "body": json.dumps({"threads": 1, "isa": "baseline", "epochs": 1}).encode()}

    async def send(message):
        sent.append(message)

    sent = []
    monkeypatch.setattr(Training, "start", start)
    headers = {"host": "localhost", "origin": "http://localhost", "content-type": "application/json"}
    scope = {"type": "http", "method": "POST", "path": "/start", "query_string": b""}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(application(Training(None), "localhost", lambda: False)(scope, receive, send))
    assert sent[0]["status"] == 503
    assert json.loads(sent[1]["body"]) == {"error": "cannot start a training: No space left on device"}
