"""A user's function among the contestants: checked and timed in a process of its own, as a library's operations are.

That process has a time limit for each request and a memory limit, so that what the function does is its own affair: if
it raises, is wrong, hangs or crashes, the run goes on, and its exit code is FAILED.
"""

from __future__ import annotations

import faulthandler
import os
import re
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..measure.cases import Case
from ..measure.process import Library
from ..measure.progress import note, progress
from ..measure.timing import first_guess, timer, turn
from ..measure.turns import Remote
from ..measure.workers import Worker
from ..results.tables import seconds
from .functions import Named, load
from .shown import Loop, Source, loop_of, sources_of
from .trials import Wrong, called, checked, resized, trials

if TYPE_CHECKING:
    from ..plan import Plan

FAILED = 1  # exit code
LONGEST = 60.0  # seconds of a request; the first one compiles
MEMORY = min(8 << 30, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)  # bytes
PRINTED = 1 << 28  # bytes of what it prints, and of each file
NOW = "now: "
SLOWEST = 1.0  # seconds of a call; sizes at which it takes longer are left out, as naive's are


@dataclass(frozen=True)
class Ready:
    once: float  # a first guess of a call's seconds
    error: float | None
    error_unit: str
    threaded: bool


@dataclass(frozen=True)
class LeftOut:
    why: str
    fault: bool = True  # the function's
    everywhere: bool = False  # not only at this size


class Function:
    """The function in its own process."""

    version: str

    def __init__(self, one: Named, memory: int) -> None:
        self.version, self.one, self.memory = one.text, one, memory
        self.tried: set[str] = set()
        self.forks = False  # has it?
        os.register_at_fork(before=partial(setattr, self, "forks", True))
        faulthandler.enable()  # a crash tells its line
        limit_memory(memory)

    def _load(self) -> None:
        if not hasattr(self, "function"):
            self._say("when loaded")
            self.module, self.function = load(self.one)

    def prepare(self, case: Case) -> Ready | LeftOut:
        everywhere = True
        try:
            self._load()
            if case.operation not in self.tried:
                for trial, nan in trials(case.operation):
                    self._say(f"{trial.title}{', with a NaN' * nan}")
                    checked(self.function, trial, nan)
                self.tried.add(case.operation)
            everywhere = False
            self._say(case.title)
            if (expected := _expected(self.function, case)) > SLOWEST:
                return LeftOut(f"{case.title}: a call would take about {seconds(expected).text}", fault=False)
            error, unit = checked(self.function, case) or (None, "")
            self.timer = timer(partial(called, self.function) if self.forks else self.function, case.inputs())
            self.once = first_guess(self.timer)
            return Ready(self.once, error, unit, _threaded(self.timer, self.once))
        except BaseException as raised:  # SystemExit, too, must not end this process
            return LeftOut(f"{self.now}: {self._told(raised)}", everywhere=everywhere)

    def _say(self, now: str) -> None:
        """What it is doing, for those who read the last words of this process."""
        self.now = now
        print(f"{NOW}{now}", file=sys.stderr, flush=True)

    def _told(self, error: BaseException) -> str:
        if isinstance(error, Wrong):
            return str(error)
        text = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}".removesuffix(": ")
        if isinstance(error, MemoryError):
            text = f"it takes more memory than {self.memory / 2**30:.3g} GiB"
        frames = traceback.extract_tb(error.__traceback__)
        for frame in reversed(frames):
            if Path(frame.filename).stem == self.one.module.rpartition(".")[2]:
                line = f", `{frame.line}`" if frame.line else ""
                return f"{text} ({Path(frame.filename).name}:{frame.lineno}{line})"
        return text

    def test(self, check: Callable[[Callable, ModuleType], None]) -> str:
        """What an exercise's check says is wrong with it, or ""."""
        try:
            self._load()
            check(self.function, self.module)
        except BaseException as error:
            return self._told(error)
        return ""

    def turn(self) -> float:
        """Seconds per call."""
        return turn(self.timer, self.once)

    def sources(self) -> list[Source]:
        self._load()
        return sources_of(self.one, self.function)

    def loop(self, operation: str) -> Loop | str:
        self._load()
        if hasattr(self.function, "overloads"):  # Numba compiles what is called
            checked(self.function, trials(operation)[0][0])
        return loop_of(self.one, self.module, self.function)


def limit_memory(most: int) -> None:
    """To so many bytes more than this process has now, no larger files, and none of what it had if it crashes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (PRINTED, resource.RLIM_INFINITY))
    with suppress(OSError, ValueError):  # not Linux: there is no limit
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + most, resource.RLIM_INFINITY))


def _expected(function: Callable, case: Case) -> float:
    """Seconds of a call, from one at a smaller size; 0 if none of those shows that it may pass the limit. Each is twice
    as long in every direction as the one before it, so that a call takes up to eight times as long."""
    for times in range(max(map(max, case.shapes)).bit_length() - 1, 0, -1):
        small = resized(case, lambda n, times=times: max(1, n >> times))  # type: ignore[misc]
        arguments, start = small.inputs(), time.perf_counter()
        called(function, *arguments)
        took = time.perf_counter() - start
        if 8 * took > SLOWEST:
            return took * case.steps / small.steps
    return 0.0


def _threaded(t: Any, once: float) -> bool:
    """Does it compute in other threads, too?"""
    cpu, own = time.process_time(), time.thread_time()
    t.timeit(max(1, int(0.02 / once)))
    return time.process_time() - cpu > 1.2 * (time.thread_time() - own)


class Own(Worker):
    """The parent's side."""

    def __init__(self, name: str, one: Named, threads: int) -> None:
        self.longest, self.file = LONGEST, Path(one.place).name
        super().__init__(name, Library("numpy", Function), threads, one, MEMORY)

    def _words(self, said: str) -> str:
        """Of a crash: what it was doing, and the line."""
        now = re.findall(rf"{NOW}(.*)", said)[-1:]
        line = re.search(rf'File ".*{re.escape(self.file)}", line (\d+)', said)
        found = [*now, *([f"at {self.file}:{line[1]}"] if line else [])]
        return ", ".join(found) or super()._words(said)


class OwnTurns(Remote):
    def __init__(self, worker: Own, ready: Ready) -> None:
        super().__init__(worker, "turn", once=ready.once, error=ready.error, error_unit=ready.error_unit)
        self.threaded = ready.threaded


@contextmanager
def racing(plan: Plan, threads: int) -> Iterator[dict[str, Own]]:
    """Name -> process, of the functions of --rung."""
    workers: dict[str, Own] = {}
    try:
        for name, one in plan.own.items():
            progress(f"starting {name}")
            workers[name] = Own(name, one, threads)
        yield workers
    finally:
        for worker in workers.values():
            worker.close()


def contenders(workers: dict[str, Own], case: Case, plan: Plan) -> dict[str, OwnTurns]:
    """Those that compute the case rightly, and in time; they are asked for float32 only. WorkerFailed names one whose
    process has ended."""
    found: dict[str, OwnTurns] = {}
    if case.dtype != "float32":
        return found
    for name, worker in list(workers.items()):
        ready = worker.call("prepare", case).value
        if isinstance(ready, Ready):
            found[name] = OwnTurns(worker, ready)
            continue
        note(plan.notes, f"{name} is left out: {ready.why}.")
        plan.failed |= ready.fault
        if ready.everywhere:
            workers.pop(name).close()
            plan.own.pop(name, None)
    return found
