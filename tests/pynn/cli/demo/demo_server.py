"""A server of the demo as users start it, in a process; and what asks it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kernels
from pynn.cli.train import network

BUDGET = 60.0 * float(os.environ.get("PATIENCE", "1"))  # seconds for one answer


class Server:
    """`pynn demo` with more arguments and environment variables, in a folder; with BROWSER it opens one."""

    def __init__(self, folder: Path, *arguments: str, **more: str) -> None:
        temporary = folder / "temporary"
        temporary.mkdir(exist_ok=True)
        packages = Path(kernels.__file__).resolve().parents[1]
        variables = {"PYTHONPATH": os.pathsep.join(map(str, (folder, packages))), "TMPDIR": str(temporary), **more}
        options = ["--port", "0", *["--no-browser"] * ("BROWSER" not in more), *arguments]
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pynn", "demo", *options],
            cwd=folder, env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        watch = threading.Timer(BUDGET, self.process.kill)
        watch.start()
        self.lines = []
        while not (self.lines and self.lines[-1].startswith("http")):
            self.lines.append(self.process.stdout.readline())
            assert self.lines[-1], self.process.communicate()
        watch.cancel()
        self.address = self.lines[-1].split()[0]
        self.port = int(self.address.rstrip("/").rpartition(":")[2])

    @property
    def own(self) -> dict[str, str]:
        """The header that a browser sends for the page's own scripts."""
        return {"Origin": f"http://127.0.0.1:{self.port}"}

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=BUDGET)

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = self.connect()
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        """The status and the JSON of the answer; bytes are a drawing, anything else is JSON."""
        is_drawing = isinstance(body, bytes)
        kind = "application/octet-stream" if is_drawing else "application/json"
        content = body if is_drawing else json.dumps(body)
        status, _, text = self.ask("POST", path, content, {"Content-Type": kind, **self.own})
        return status, json.loads(text)

    def news(self) -> Iterator[dict[str, Any]]:
        """What the stream of events tells, as long as the generator lives."""
        connection = self.connect()
        connection.request("GET", "/events")
        with connection.getresponse() as answer:
            try:
                while line := answer.readline():
                    if line.startswith(b"data: "):
                        yield json.loads(line.removeprefix(b"data: "))
            finally:
                connection.close()

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """The exit code, and standard error, which ends only when the process of a training has ended, too."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=BUDGET)
        return self.process.returncode, err


def random_weights(path: Path, pixels: int = 784, scale: float = 1.0) -> str:
    model = network(pixels, 16, 10)
    model.set_weights([scale * w for w in model.get_weights()])
    model.save_weights(path)
    return str(path)
