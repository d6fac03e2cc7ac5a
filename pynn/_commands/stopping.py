"""Signals that stop a command: each does what Ctrl-C does, and keeps what it keeps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


@contextmanager
def stoppable() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP raise KeyboardInterrupt, where they would end the process; nohup's choice stands."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        ends = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL]
        before = {number: signal.signal(number, _interrupt) for number in ends}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt(signal.Signals(number))


def exit_code(stop: KeyboardInterrupt) -> int:
    """128 and the signal's number, as a shell has it."""
    return 128 + (stop.args[0] if stop.args else signal.SIGINT)


def stopped(stop: KeyboardInterrupt) -> str:
    """What happened, and the notes that were added to it."""
    signals = f" by {stop.args[0].name}" if stop.args else ""
    return "; ".join([f"interrupted{signals}", *getattr(stop, "__notes__", [])])
