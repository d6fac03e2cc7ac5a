"""Contestants in processes of their own, which take turns: the thread pools of two libraries in one process share CPUs.

Each worker computes with one library, keeps its state, does one request at a time and sleeps in between; it answers
only when its own threads have stopped spinning. As a module of pynn.bench this imports pynn and `kernels` in every
worker: their OpenMP library is loaded beside PyTorch's and JAX's, but starts no thread there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from importlib.metadata import distributions
from importlib.util import find_spec
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from pynn.cli.checks import one_line

from .process import Library, confine, confined
from .progress import note, progress
from .quiet import Neighbours, scattered, settle

LONGEST = 300  # seconds that a worker may take to answer
LAST = 1 << 16  # bytes of what it printed


@dataclass(frozen=True)
class Reply:
    """What the method returned, the seconds it took, and what other processes took of the CPUs meanwhile."""

    value: Any
    seconds: float
    share: float
    disturbed: bool


class WorkerFailed(Exception):
    """A contestant could not be made, or failed; the message says whose and how, in one line."""

    def __init__(self, name: str, how: str) -> None:
        super().__init__(one_line(f"{name}: {how}"))
        self.name = name


class Worker:
    """The parent's side: starts the process and the contestant, `make(*arguments)`, in it."""

    longest: float = LONGEST

    def __init__(self, name: str, contestant: Library, threads: int, *arguments: Any) -> None:
        self.name, self._scattered, self.threaded = name, contestant.scattered, contestant.threaded
        # What the libraries log is shown only if the worker dies.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed by close
        self._pipe, theirs = Pipe()
        # -P: the current folder may be a source tree, whose kernels/ would hide the installed one
        command = [sys.executable, "-P", "-c", f"from {__name__} import serve; serve({theirs.fileno()}, {threads})"]
        self._process = subprocess.Popen(
            command, env=confined(threads), pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=self._errors,
            stderr=self._errors, process_group=0,  # to end with it what it has started
        )  # fmt: skip
        theirs.close()  # else the end of the worker would not end the pipe
        try:
            self.version = self._ask(contestant.make, arguments, False).value
        except WorkerFailed:
            self.close()
            raise

    def call(self, method: str, *arguments: Any) -> Reply:
        """Not for timing. The first calls make a library's threads, which must not inherit a scattered caller's CPU."""
        return self._ask(method, arguments, False)

    def turn(self, method: str, *arguments: Any) -> Reply:
        return self._ask(method, arguments, self._scattered)

    def _ask(self, *request: Any) -> Reply:
        try:
            self._pipe.send(request)
            if not self._pipe.poll(self.longest):
                self._process.send_signal(signal.SIGABRT)  # where faulthandler is enabled, it says what it was doing
                raise WorkerFailed(self.name, self._ended(f"it has not answered for {self.longest:g} seconds"))
            reply = self._pipe.recv()
        except (EOFError, OSError):
            raise WorkerFailed(self.name, self._ended()) from None
        if isinstance(reply, str):
            raise WorkerFailed(self.name, reply)
        return reply

    def _ended(self, how: str = "") -> str:
        """How the process ended, and its last words."""
        status = self._wait()
        how = how or f"its process ended with {signal.Signals(-status).name if status < 0 else f'status {status}'}"
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - LAST))
        return f"{how}: {self._words(self._errors.read().decode(errors='replace'))}"

    def _words(self, said: str) -> str:
        return next((line.strip() for line in reversed(said.split("\n")) if line.strip()), "it said nothing")

    def _wait(self) -> int:
        try:
            return self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def close(self) -> None:
        self._pipe.close()
        try:
            self._wait()
        finally:  # also if Ctrl-C cuts that short
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._errors.close()


@contextmanager
def started(
    contestants: dict[str, Library], threads: int, *arguments: Any, notes: list[str]
) -> Iterator[dict[str, Worker]]:
    """Name -> worker, of those whose package is installed and starts; `notes` gets who is left out, and why."""
    workers: dict[str, Worker] = {}
    try:
        for name, contestant in contestants.items():
            if not (find_spec(contestant.package) or any(distributions(name=contestant.package))):  # or without modules
                note(notes, f"{name} is left out: {contestant.package} is not installed.")
                continue
            progress(f"starting {name}")
            try:
                workers[name] = Worker(name, contestant, threads, *arguments)
            except WorkerFailed as error:
                note(notes, f"Left out: {error}.")
        yield workers
    finally:
        progress("")
        for worker in workers.values():
            worker.close()


def serve(handle: int, threads: int) -> None:
    """The worker's side: makes the contestant, then answers requests until the parent closes the pipe."""
    confine(threads)
    pipe = Connection(handle)
    contestant: Any = None
    while True:
        try:
            what, arguments, scatter = pipe.recv()
        except EOFError:
            os._exit(0)  # without the seconds that some libraries take to say goodbye
        neighbours, start = Neighbours(), time.perf_counter()
        try:
            with scattered() if scatter else nullcontext():
                if contestant is None:
                    contestant = what(*arguments)
                    value = contestant.version
                else:
                    start = time.perf_counter()
                    value = getattr(contestant, what)(*arguments)
                seconds = time.perf_counter() - start
        except Exception as error:
            traceback.print_exc()
            pipe.send(f"{type(error).__name__}: {error}".partition("\n")[0])
            continue
        reply = Reply(value, seconds, neighbours.share, neighbours.disturbed)
        if threads > 1:
            settle()
        pipe.send(reply)
