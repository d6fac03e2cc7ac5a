"""tf.summary: what a program writes for TensorBoard.

    writer = tf.summary.create_file_writer("logs/mine")
    with writer.as_default():
        tf.summary.scalar("loss", loss, step=step)

Each function writes to the default writer of this thread, and returns whether there was one (and `record_if` holds).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..support.missing import missing
from .events import EventFile


class _Default(threading.local):
    writer: SummaryWriter | None = None
    step: Any = None
    record: Any = True  # or a function that returns a bool


_default = _Default()


class SummaryWriter:
    """Writes to one event file; made by `create_file_writer`. RuntimeError: it is made the default, but closed."""

    def __init__(self, events: EventFile) -> None:
        self._events = events

    @contextmanager
    def as_default(self, step: Any = None) -> Iterator[SummaryWriter]:
        """A context in which the functions write here, with `step` as their default; flushes at its end."""
        before = _default.writer, _default.step
        self.set_as_default(step)
        try:
            yield self
        finally:
            _default.writer, _default.step = before
            self.flush()

    def set_as_default(self, step: Any = None) -> None:
        """The functions write here from now on, with `step` as their default."""
        if self._events.closed:
            raise RuntimeError(f"SummaryWriter {self!r} is already closed")
        _default.writer = self
        if step is not None:
            _default.step = step

    def init(self) -> None:
        """Does nothing: the file exists."""

    def flush(self) -> None:
        """Writes everything so far to the disk."""
        self._events.flush()

    def close(self) -> None:
        """Flushes; nothing can be written after this."""
        self._events.close()


def create_file_writer(
    logdir: str | os.PathLike[str],
    max_queue: int | None = None,
    flush_millis: int | None = None,
    filename_suffix: str | None = None,
) -> SummaryWriter:
    """A writer to a new event file in the folder logdir. ImportError: tensorboard is not installed.

    max_queue: events kept in memory at most (10). flush_millis: written to disk at least so often (2 minutes).
    filename_suffix: ".v2".
    """
    seconds = 120 if flush_millis is None else flush_millis / 1000
    queue = 10 if max_queue is None else max_queue
    return SummaryWriter(EventFile(os.fspath(logdir), queue, seconds, filename_suffix or ".v2"))


@contextmanager
def record_if(condition: bool | Callable[[], bool]) -> Iterator[None]:
    """Inside this context the functions write only if condition (a bool, or a function that returns one) is true."""
    before, _default.record = _default.record, condition
    try:
        yield
    finally:
        _default.record = before


def should_record_summaries() -> bool:
    """Whether there is a default writer, and the `record_if` around here holds."""
    record = _default.record
    return _default.writer is not None and bool(record() if callable(record) else record)


def scalar(name: str, data: Any, step: Any = None, description: str | None = None) -> bool:
    """Writes a number, as float32. ValueError: data is no scalar, or there is no step."""
    return _written(EventFile.scalar, name, data, step, description)


def histogram(
    name: str, data: Any, step: Any = None, buckets: int | None = None, description: str | None = None
) -> bool:
    """Writes how often the values of data occur, in `buckets` (30) intervals of one width from smallest to largest."""
    return _written(EventFile.histogram, name, data, step, buckets, description)


def image(name: str, data: Any, step: Any = None, max_outputs: int = 3, description: str | None = None) -> bool:
    """Writes the first max_outputs of k images (k, height, width, 1 to 4 channels): uint8, or floats from 0 to 1."""
    return _written(EventFile.image, name, data, step, max_outputs, description)


def text(name: str, data: Any, step: Any = None, description: str | None = None) -> bool:
    """Writes a string (Markdown), or an array of strings."""
    return _written(EventFile.text, name, data, step, description)


def _written(write: Callable[..., None], name: str, data: Any, step: Any, *options: Any) -> bool:
    """Writes where there is a writer that records; returns whether."""
    writer = _default.writer
    if writer is None or not should_record_summaries():
        return False
    step = _default.step if step is None else step
    if step is None:
        raise ValueError("No step set. Please specify one through the `step` argument, or through as_default(step)")
    write(writer._events, name, data, step, *options)
    return True


def flush(writer: SummaryWriter | None = None) -> None:
    """Writes everything that the writer (by default the current one) got so far to the disk."""
    writer = writer or _default.writer
    if writer:
        writer.flush()


__getattr__ = missing(__name__)
