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
from ..results import UNFINISHED, WEIGHTS
from .network import Network

_PATIENCE = 5.0  # seconds for the process to end by itself


class Run:
    """One training and what it has told so far. status: "running", "stopped", "finished" or "failed"."""

    def __init__(self, folder: str, options: dict[str, Any], arguments: list[str]) -> None:
        self.folder, self.options, self.status, self.version = Path(folder), options, "running", 0
        self.points: list[list[float | None]] = []  # loss and accuracy after each batch
        self.validation: list[list[float | None]] = []
        self.units: list[str] = []
        self.now: dict[str, Any] = {}  # first, epoch, epochs, steps, seconds, error
        # the same packages as here, whatever folder this was started in
        path = os.pathsep.join(map(os.path.abspath, sys.path))
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"{__package__}.live", "--output", folder, *arguments],
            env={**os.environ, "PYTHONPATH": path, "KERNELS_ISA": options["isa"]},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            start_new_session=True,  # a terminal's Ctrl-C is for the server, which ends it
        )  # fmt: skip

    def take(self, fields: dict[str, Any]) -> None:
        """One message of the process."""
        self.points += fields.pop("points", [])
        self.units = fields.pop("units", self.units)
        self.validation += [fields.pop("validation")] if "validation" in fields else []
        self.now = {"first": fields.get("epoch", 0), **self.now, **fields}
        if "error" in fields or "finished" in fields:
            self.status = "failed" if "error" in fields else "finished"
        self.version += 1

    def tell(self, threads: int) -> None:
        """Go on with so many threads, or 0: stop."""
        if self.status in ("running", "stopped"):
            with suppress(BrokenPipeError):
                print(threads, file=self.process.stdin, flush=True)
            self.status = "running" if threads else "stopped"
            self.options["threads"] = threads or self.options["threads"]
            self.version += 1

    def end(self) -> None:
        with suppress(BrokenPipeError):
            self.process.stdin.close()  # type: ignore[union-attr]
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Training:
    """What runs now, or ran last, and `network`, which is of the last epoch that was finished; `source` says which."""

    def __init__(self, data: str | None) -> None:
        self.run: Run | None = None
        self.network: Network | None = None
        self.source = ""
        self._data, self._folder = ["--data", data] if data else [], tempfile.TemporaryDirectory(prefix="pynn-demo-")
        self._alone = threading.Lock()

    def use(self, path: Path, source: str) -> None:
        """UserError: there are no such weights there."""
        self.network, self.source = Network(path), source

    def start(self, threads: int, isa: str, epochs: int, folder: str | None = None) -> bool:
        """Whether there was no training running. folder: for its results, in place of one that is removed at the end.

        A stopped one ends. An unfinished run of `pynn train` in `folder` is gone on with.
        """
        with self._alone:
            if self.run:
                if self.run.status == "running":
                    return False
                self.run.end()
            resume = ["--resume"] if folder and (Path(folder) / UNFINISHED).exists() else ["--epochs", str(epochs)]
            options = {"threads": threads, "isa": isa, "epochs": epochs}
            arguments = ["--threads", str(threads), *resume, *self._data]
            self.run = Run(folder or tempfile.mkdtemp(dir=self._folder.name), options, arguments)
            threading.Thread(target=self._follow, args=[self.run], daemon=True).start()
            return True

    def _follow(self, run: Run) -> None:
        with suppress(ValueError):  # a line that was cut off as the process ended
            for line in run.process.stdout or ():
                run.take(self._used(run, json.loads(line)))
        code = run.process.wait()
        if run.status in ("running", "stopped"):
            run.take({"error": f"the training's process has ended with exit code {code}"})

    def _used(self, run: Run, fields: dict[str, Any]) -> dict[str, Any]:
        """The message, or the error that its weights cannot be used."""
        try:
            if "finished" in fields:
                self.use(run.folder / WEIGHTS, "the training that has finished")
            elif "validation" in fields:
                with suppress(UserError):  # after the last epoch WEIGHTS takes the file's place
                    self.use(run.folder / UNFINISHED, f"epoch {run.now['epoch'] + 1} of the training under way")
        except UserError as error:
            return {"error": str(error)}
        return fields

    def tell(self, threads: int) -> None:
        if self.run:
            self.run.tell(threads)

    def close(self) -> None:
        """Ends the process, and removes what it left."""
        with self._alone:
            if self.run:
                self.run.end()
            self._folder.cleanup()
