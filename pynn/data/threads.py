"""Background threads: one that reads ahead, and several that compute one function."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, repeat
from queue import SimpleQueue  # its put is safe in a garbage collection, whatever that has interrupted
from typing import Any

SHORTEST = 1e-3  # seconds of work per hand-over to a thread, which takes 20 us on an EPYC
LARGEST = 256  # items in one hand-over
TIMEOUT = 1.0  # seconds to wait for the threads at the end of a pass

_END = object()


def prefetched(start: Callable[[], Iterator[Any]], ahead: int) -> Iterator[Any]:
    """The items of start(), which a thread reads, `ahead` of them before they are asked for.

    An error comes in its item's place. The thread ends with the items, or when this iterator is closed or garbage.
    """
    items = start()
    for item in parallel(lambda _: next(items, _END), repeat(None), 1, ahead + 1):
        if item is _END:
            return
        yield item
        del item  # or it would stay in memory while the next is awaited


def parallel(
    function: Callable[[Any], Any], items: Iterable[Any], threads: int, ahead: int | None = None
) -> Iterator[Any]:
    """function(item) of each item, in order, computed by this many threads; an error comes in its item's place.

    Short calls are handed over in groups, which double in size until one takes SHORTEST. ahead: the largest number of
    items in work; these are handed over one by one.
    """
    items, size, more, process = iter(items), 1, True, os.getpid()
    tasks: SimpleQueue[Any] = SimpleQueue()  # items, the error after them, and the queue for the results
    pending: deque[Any] = deque()  # these queues: results, their error, and the seconds they took
    end = _start(threads, tasks, function)
    try:
        while True:
            while more and len(pending) < (ahead or 2 * threads):
                chunk, error = _collected(islice(items, size))
                pending.append(SimpleQueue())
                tasks.put((chunk, error, pending[-1]))
                more = len(chunk) == size and error is None
            if os.getpid() != process:
                raise RuntimeError("This pass began before fork, which ends its threads: iterate over the dataset anew")
            results, error, seconds = pending.popleft().get()
            yield from results
            del results  # or they would stay in memory while the next are awaited
            if error is not None:
                raise error
            if not (more or pending):
                return
            if seconds < SHORTEST and ahead is None:
                size = min(2 * size, LARGEST)
    finally:
        end()


def _work(tasks: SimpleQueue[Any], stopped: threading.Event, function: Callable[[Any], Any]) -> None:
    error = None  # the first ends the thread: no later result is asked for
    while error is None and (task := tasks.get()) is not None and not stopped.is_set():
        chunk, after, answer = task
        begin = time.perf_counter()
        results, error = _collected(function(item) for item in chunk)
        answer.put((results, after if error is None else error, time.perf_counter() - begin))
        del task, chunk, answer, results, after  # or they would stay in memory while the next is awaited


def _collected(items: Iterable[Any]) -> tuple[list[Any], BaseException | None]:
    """The items, and the error that came after them."""
    found = []
    try:
        for item in items:
            found.append(item)
    except BaseException as error:
        return found, error
    return found, None


def _start(number: int, tasks: SimpleQueue[Any], function: Callable[[Any], Any]) -> Callable[[], None]:
    """Starts threads that compute the function for the tasks, and returns the function that ends them."""
    threads: list[threading.Thread] = []
    stopped, at_exit = threading.Event(), sys.is_finalizing  # the module's names may be gone by then

    def end() -> None:
        stopped.set()
        for _ in threads:
            tasks.put(None)
        if at_exit():  # from Python 3.13 on, daemons stand still there for ever
            return
        until = time.monotonic() + TIMEOUT  # for no thread longer, since it may wait for a network
        for thread in threads:
            if thread is not threading.current_thread():  # a garbage collection may run in any thread
                thread.join(max(0, until - time.monotonic()))

    try:
        for _ in range(number):
            thread = threading.Thread(target=_work, args=(tasks, stopped, function), name="map", daemon=True)
            thread.start()  # a daemon, since Python waits for others at exit
            threads.append(thread)
    except BaseException:
        end()
        raise
    return end
