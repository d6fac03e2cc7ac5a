"""Children of this process, forked after all is imported, that are killed or whose disk fails at a chosen step.

A step is a call that changes files: between two of them it makes no difference when a process is killed. Python tells
of all but two through its audit hooks: fsync, which is replaced here, and writes, which the kernel cuts at a byte.
"""

from __future__ import annotations

import errno
import gc
import os
import pickle
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

STEPS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate"}
FREEING = {"os.remove", "os.rmdir"}  # a full disk allows it
WRITING = os.O_CREAT | os.O_WRONLY | os.O_RDWR
SECONDS = 120  # a child that takes longer hangs
Fault = Callable[[str, "str | None"], None]  # of a step and its path


class Ended(NamedTuple):
    code: int  # 0, or the signal's number, negative
    value: Any  # what the work returned


def kill(event: str, path: str | None) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fails(number: int) -> Fault:
    """From this step on each one fails, as on a disk that is full (ENOSPC, EDQUOT), read-only (EROFS) or broken."""

    def fail(event: str, path: str | None) -> None:
        if event not in FREEING or number not in (errno.ENOSPC, errno.EDQUOT):
            raise OSError(number, os.strerror(number), path)

    return fail


def forked(
    work: Callable[[], Any],
    folder: Path | None = None,
    step: int = 0,
    fault: Fault = kill,
    most: int | None = None,
    after: float | None = None,
) -> Ended:
    """Runs work() in a child. AssertionError, with the child's traceback: it raised.

    step: from this one in `folder` on (1 is the first; 0: none), `fault` is called before each. most: bytes of a file;
    a write beyond them is cut, and kills, or with another fault fails. after: seconds, then the child is killed.
    """
    sys.stdout.flush()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            signal.alarm(SECONDS)
            gc.disable()  # it would touch, and so copy, this process's memory
            sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
            _watch(str(folder), step, fault)
            if most is not None:
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
                resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
                signal.signal(signal.SIGXFSZ, signal.SIG_DFL if fault is kill else signal.SIG_IGN)
            told = pickle.dumps(work())
            code = 0
        except BaseException:
            told, code = traceback.format_exc().encode(), 1
        with open(writing, "wb") as stream:
            stream.write(told)
            stream.flush()
            os._exit(code)
    os.close(writing)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    with open(reading, "rb") as stream:
        told = stream.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code <= 0, told.decode()
    return Ended(code, None if code else pickle.loads(told))


def _watch(folder: str, step: int, fault: Fault) -> None:
    """Audit hooks stay as long as the process: this is for children."""
    seen = 0

    def note(event: str, path: str | None = None) -> None:
        nonlocal seen
        seen += 1
        if seen >= step > 0:
            fault(event, path)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event not in STEPS or (event == "open" and not args[2] & WRITING):
            return
        if type(args[0]) is int:  # a file that is open already
            return
        path = os.fspath(args[0])
        if path.startswith(folder) or not os.path.isabs(path):  # rmtree names what lies in an open folder
            note(event, path)

    os.fsync = lambda descriptor: note("os.fsync")  # itself it would only matter where the machine dies
    if step:
        sys.addaudithook(hook)


def killed(work: Callable[[], Any], folder: Path, sizes: list[int], times: int, every: int = 1) -> Iterator[str]:
    """Kills children that do the work: before each step, or with every=3 before each third one, at bytes of files of
    these sizes, and `times` at random moments.

    Yields after each child what became of it, in words; before the next one, put the files back.
    """
    for step in count(1, every):
        begun = time.monotonic()
        if not (code := forked(work, folder, step).code):
            break
        assert code == -signal.SIGKILL
        yield f"killed before step {step}"
    longest = time.monotonic() - begun
    yield "not killed"
    for most in sorted({n for size in sizes for n in (0, 1, size // 3, size - 1)}):
        code = forked(work, most=most).code  # 0: the new file is smaller than the old one
        yield f"killed at byte {most}" if code else "not killed"
    draw = random.Random(0)
    for _ in range(times):
        code = forked(work, after=draw.uniform(0, longest)).code
        yield "killed at a random moment" if code else "not killed"
