"""The training under way, in a process of its own and seen by all clients, and the network that it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..checks import UserError
from ..results import UNFINISHED
from .network import Network

_PATIENCE = 5.0  # seconds for the process to end by itself


class Training:
    """One at a time.

    news: what clients see: "status", which is running, stopped, finished or failed, "options", "error", and what
        `live.Live` tells; `version` counts its changes.
    network: of the given weights, or of the last epoch that was finished; `source` says which; None: of none yet.
    """

    def __init__(self, data: str | None) -> None:
        self.network: Network | None = None
        self.news: dict[str, Any] = {}
        self.source, self.version = "", 0
        self._data, self._folder = ["--data", data] if data else [], tempfile.TemporaryDirectory(prefix="pynn-demo-")
        self._process: subprocess.Popen[str] | None = None
        self._alone = threading.Lock()  # for whoever changes the process or the news

    def use(self, path: str | Path, source: str) -> None:
        """UserError: there are no such weights there."""
        self.network, self.source = Network(path), source

    def start(self, threads: int, isa: str, epochs: int, folder: str | None = None) -> bool:
        """Whether none was running; a stopped one ends.

        folder: for its results, where an unfinished run of `pynn train` is gone on with; without, they are not kept.
        """
        with self._alone:
            if self.news.get("status") == "running":
                return False
            self._end()
            more = ["--resume"] if folder and (Path(folder) / UNFINISHED).exists() else ["--epochs", str(epochs)]
            output = folder or tempfile.mkdtemp(dir=self._folder.name)
            arguments = ["--output", output, "--threads", str(threads), *more, *self._data]
            path = os.pathsep.join(map(os.path.abspath, sys.path))  # the same packages, whatever folder this runs in
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", f"{__package__}.live", *arguments],
                env={**os.environ, "PYTHONPATH": path, "KERNELS_ISA": isa},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                start_new_session=True,  # a terminal's Ctrl-C is for the server, which ends it
            )  # fmt: skip
            self.news = {}
            self._change(status="running", options={"threads": threads, "isa": isa, "epochs": epochs})
            threading.Thread(target=self._follow, args=[self._process], daemon=True).start()
            return True

    def tell(self, threads: int) -> None:
        """Go on with so many threads, or 0: stop."""
        with self._alone, suppress(BrokenPipeError):
            if self._process and self.news["status"] in ("running", "stopped"):
                print(threads, file=self._process.stdin, flush=True)
                options = self.news["options"] | ({"threads": threads} if threads else {})
                self._change(status="running" if threads else "stopped", options=options)

    def _follow(self, process: subprocess.Popen[str]) -> None:
        with suppress(ValueError):  # a line that was cut off as the process ended
            for line in process.stdout or ():
                self._take(process, json.loads(line))
        code = process.wait()
        if self.news["status"] in ("running", "stopped"):
            about = f"the training's process has ended with exit code {code}"
            self._take(process, {"status": "failed", "error": about})

    def _take(self, process: subprocess.Popen[str], news: dict[str, Any]) -> None:
        with self._alone:
            if process is not self._process:
                return
            if "weights" in news:
                try:
                    self.use(news.pop("weights"), f"the training, after epoch {news['epoch'] + 1}")
                except UserError as error:
                    news |= {"status": "failed", "error": str(error)}
            self._change(**news)

    def _change(self, **news: Any) -> None:
        self.news = self.news | news
        self.version += 1

    def _end(self) -> None:
        if self._process:
            with suppress(BrokenPipeError):
                self._process.stdin.close()  # type: ignore[union-attr]
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def close(self) -> None:
        """Ends the process, and removes what is not kept."""
        with self._alone:
            self._end()
            self._folder.cleanup()
