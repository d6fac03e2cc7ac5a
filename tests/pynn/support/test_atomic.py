"""Files are whole or not there; what killed programs left is removed, what living ones write is not."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pynn.keras.datasets import _sources
from pynn.support import atomic

MADE = {"replacing": "atomic.replacing(folder / 'x')", "temporary_folder": "atomic.temporary_folder(folder)"}


def left(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def killed(folder, made):
    """A program that is killed while it writes."""
    text = (
        "import os, pathlib, signal, sys; from pynn.support import atomic; folder = pathlib.Path(sys.argv[1])\n"
        f"with {made}:\n    os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", text, folder], env=environment)
    assert done.returncode == -signal.SIGKILL


def written(path, data):
    with atomic.replacing(path) as file:
        file.write(data)


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_what_a_killed_program_left_is_removed_by_the_next(tmp_path, made):
    (tmp_path / ".pynn-notes.partial").write_text("a user's own")
    for _ in range(3):
        killed(tmp_path, made)
    assert len(left(tmp_path)) == 2  # each removes what the one before it left
    written(tmp_path / "y", b"1")
    assert left(tmp_path) == [".pynn-notes.partial", "y"]


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_what_a_living_program_writes_stays(tmp_path, made):
    with eval(made, {"atomic": atomic, "folder": tmp_path}):
        before = left(tmp_path)
        written(tmp_path / "y", b"1")
        assert left(tmp_path) == [*before, "y"]
    assert left(tmp_path)[-1] == "y"


def test_two_writers_of_one_file_do_not_share_what_they_write(tmp_path):
    begun = threading.Barrier(2, timeout=60)

    def write(data):
        with atomic.replacing(tmp_path / "x") as file:
            begun.wait()
            file.write(data)
            file.flush()
            begun.wait()

    with ThreadPoolExecutor() as pool:
        list(pool.map(write, [b"1" * 10, b"2" * 99]))
    assert left(tmp_path) == ["x"]
    assert (tmp_path / "x").read_bytes() in (b"1" * 10, b"2" * 99)


def test_many_writers_and_sweepers(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: written(tmp_path / str(i % 3), bytes(i)), range(300)))
    assert left(tmp_path) == ["0", "1", "2"]


def test_a_partial_file_that_is_swept_before_it_is_locked(tmp_path, monkeypatch):
    real, swept = atomic._locked, []

    def late(path, wait):
        if wait and len(swept) < 2:
            swept.append(path)
            path.unlink()  # in the first round before it is opened, in the second before it is locked
            if len(swept) == 2:
                return contextlib.nullcontext()
        return real(path, wait)

    monkeypatch.setattr(atomic, "_locked", late)
    written(tmp_path / "x", b"1")
    assert left(tmp_path) == ["x"] and len(swept) == 2


def test_without_locks_nothing_is_swept(tmp_path, monkeypatch):
    def refused(descriptor, how):
        raise OSError("no locks here")

    monkeypatch.setattr(atomic.fcntl, "flock", refused)
    with atomic.replacing(tmp_path / "x") as file, atomic.alone(tmp_path):
        written(tmp_path / "y", b"1")
        file.write(b"2")
    assert left(tmp_path) == ["x", "y"]


def test_an_error_changes_nothing(tmp_path):
    written(tmp_path / "x", b"before")
    with pytest.raises(ZeroDivisionError), atomic.replacing(tmp_path / "x") as file:
        file.write(b"half")
        1 / 0  # noqa: B018
    assert left(tmp_path) == ["x"] and (tmp_path / "x").read_bytes() == b"before"


def test_a_link_stays_and_leads_to_the_new_file(tmp_path):
    for folder in ("links", "files"):
        (tmp_path / folder).mkdir()
    (tmp_path / "links" / "x").symlink_to("../files/x")
    for data in (b"1", b"2"):  # at first it leads nowhere
        written(tmp_path / "links" / "x", data)
        assert (tmp_path / "files" / "x").read_bytes() == data
    assert (tmp_path / "links" / "x").is_symlink() and left(tmp_path / "files") == left(tmp_path / "links") == ["x"]


def test_who_may_read_it_stays(tmp_path):
    written(tmp_path / "x", b"1")
    (tmp_path / "x").chmod(0o600)
    written(tmp_path / "x", b"2")
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=f"'{tmp_path / 'no' / 'x'}'$"):
        written(tmp_path / "no" / "x", b"1")


def test_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    """The bytes first, then the name, then the folder that holds it."""
    done = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, n=name, f=real: (done.append(n), f(*args)))
    written(tmp_path / "x", b"1")
    assert done == ["fsync", "replace", "fsync"]


def test_one_at_a_time(tmp_path):
    with atomic.alone(tmp_path), pytest.raises(BlockingIOError), atomic.alone(tmp_path):
        pass
    with atomic.alone(tmp_path):
        pass


CLIENT = """#!/bin/sh
mktemp -d > /dev/null
kill -KILL $PPID
"""


def test_a_download_that_is_killed_leaves_nothing(tmp_path, monkeypatch):
    """Neither does the client that it has started, whose temporary files lie in ours."""
    programs, temporary = tmp_path / "bin", tmp_path / "tmp"
    programs.mkdir()
    temporary.mkdir()
    (programs / "client").write_text(CLIENT)
    (programs / "client").chmod(0o755)
    text = "from pynn.keras.datasets import _sources; _sources.package('client', ['x'], None).fetch()"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(temporary)}
    environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", text], env=environment, stderr=subprocess.DEVNULL)
        assert done.returncode == -signal.SIGKILL
        assert len(left(temporary)) == 1
    monkeypatch.setattr(_sources.tempfile, "gettempdir", lambda: str(temporary))
    with pytest.raises(OSError, match="left 0 files"):
        _sources.package("true", [""], None).fetch()
    assert left(temporary) == []
