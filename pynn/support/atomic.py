"""Files that are written as a whole or not at all; what killed programs left of theirs, the next ones remove."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_PARTIAL = re.compile(r"\.pynn-[0-9a-f]{16}\.partial")


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A stream to write to, which takes the place of `path` in one step at the end; after an error nothing changed.

    A link stays, and what it leads to is replaced. OSError: of whatever kind, it names `path`.
    """
    goal = Path(os.path.realpath(path))
    try:
        # beside it, because a file moves in one step only within a file system
        with _partial(goal.parent, lambda made: made.touch(exist_ok=False)) as made, open(made, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # else a crash of the machine could leave an empty file under the name
            with contextlib.suppress(FileNotFoundError):
                shutil.copymode(goal, made)
            os.replace(made, goal)
            sync(goal.parent)
    except OSError as error:  # that of a write names no file, others the partial one, which is gone
        raise OSError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from None


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """A new folder in `parent`, which is removed at the end."""
    with _partial(parent, lambda made: made.mkdir(0o700)) as made:
        yield made


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Only one program at a time is inside. BlockingIOError: another one is."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(_locked(folder, wait=False))
        except BlockingIOError:
            raise
        except OSError:  # a file system without locks
            pass
        yield


def sync(folder: Path) -> None:
    """The names in the folder are on the disk, if its file system can promise that."""
    with contextlib.suppress(OSError), _opened(folder) as descriptor:
        os.fsync(descriptor)


def sweep(folder: Path) -> None:
    """Removes what killed programs left; whoever writes in a folder does that first."""
    with contextlib.suppress(OSError):  # whoever may not list a folder may still write in it
        for path in filter(lambda path: _PARTIAL.fullmatch(path.name), folder.iterdir()):
            # where it cannot be locked, its program lives; or it is another user's, or gone
            with contextlib.suppress(OSError), _locked(path, wait=False):
                _remove(path)


@contextmanager
def _partial(parent: Path, make: Callable[[Path], None]) -> Iterator[Path]:
    """A new file or folder, gone at the end. While its program lives it is locked, so that no other one sweeps it."""
    sweep(parent)
    with contextlib.ExitStack() as stack:
        while True:
            path = parent / f".pynn-{secrets.token_hex(8)}.partial"
            try:
                make(path)
            except OSError as error:
                error.filename = str(parent)  # a name that the user knows
                raise
            try:
                stack.enter_context(_locked(path, wait=True))
            except FileNotFoundError:
                continue
            except OSError:  # a file system without locks: there nobody sweeps, either
                break
            if path.exists():  # else it was swept before it was locked
                break
        stack.callback(_remove, path)
        yield path


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)  # a client that outlived its parent may still write in it
    else:
        with contextlib.suppress(OSError):  # it may have its name already, or the disk be read-only by now
            path.unlink()


@contextmanager
def _locked(path: Path, wait: bool) -> Iterator[None]:
    """The file or folder is locked inside. BlockingIOError: it is locked by another one."""
    with _opened(path) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
