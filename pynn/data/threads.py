"""Background threads: several that compute one function, and one that reads ahead."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, repeat
from queue import SimpleQueue
from typing import Any

SHORTEST = 1e-3  # seconds of work that pay for handing it to a thread, 20 us on an EPYC
LARGEST = 256  # items that are handed over at once
TIMEOUT = 1.0  # seconds that the end of a pass waits for its threads

Collected = tuple[list[Any], BaseException | None]  # items, and the error that came after them
# items and their error, and where to put the results, their error, and the seconds they took
Task = tuple[list[Any], BaseException | None, "SimpleQueue[tuple[list[Any], BaseException | None, float]]"]


def prefetched(start: Callable[[], Iterator[Any]], ahead: int) -> Iterator[Any]:
    """The items of start(), which a thread reads, `ahead` of them before they are asked for.

    An error comes in its item's place. The thread ends with the items, or when this iterator is closed or garbage.
    """
    items = _begun(start)
    for item in parallel(lambda _: next(items, _END), repeat(None), 1, ahead + 1):
        if item is _END:
            return
        yield item
        del item  # or it would stay in memory while the next is awaited


_END = object()


def _begun(start: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """The items of start(), which is called in the thread that asks for the first one."""
    yield from start()


def parallel(
    function: Callable[[Any], Any], items: Iterable[Any], threads: int, ahead: int | None = None
) -> Iterator[Any]:
    """function(item) of each item, in order, computed by this many threads; an error comes in its item's place.

    Short calls are handed over many at once: the number doubles until they take SHORTEST. ahead: so many items at
    most, one by one. SimpleQueue, since its put is safe in a garbage collection, whatever that has interrupted.
    """
    items, size, more = iter(items), 1, True
    tasks: SimpleQueue[Task | None] = SimpleQueue()
    pending: deque[Any] = deque()  # the queues of the tasks' results
    stopped, at_exit = threading.Event(), sys.is_finalizing  # the module's names may be gone by then
    workers = [
        threading.Thread(target=_work, args=(function, tasks, stopped), daemon=True)  # Python waits for others at exit
        for _ in range(threads)
    ]
    try:
        for worker in workers:
            worker.start()
        while True:
            while more and len(pending) < (ahead or 2 * threads):
                chunk, error = _collected(islice(items, size))
                more = len(chunk) == size and error is None
                pending.append(SimpleQueue())
                tasks.put((chunk, error, pending[-1]))
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
        stopped.set()
        for _ in workers:
            tasks.put(None)
        if not at_exit():  # from Python 3.13 on, daemons stand still there for ever
            end = time.monotonic() + TIMEOUT  # but not for one that itself waits for something, such as a network
            for worker in workers:
                if worker.ident and worker is not threading.current_thread():  # a garbage collection may run in any
                    worker.join(max(0, end - time.monotonic()))


def _collected(items: Iterable[Any]) -> Collected:
    found = []
    try:
        for item in items:
            found.append(item)
    except BaseException as error:
        return found, error
    return found, None


def _work(function: Callable[[Any], Any], tasks: SimpleQueue[Task | None], stopped: threading.Event) -> None:
    while (task := tasks.get()) is not None and not stopped.is_set():
        chunk, after, answer = task
        begin = time.perf_counter()
        results, error = _collected(function(item) for item in chunk)
        answer.put((results, after if error is None else error, time.perf_counter() - begin))
        del task, chunk, after, answer, results, error  # or they would stay in memory while the next is awaited
