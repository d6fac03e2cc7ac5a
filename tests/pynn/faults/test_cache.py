"""The cache of data sets: damaged, deleted meanwhile, filled by several programs at once, on a disk that fails."""

from __future__ import annotations

import errno
import http.server
import io
import os
import shutil
import threading
import time

import numpy as np
import pytest
from faulty import fails, forked, killed
from writers import ARRAYS, fill

from pynn.keras.datasets import _archive, _cache, _sources

SOURCE = _sources.Source("a", lambda: ARRAYS[0])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PYNN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def same(found):
    return all(map(np.array_equal, sum(found, ()), ARRAYS[0]))


def replaced(path, by):
    """The file is gone, and something else has its name."""
    path.unlink()
    by(path)


DAMAGE = {
    "a folder": lambda path: replaced(path, os.mkdir),
    "a link to itself": lambda path: replaced(path, lambda path: os.symlink(path, path)),
    "a link to nothing": lambda path: replaced(path, lambda path: os.symlink(path.parent / "no" / "file", path)),
    "no cache": lambda path: replaced(path.parent / path.name, lambda path: path.parent.rmdir()),
    **{f"cut at {at}": lambda path, at=at: os.truncate(path, int(at * path.stat().st_size)) for at in (0, 0.4, 0.999)},
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_is_filled_again(damage, cache, capsys):
    path = cache / "numbers.npz"
    fill(path, 0, SOURCE)
    capsys.readouterr()
    DAMAGE[damage](path)
    assert same(fill(path, 0, SOURCE))
    err = capsys.readouterr().err
    lasting = damage in ("a folder", "a link to itself", "a link to nothing")  # whose owner must take it away
    said = "mend this, or set PYNN_CACHE" if lasting else "cannot be used, so numbers is fetched again"
    assert (said in err and str(path) in err) if damage != "no cache" else not err
    assert err.count("\n") == 1 + (damage in ("a folder", "a link to itself")) - (damage == "no cache")
    if not lasting:
        assert same(fill(path, 0)) and capsys.readouterr().err == ""


def test_a_flipped_bit_is_found(cache, capsys):
    path = cache / "numbers.npz"
    fill(path, 0, SOURCE)
    data = path.read_bytes()
    draw, found = np.random.default_rng(0), 0
    for place in draw.integers(0, len(data), 60):
        flipped = bytearray(data)
        flipped[place] ^= 1 << int(draw.integers(8))
        path.write_bytes(flipped)
        assert same(fill(path, 0, SOURCE))
        err = capsys.readouterr().err
        assert err.count("\n") == (path.read_bytes() != flipped)  # some bytes, as those of dates, say nothing
        found += bool(err)
    assert found > 50


def test_a_disk_that_fails_costs_only_the_next_fetch(cache):
    path = cache / "numbers.npz"

    def tried():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stderr", io.StringIO())
            assert same(fill(path, 0, SOURCE))
            return _sources.sys.stderr.getvalue()

    errors = (errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES, errno.EDQUOT)
    steps = [({"folder": cache, "step": step}, errors[step % 5]) for step in range(1, 20)]
    for faulty, number in [*steps, *(({"most": n}, errno.EFBIG) for n in (0, 1, 5000, 8000))]:
        shutil.rmtree(cache, ignore_errors=True)
        err = forked(tried, **faulty, fault=fails(number)).value
        if err:
            assert err.startswith("pynn: cannot keep numbers for the next time") and err.count("\n") == 1
            assert os.strerror(number) in err and str(cache) in err
        assert bool(err) != path.exists() and (err or faulty["step"] > 5)
        assert forked(tried).value == "" and os.listdir(cache) == ["numbers.npz"]


def test_a_cache_that_is_deleted_at_any_step(cache):
    def gone(event, path):
        if event != "os.rmdir" and cache.exists():
            os.system(f"rm -r {cache}")

    left = []
    for step in range(1, 9):
        fill(cache / "another.npz", 1, _sources.Source("a", lambda: ARRAYS[1]))
        assert same(forked(lambda: fill(cache / "numbers.npz", 0, SOURCE), cache, step, gone).value)
        left.append(cache.exists())
        assert same(fill(cache / "numbers.npz", 0, SOURCE))
        shutil.rmtree(cache)
    assert left.count(False) > 3


def test_eight_programs_fill_it_at_once(cache):
    """Every third one is killed."""
    path = cache / "numbers.npz"
    begin = time.monotonic() + 0.3

    def late():
        time.sleep(max(begin - time.monotonic(), 0))
        for _ in range(20):
            assert same(fill(path, 0, SOURCE))
            if os.getpid() % 2:
                path.unlink(missing_ok=True)

    ended = []
    programs = [
        threading.Thread(target=lambda n=n: ended.append(forked(late, after=None if n % 3 else 0.35).code))
        for n in range(8)
    ]
    for program in programs:
        program.start()
    for program in programs:
        program.join()
    assert sorted(ended)[3:] == [0] * 5
    assert same(fill(path, 0, SOURCE)) and os.listdir(cache) == ["numbers.npz"]


def test_without_a_home(monkeypatch):
    monkeypatch.delenv("PYNN_CACHE")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)

    def unknown(user):
        raise KeyError(user)

    monkeypatch.setattr("pwd.getpwuid", unknown)
    with pytest.raises(OSError, match="no home folder to keep data in: set PYNN_CACHE to a folder"):
        _cache.cache_folder()


class Slow(http.server.BaseHTTPRequestHandler):
    """A mirror that sends the arrays in pieces."""

    def do_HEAD(self):
        self.send_response(200)
        self.end_headers()

    def do_GET(self):
        self.do_HEAD()
        np.savez(buffer := io.BytesIO(), **dict(zip(_archive.KEYS, ARRAYS[0], strict=True)))
        data = buffer.getvalue()
        for start in range(0, len(data), 2000):
            self.wfile.write(data[start : start + 2000])
            time.sleep(0.002)

    def log_message(self, *args):
        pass

    def handle_error(self, *args):
        pass


def test_downloads_that_are_killed_leave_nothing(cache, tmp_path, monkeypatch):
    """Neither from a mirror, nor by a package client, whose files lie in a folder of ours."""
    import pooch  # noqa: F401  before the children, and what it imports
    import requests  # noqa: F401

    path, temporary = cache / "numbers.npz", tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(_sources.tempfile, "gettempdir", lambda: str(temporary))
    monkeypatch.setattr(http.server.ThreadingHTTPServer, "handle_error", lambda *args: None)
    script = tmp_path / "client"
    script.write_text("#!/bin/sh\necho whole > data\n")
    script.chmod(0o755)

    def decoded(file):
        assert file.read_text() == "whole\n"
        return ARRAYS[0]

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        urls = [f"http://127.0.0.1:{server.server_port}/a.npz"]
        kinds = (lambda: [*_sources.mirrors([urls])], lambda: [_sources.package(str(script), ["x"], decoded)])
        for sources in kinds:
            for where in killed(lambda sources=sources: fill(path, 0, *sources()), tmp_path, [], 8):
                assert not path.exists() or same(fill(path, 0)), where
                assert same(fill(path, 0, *sources())) and os.listdir(cache) == ["numbers.npz"], where
                shutil.rmtree(cache)
        server.shutdown()
    _sources.package(str(script), ["x"], decoded).fetch()
    assert os.listdir(temporary) == []
