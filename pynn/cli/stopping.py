"""Signals that stop a command: each does what Ctrl-C does, and keeps what it keeps."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
_SAME = 1.0  # seconds in which further signals ask for the same: a terminal that closes sends SIGHUP twice


@contextmanager
def stoppable(last: bool = False) -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP raise KeyboardInterrupt, where they would end the process; nohup's choice stands.

    last: the process ends then, and no signal disturbs its end.
    """
    stop_at = -math.inf

    def interrupt(number: int, frame: object) -> None:
        nonlocal stop_at
        if time.monotonic() - stop_at > _SAME:  # else it is stopping already, and must not be cut short in that
            stop_at = time.monotonic()
            raise KeyboardInterrupt(*[signal.Signals(number)] * (number != signal.SIGINT))

    is_main = threading.current_thread() is threading.main_thread()
    ends = (signal.SIG_DFL, signal.default_int_handler)
    before = {number: found for number in SIGNALS if is_main and (found := signal.getsignal(number)) in ends}
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if last else handler)


def exit_code(stop: KeyboardInterrupt) -> int:
    """128 and the signal's number, as a shell has it."""
    return 128 + (stop.args[0] if stop.args else signal.SIGINT)


def stopped(stop: KeyboardInterrupt) -> str:
    """What happened, and the notes that were added to it."""
    signals = f" by {stop.args[0].name}" if stop.args else ""
    return "; ".join([f"interrupted{signals}", *getattr(stop, "__notes__", [])])
