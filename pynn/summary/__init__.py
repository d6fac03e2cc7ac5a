"""tf.summary: what a program writes for TensorBoard.

    writer = tf.summary.create_file_writer("logs/mine")
    with writer.as_default():
        tf.summary.scalar("loss", loss, step=step)

Each function writes to the default writer of this thread, and returns whether there was one (and `record_if` holds).
"""

from __future__ import annotations

import operator
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, SupportsIndex

import numpy as np

from ..engine.typing import TensorLike
from ..support.missing import missing
from . import events

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary

__all__ = [
    "SummaryWriter", "create_file_writer", "flush", "histogram", "image", "record_if", "scalar",
    "should_record_summaries", "text",
]  # fmt: skip

Step = SupportsIndex | None  # None: the default's


class _Default(threading.local):
    writer: SummaryWriter | None = None
    step: Step = None
    record: bool | Callable[[], bool] = True


_default = _Default()


class SummaryWriter:
    """Writes to one event file; made by `create_file_writer`, and closed at the end of the program at the latest."""

    def __init__(self, logdir: str, max_queue: int, flush_secs: float, suffix: str) -> None:
        events.tensorboard()
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._file = EventFileWriter(logdir, max_queue, flush_secs, suffix)
        self._finish = weakref.finalize(self, self._file.close)

    @contextmanager
    def as_default(self, step: Step = None) -> Iterator[SummaryWriter]:
        """A context in which the functions write here, with `step` as their default; flushes at its end."""
        before = _default.writer, _default.step
        self.set_as_default(step)
        try:
            yield self
        finally:
            _default.writer, _default.step = before
            self.flush()

    def set_as_default(self, step: Step = None) -> None:
        """The functions write here from now on, with `step` as their default. RuntimeError: the writer is closed."""
        if not self._finish.alive:
            raise RuntimeError(f"SummaryWriter {self!r} is already closed")
        _default.writer = self
        if step is not None:
            _default.step = step

    def init(self) -> None:
        """Does nothing: the file exists."""

    def flush(self) -> None:
        """Writes everything so far to the disk."""
        if self._finish.alive:
            self._file.flush()

    def close(self) -> None:
        """Flushes; nothing can be written after this."""
        self._finish()

    def _add(self, summary: Summary, step: SupportsIndex) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._file.add_event(Event(wall_time=time.time(), step=operator.index(step), summary=summary))


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
    return SummaryWriter(os.fspath(logdir), queue, seconds, filename_suffix or ".v2")


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


def scalar(name: str, data: TensorLike, step: Step = None, description: str | None = None) -> bool:
    """Writes a number, as float32. ValueError: data is no scalar, or there is no step."""
    return _written(events.scalar, step, name, data, description)


def histogram(
    name: str, data: TensorLike, step: Step = None, buckets: int | None = None, description: str | None = None
) -> bool:
    """Writes how often the values of data occur, in `buckets` (30) intervals of one width from smallest to largest."""
    return _written(events.histogram, step, name, data, buckets, description)


def image(name: str, data: TensorLike, step: Step = None, max_outputs: int = 3, description: str | None = None) -> bool:
    """Writes the first max_outputs of k images (k, height, width, 1 to 4 channels): uint8, or floats from 0 to 1."""
    return _written(events.image, step, name, data, max_outputs, description)


def text(name: str, data: str | np.ndarray, step: Step = None, description: str | None = None) -> bool:
    """Writes a string (Markdown), or an array of strings."""
    return _written(events.text, step, name, data, description)


def _written(make: Callable[..., Summary], step: Step, *args: object) -> bool:
    """Writes make(*args) where there is a writer that records; returns whether."""
    writer = _default.writer
    if writer is None or not should_record_summaries():
        return False
    step = _default.step if step is None else step
    if step is None:
        raise ValueError("No step set. Please specify one through the `step` argument, or through as_default(step)")
    writer._add(make(*args), step)
    return True


def flush(writer: SummaryWriter | None = None) -> None:
    """Writes everything that the writer (by default the current one) got so far to the disk."""
    writer = writer or _default.writer
    if writer:
        writer.flush()


__getattr__ = missing(__name__)
