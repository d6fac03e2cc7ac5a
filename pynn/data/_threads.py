"""Background threads: one that reads ahead, and several that compute one function."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from queue import SimpleQueue
from typing import Any

SHORTEST = 1e-3  # seconds of work that pay for handing it to a thread, 20 us on an EPYC
LARGEST = 256  # items that are handed over at once
PATIENCE = 1.0  # seconds that the end of a pass waits for its threads

# the results, the error that ended them or, after them, the items, and the time they took
Results = tuple[list[Any], BaseException | None, float]
Task = tuple[list[Any], BaseException | None, "SimpleQueue[Results]"]  # items, the error after them, for the results


def prefetched(start: Callable[[], Iterator[Any]], ahead: int) -> Iterator[Any]:
    """The items of start(), which a thread of its own reads, `ahead` of them before they are asked for.

    An error comes where its item would have. The thread ends with the items, or when this iterator is closed or
    garbage. SimpleQueue, since its put is safe in a garbage collection, whatever that has interrupted.
    """
    free: SimpleQueue[None] = SimpleQueue()  # one entry for each item that may still be read
    ready: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
    stopped, at_exit = threading.Event(), sys.is_finalizing  # the module's names may be gone by then
    for _ in range(ahead):
        free.put(None)
    thread = _started("prefetch", _read, start, free, ready, stopped)
    try:
        while True:
            item, error = ready.get()
            if item is _END:
                return
            if error is not None:
                raise error
            free.put(None)
            yield item
            del item  # or it would live on while the next is awaited
    finally:
        stopped.set()
        free.put(None)
        if not at_exit():  # from Python 3.13 on, daemons stand still there for ever
            _join([thread])


_END = object()


def _started(name: str, work: Callable[..., None], *args: Any) -> threading.Thread:
    thread = threading.Thread(target=work, args=args, name=name, daemon=True)  # Python waits for others at exit
    thread.start()
    return thread


def _join(threads: list[threading.Thread]) -> None:
    """Waits until they have ended, but for none that itself waits for something, such as a network."""
    until = time.monotonic() + PATIENCE
    for thread in threads:
        if thread is not threading.current_thread():  # a garbage collection may run in any thread
            thread.join(max(0, until - time.monotonic()))


def _read(
    start: Callable[[], Iterator[Any]],
    free: SimpleQueue[None],
    ready: SimpleQueue[tuple[Any, BaseException | None]],
    stopped: threading.Event,
) -> None:
    try:
        items = start()
        while True:
            free.get()
            if stopped.is_set() or (item := next(items, _END)) is _END:
                break
            ready.put((item, None))
            del item
    except BaseException as error:
        ready.put((None, error))
    else:
        ready.put((_END, None))


def parallel(
    function: Callable[[Any], Any], items: Iterable[Any], threads: int, ahead: int | None = None
) -> Iterator[Any]:
    """function(item) of each item, in order, computed by this many threads; an error comes in its item's place.

    Short calls are handed over many at once: the number doubles until they take SHORTEST. ahead: so many items at
    most, one by one.
    """
    items, size, more = iter(items), 1, True
    tasks: SimpleQueue[Task | None] = SimpleQueue()
    pending: deque[SimpleQueue[Results]] = deque()
    stopped, at_exit, workers = threading.Event(), sys.is_finalizing, []
    try:
        for _ in range(threads):
            workers.append(_started("map", _work, function, tasks, stopped))
        while True:
            while more and len(pending) < (ahead or 2 * threads):
                chunk, error = _chunk(items, size)
                pending.append(SimpleQueue())
                tasks.put((chunk, error, pending[-1]))
                more = len(chunk) == size and error is None
            results, error, seconds = pending.popleft().get()
            yield from results
            if error is not None:
                raise error
            if not (more or pending):
                return
            if seconds < SHORTEST and ahead is None:
                size = min(2 * size, LARGEST)
    finally:
        stopped.set()
        for _ in workers:
            tasks.put(None)
        if not at_exit():
            _join(workers)


def _chunk(items: Iterator[Any], size: int) -> tuple[list[Any], BaseException | None]:
    chunk = []
    try:
        for item in islice(items, size):
            chunk.append(item)
    except BaseException as error:
        return chunk, error
    return chunk, None


def _work(function: Callable[[Any], Any], tasks: SimpleQueue[Task | None], stopped: threading.Event) -> None:
    while (task := tasks.get()) is not None and not stopped.is_set():
        chunk, error, answer = task
        answer.put(_apply(function, chunk, error))
        del task, chunk, error, answer  # or they would live on while the next is awaited


def _apply(function: Callable[[Any], Any], chunk: list[Any], after: BaseException | None) -> Results:
    results, begin = [], time.perf_counter()
    try:
        for item in chunk:
            results.append(function(item))
    except BaseException as error:
        return results, error, 0.0
    return results, after, time.perf_counter() - begin
