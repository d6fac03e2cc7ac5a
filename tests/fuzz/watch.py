"""Runs a reader on a hostile file, and tells all that it may not do, whichever error it raises in the end.

Python's own actions are seen by an audit hook, those of C libraries by inotify in the folders that a file can name.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

# when they are first imported, older ones look for other libraries, or start a program that asks for the CPU
import numpy.testing  # noqa: F401
import PIL.Image  # noqa: F401

LINUX = sys.platform == "linux"
SECONDS = 10.0  # of CPU time
MOST, PER_BYTE = 1 << 30, 100  # bytes of memory: SECURITY.md's gigabyte, and for each byte of the file, as for IDX
ADDRESSES = 3 << 30  # bytes beyond those of the start that can be had at all: what asks for more gets a MemoryError
ELSEWHERE = "elsewhere"  # a folder beside the file, with files that nobody may touch; one is not there yet
OTHERS = ("secret.h5", "secret.bin")
ROOT = Path(__file__).resolve().parents[2]
CODE = tuple(str(Path(place).resolve()) for place in {sys.prefix, sys.base_prefix, ROOT, os.path.dirname(os.__file__)})
LIBRARIES = {"numpy", "h5py", "safetensors", "PIL", "msgspec", "rich", "matplotlib", "pynn", "kernels"}
ACTS = {"os", "shutil", "subprocess", "socket", "pickle", "tempfile", "urllib", "ftplib", "http", "webbrowser", "pty"}
MAKE_CLASSES = ("/typing.py", "/collections/__init__.py", "/dataclasses.py")
HARMLESS = {"os.listdir", "os.scandir", "os.walk", "os.fwalk"}
WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
IN_ANY, IN_WRITE = 0xFFF, 0xFC2  # inotify's events: all; changes, moves, and what is made or removed


class Target(NamedTuple):
    """A reader: the end of its files' names, what it calls with the path, and the errors that it promises."""

    name: str
    read: Callable[[str], Any]
    errors: tuple[type[Exception], ...] = (ValueError,)


class Finding(AssertionError):
    """A reader did what it may not do."""


class Watch:
    """In an empty folder, where the files are read."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        elsewhere = self.folder / ELSEWHERE
        elsewhere.mkdir()
        for name in OTHERS:
            (elsewhere / name).write_bytes(bytes(4096))
        self._input, self._acts, self._inotify = "", None, None
        sys.addaudithook(self._audit)
        os.chdir(self.folder)  # names in a file may be relative
        if LINUX:
            libc = ctypes.CDLL(None)
            self._inotify = libc.inotify_init1(os.O_NONBLOCK)
            for watched, events in ((elsewhere, IN_ANY), (self.folder, IN_WRITE)):
                libc.inotify_add_watch(self._inotify, os.fsencode(watched), events)
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ADDRESSES, -1))

    def run(self, target: Target, data: bytes) -> str:
        """What became of it: an error that it promises, or "read". Finding; and whatever else it raises."""
        self._input = str(self.folder / target.name)
        with open(self._input, "wb") as file:
            file.write(data)
        self._touched()
        if LINUX:
            Path("/proc/self/clear_refs").write_text("5")  # the peak of memory is that from here on
        peak, start, self._acts, fate = _peak(), time.thread_time(), [], "read"
        try:
            target.read(self._input)
        except target.errors as error:
            fate = f"{type(error).__name__}: {error}"
            while error := error.__cause__ or error.__context__:  # what it was before it became what is promised
                if isinstance(error, (MemoryError, SystemError)):
                    self._acts.append(f"{type(error).__name__}: {error}")
        finally:
            acts, self._acts = self._acts, None
        seconds, taken = time.thread_time() - start, _peak() - peak
        if self._touched():
            acts.append("touched another file")
        if seconds > SECONDS:
            acts.append(f"took {seconds:.0f} s")
        if taken > MOST + PER_BYTE * len(data):
            acts.append(f"took {taken >> 20} MiB for {len(data)} bytes")
        if acts:
            raise Finding("; ".join(acts))
        return fate

    def _touched(self) -> bool:
        try:
            return self._inotify is not None and bool(os.read(self._inotify, 1 << 16))
        except BlockingIOError:
            return False

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._acts is None:
            return
        if event == "open":
            path, _, flags = arguments
            path = os.path.realpath(os.fsdecode(path)) if isinstance(path, (str, bytes)) else self._input
            bad = flags & WRITE or not path.startswith((os.path.realpath(self._input), "/proc/", *CODE))
        elif event == "import":
            top = arguments[0].partition(".")[0]
            bad = top not in sys.stdlib_module_names | LIBRARIES and not top.startswith("_cython")
        elif event == "exec":  # of text, but not of an annotation or a named tuple's
            caller = sys._getframe(1).f_code.co_filename
            bad = not os.path.isabs(arguments[0].co_filename) and not caller.endswith(MAKE_CLASSES)
        else:
            bad = event == "ctypes.dlopen" or (event.partition(".")[0] in ACTS and event not in HARMLESS)
        if bad:
            self._acts.append(f"{event} {str(arguments)[:200]}")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
