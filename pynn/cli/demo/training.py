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
_ENDS = "finished", "failed"


class Training:
    """One at a time.

    network: of the given weights, or of the last epoch that was finished; None: of none yet.
    news: what clients see, a new dictionary after each change: "source", which network it is, and "networks", how many
        there were; "status", which is running, stopped, finished or failed, "options", "error", what `live.Live` sends.
    """

    def __init__(self, data: str | None) -> None:
        self.network: Network | None = None
        self.news: dict[str, Any] = {"source": "", "networks": 0}
        self._data = ["--data", data] if data else []
        self._process: subprocess.Popen[str] | None = None
        self._temporary: tempfile.TemporaryDirectory[str]  # for what it leaves that is not kept
        self._alone = threading.Lock()  # for whoever changes the process or the news

    def use(self, path: str | Path, source: str) -> None:
        """UserError: there are no such weights there."""
        self.network = Network(path)
        self.news = self.news | {"source": source, "networks": self.news["networks"] + 1}

    def start(self, threads: int, isa: str, epochs: int, folder: str | None = None) -> bool:
        """Whether none was running; a stopped one ends.

        folder: for its results, where an unfinished run of `pynn train` is gone on with; without, they are not kept.
        UserError: the machine has no room for it. One that is stopped is still there then.
        """
        with self._alone:
            if self.news.get("status") == "running":
                return False
            more = ["--resume"] if folder and (Path(folder) / UNFINISHED).exists() else ["--epochs", str(epochs)]
            path = os.pathsep.join(map(os.path.abspath, sys.path))  # the same packages, whatever folder this runs in
            try:
                temporary = tempfile.TemporaryDirectory(prefix="pynn-demo-", ignore_cleanup_errors=True)
                arguments = ["--output", folder or temporary.name, "--threads", str(threads), *more, *self._data]
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", f"{__package__}.live", temporary.name, *arguments],
                    env={**os.environ, "PYTHONPATH": path, "KERNELS_ISA": isa},
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                    start_new_session=True,  # a terminal's signals are for the server, which ends it
                )  # fmt: skip
            except OSError as error:
                raise UserError(f"cannot start a training: {error.strerror}") from None
            self._end()
            self._process, self._temporary = process, temporary
            options = {"threads": threads, "isa": isa, "epochs": epochs}
            known = {name: self.news[name] for name in ("source", "networks")}
            self.news = known | {"status": "running", "options": options}
            threading.Thread(target=self._follow, args=[process], daemon=True).start()
            return True

    def send(self, threads: int) -> None:
        """Go on with so many threads, or 0: stop."""
        with self._alone, suppress(BrokenPipeError):
            if self._process and self.news["status"] in ("running", "stopped"):
                print(threads, file=self._process.stdin, flush=True)
                options = self.news["options"] | ({"threads": threads} if threads else {})
                self.news = self.news | {"status": "running" if threads else "stopped", "options": options}

    def _follow(self, process: subprocess.Popen[str]) -> None:
        try:
            for line in process.stdout or ():
                if line.endswith("\n"):  # else it was cut off as the process ended
                    self._update(process, json.loads(line))
        except Exception:
            process.kill()  # nobody would see it
            raise
        finally:
            error = f"the training's process has ended with exit code {process.wait()}"
            self._update(process, {"status": "failed", "error": error})

    def _update(self, process: subprocess.Popen[str], news: dict[str, Any]) -> None:
        """Nothing follows the end of a training, and nothing of an earlier one is news."""
        with self._alone:
            if process is not self._process or self.news["status"] in _ENDS:
                return
            if "weights" in news:
                path = news.pop("weights")
                try:
                    self.use(path, f"the training, after epoch {news['epoch'] + 1}")
                except UserError as error:
                    if os.path.exists(path):  # else the training is ahead, and the next are there
                        news |= {"status": "failed", "error": str(error)}
            if "epochs" in news:  # those of an unfinished run may be others
                news["options"] = self.news["options"] | {"epochs": news["epochs"]}
            self.news = self.news | news
            if self.news["status"] in _ENDS:
                self._end()

    def _end(self) -> None:
        if self._process:
            with suppress(BrokenPipeError):
                self._process.stdin.close()  # type: ignore[union-attr]
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._temporary.cleanup()

    def close(self) -> None:
        """Ends the process, and removes what is not kept."""
        with self._alone:
            self._end()
