"""Contestants in processes of their own, which take turns: the thread pools of two libraries in one process share CPUs.

Each worker computes with one library, keeps its state, does one request at a time and sleeps in between; it answers
only when its own threads have stopped spinning. This module run by itself is the worker's side. As a module of
pynn.bench it imports pynn and `kernels` in every worker: their OpenMP library is loaded beside PyTorch's and JAX's, but
starts no thread there.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from pynn.cli.checks import one_line

from .progress import note, progress
from .quiet import Neighbours, cpus, scattered, settle

LONGEST = 300  # seconds that a worker may take to answer
BENCH = __package__.rpartition(".")[0]  # the package that contestants are named in
# Read by OpenMP, OpenBLAS, MKL and Numba when they are loaded, so set before the worker starts.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
QUIET_VARIABLES = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}


@dataclass(frozen=True)
class Library:
    """Who takes part: the package it needs, and the class, "peers.torch:Torch", that its worker makes an object of."""

    package: str
    code: str
    # Its callers compute along with its pool's threads (OpenMP, OpenBLAS), so each thread gets a CPU for a timed turn;
    # see quiet.scattered, without which PyTorch's sum of 1e5 floats takes 500 us instead of 10 after a pause.
    scattered: bool = True


@dataclass(frozen=True)
class Reply:
    """What the method returned, the seconds it took, and what other processes took of the CPUs meanwhile."""

    value: Any
    seconds: float
    share: float
    disturbed: bool


def confined(n: int) -> dict[str, str]:
    """The environment of a process of n threads. Its CPUs are set by `confine`, before it imports a library."""
    return {**os.environ, **QUIET_VARIABLES, **dict.fromkeys(THREAD_VARIABLES, str(n))}


def confine(n: int) -> None:
    """n of our CPUs, the last ones (the first serves more interrupts): XLA makes a thread for each CPU it may use."""
    if n < len(cpus()) and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(cpus())[-n:])


class WorkerFailed(Exception):
    """A contestant could not be made, or failed; the message says whose and how, in one line."""

    def __init__(self, name: str, how: str) -> None:
        super().__init__(one_line(f"{name}: {how}"))
        self.name = name


class Worker:
    """The parent's side: starts the process and the contestant, `Class(*arguments)`, in it."""

    def __init__(self, name: str, contestant: Library, threads: int, *arguments: Any) -> None:
        self.name, self._scattered = name, contestant.scattered
        # What the libraries log is shown only if the worker dies.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed by close
        self._pipe, theirs = Pipe()
        # -P: the current folder may be a source tree, whose kernels/ would hide the installed one
        command = [sys.executable, "-P", "-m", __name__, str(theirs.fileno()), str(threads)]
        self._process = subprocess.Popen(
            command, env=confined(threads), pass_fds=[theirs.fileno()], stdout=self._errors, stderr=self._errors
        )
        theirs.close()  # else the end of the worker would not end the pipe
        try:
            self.version = self._ask(contestant.code, arguments, False).value
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
            if not self._pipe.poll(LONGEST):
                self._process.kill()
                raise WorkerFailed(self.name, f"it has not answered for {LONGEST} seconds")
            reply = self._pipe.recv()
        except (EOFError, OSError):
            status = self._process.wait()
            self._errors.seek(0)
            lines = self._errors.read().decode(errors="replace").split("\n")
            last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
            raise WorkerFailed(self.name, f"its process ended with status {status}: {last}") from None
        if isinstance(reply, str):
            raise WorkerFailed(self.name, reply)
        return reply

    def close(self) -> None:
        self._pipe.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()


@contextmanager
def started(
    contestants: dict[str, Library], threads: int, *arguments: Any, notes: list[str]
) -> Iterator[dict[str, Worker]]:
    """Name -> worker, of those whose package is installed and starts; `notes` gets who is left out, and why."""
    workers: dict[str, Worker] = {}
    try:
        for name, contestant in contestants.items():
            if find_spec(contestant.package) is None:
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


def serve(pipe: Connection, threads: int) -> None:
    """The worker's side: makes the contestant, then answers requests until the parent closes the pipe."""
    confine(threads)
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
                    module, _, name = what.partition(":")
                    contestant = getattr(importlib.import_module(f"{BENCH}.{module}"), name)(*arguments)
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


if __name__ == "__main__":
    # what is pickled must belong to the module, not to __main__
    importlib.import_module(f"{BENCH}.measure.workers").serve(Connection(int(sys.argv[1])), int(sys.argv[2]))
