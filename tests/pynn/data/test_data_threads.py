"""tf.data's threads: prefetch and parallel map begin, keep the order, pass errors on, and end."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections import deque

import numpy as np
import pytest

import pynn as tf
from pynn.data import AUTOTUNE, Dataset
from pynn.data.threads import prefetched


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    gc.collect()
    assert set(threading.enumerate()) <= before


def fails_at(n, error=ZeroDivisionError):
    def function(x):
        if x == n:
            raise error(f"at {n}")
        return x

    return function


def read(dataset):
    """The elements before an error, and the error."""
    found = []
    try:
        for x in dataset:
            found.append(int(x))
    except Exception as error:
        return found, error
    return found, None


KINDS = {
    "prefetch": lambda d, f: d.map(f).prefetch(3),
    "autotuned": lambda d, f: d.map(f, num_parallel_calls=AUTOTUNE).prefetch(AUTOTUNE),
    "parallel": lambda d, f: d.map(f, num_parallel_calls=4),
    "both": lambda d, f: d.prefetch(1).map(f, num_parallel_calls=2).prefetch(2).prefetch(1),
}


@pytest.mark.parametrize("kind", KINDS)
def test_order(kind):
    for n in (0, 1, 5, 300):
        assert read(KINDS[kind](Dataset.range(n), lambda x: x)) == (list(range(n)), None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [0, 1, 150])
def test_errors_come_in_their_elements_place(kind, n):
    found, error = read(KINDS[kind](Dataset.range(300), fails_at(n)))
    assert found == list(range(n)) and type(error) is ZeroDivisionError and str(error) == f"at {n}"
    assert "function" in [frame.name for frame in _frames(error)]  # the traceback leads to the function
    source = Dataset.from_generator(lambda: map(fails_at(n), range(300)), tf.int64, ())
    found, error = read(KINDS[kind](source, lambda x: x))
    assert found == list(range(n)) and type(error) is ZeroDivisionError


def _frames(error):
    import traceback

    return traceback.extract_tb(error.__traceback__)


@pytest.mark.parametrize("kind", KINDS)
def test_a_system_exit_is_passed_on(kind):
    with pytest.raises(SystemExit):
        list(KINDS[kind](Dataset.range(9), fails_at(4, SystemExit)))


@pytest.mark.parametrize("kind", KINDS)
def test_abandoned_iterators_end_their_threads(kind):
    dataset = KINDS[kind](Dataset.range(10).repeat(), lambda x: x)
    before = threading.active_count()
    for x in dataset:
        if x == 5:
            break
    assert threading.active_count() == before
    iterator = iter(dataset)
    next(iterator)
    assert threading.active_count() > before or kind == "autotuned"
    iterator.close()
    assert threading.active_count() == before
    iterator = iter(dataset)
    next(iterator)
    cycle = [iterator]
    cycle.append(cycle)
    del iterator, cycle
    gc.collect()
    gc.collect()  # free-threaded Python first adds up what each thread has counted
    assert threading.active_count() == before
    iter(dataset)  # never asked: never begun
    assert threading.active_count() == before


def test_prefetch_reads_as_far_ahead_as_it_is_told():
    read, enough = [], threading.Event()

    def note(x):
        read.append(int(x))
        if len(read) == 5:
            enough.set()
        return x

    iterator = iter(Dataset.range(100).map(note).prefetch(4))
    assert next(iterator) == 0
    assert enough.wait(10)
    time.sleep(0.02)
    assert read == [0, 1, 2, 3, 4]
    iterator.close()
    assert read == [0, 1, 2, 3, 4]


def test_prefetch_reads_nothing_after_an_error():
    read = []

    def function(x):
        read.append(int(x))
        return fails_at(1)(x)

    with pytest.raises(ZeroDivisionError):
        list(Dataset.range(9).map(function).prefetch(4))
    assert read == [0, 1]


def test_prefetch_holds_no_item_that_was_taken():
    """The third is not there before the first two are garbage."""
    freed = [threading.Event(), threading.Event()]
    events = iter(freed)

    class Source:
        def __next__(self):
            if (event := next(events, None)) is None:
                assert all(event.wait(10) for event in freed)
                raise StopIteration
            item = set()
            weakref.finalize(item, event.set)
            return item

    deque(prefetched(Source, 1), maxlen=0)
    assert next(events, None) is None


def test_prefetch_overlaps():
    """The function of element 1 waits for the consumer's work on element 0, which waits for it."""
    ahead, consumed = threading.Event(), threading.Event()

    def function(x):
        if x == 1:
            ahead.set()
            assert consumed.wait(10)
        return x

    for x in Dataset.range(2).map(function).prefetch(1):
        if x == 0:
            assert ahead.wait(10)
            consumed.set()


def test_parallel_calls_run_at_once():
    together = threading.Barrier(4, timeout=10)

    def function(x):
        together.wait()
        return x, threading.get_ident()

    found = list(Dataset.range(8).map(function, num_parallel_calls=4).as_numpy_iterator())
    assert [n for n, _ in found] == list(range(8))
    assert len({ident for _, ident in found}) == 4


def test_autotune_is_the_consumers_thread():
    for calls in (None, 1, AUTOTUNE):
        (ident,) = Dataset.range(1).map(lambda x: threading.get_ident(), num_parallel_calls=calls)
        assert ident == threading.get_ident()


def test_two_consumers_at_once():
    dataset = Dataset.from_tensor_slices(np.arange(2000)).shuffle(50, seed=1).map(lambda x: x).batch(7).prefetch(2)
    sums = []
    threads = [threading.Thread(target=lambda: sums.append(sum(int(x.numpy().sum()) for x in dataset))) for _ in "1234"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == [1999 * 1000] * 4


def test_a_forked_child_begins_passes_of_its_own(run_python):
    """One that its parent has begun has no threads there, and would be waited for without end."""
    done = run_python("""
import os, signal
from pynn.data import Dataset
dataset = Dataset.range(20).map(lambda x: x + 1, num_parallel_calls=2).prefetch(2)
begun = iter(dataset)
next(begun)
child = os.fork()
if child == 0:
    signal.alarm(60)
    try:
        assert [int(x) for x in dataset] == list(range(1, 21))
        list(begun)
    except RuntimeError as error:
        os._exit("fork" not in str(error))
    finally:
        os._exit(2)
assert os.waitpid(child, 0)[1] == 0 and [int(x) for x in begun] == list(range(2, 21))""")
    assert done.returncode == 0, done.stderr


def test_prefetch_outside_of_the_consumers_tape():
    v = tf.Variable(2.0)
    for kind in KINDS.values():
        with tf.GradientTape() as tape:
            assert [float(x) for x in kind(Dataset.from_tensor_slices([1.0, 2.0]), lambda x: x * v)] == [2, 4]
        assert tape.watched_variables() == ()
