"""fork: a child may call any kernel with any number of threads, after its parent did. A hang ends in a time-out."""

import pytest

SETUP = """
import os, signal, sys, threading, multiprocessing
import numpy as np
import kernels

x = np.random.default_rng(0).standard_normal((300, 300)).astype(np.float32)

def work():
    state = [x.copy() for _ in range(3)]
    kernels.adam_update(*state, x, 0.1, 0.9, 0.999, 1e-7, 1)
    results = [kernels.dot(x, x), kernels.add(x, x), kernels.softmax(x), kernels.sum_rows(x), state[0]]
    return [r.tobytes() for r in results]

kernels._threads.set_always(True)
kernels.set_num_threads(4)
expected = work()

def fork(threads=4):
    "Does a child get the same bits, within a minute?"
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            signal.alarm(60)
            kernels.set_num_threads(threads)
            status = int(work() != expected)
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1] == 0
"""


@pytest.mark.parametrize(
    "code",
    [
        "for threads in (1, 2, 4, 16): assert fork(threads); assert work() == expected",
        # a child's own children
        """
pid = os.fork()
if pid == 0:
    os._exit(0 if work() == expected and fork() and work() == expected else 1)
assert os.waitpid(pid, 0)[1] == 0""",
        # forks from a thread that has called kernels itself, and from one that has not
        """
answers = []
def run(first):
    if first: work()
    answers.append(fork())
for first in (True, False):
    thread = threading.Thread(target=run, args=(first,)); thread.start(); thread.join()
assert answers == [True, True]""",
        # while other threads are inside kernels
        """
stop = threading.Event()
def busy():
    while not stop.is_set(): work()
threads = [threading.Thread(target=busy) for _ in range(3)]
for thread in threads: thread.start()
answers = [fork() for _ in range(20)]
stop.set()
for thread in threads: thread.join()
assert all(answers)""",
        # a pool whose workers last for one task, so that it forks while it runs
        """
def task(threads):
    signal.alarm(60)
    kernels.set_num_threads(threads)
    return work() == expected
with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
    assert all(pool.map(task, [1, 2, 3, 4, 8, 16], chunksize=1))""",
        # the number of threads is the parent's
        """
r, w = os.pipe()
pid = os.fork()
if pid == 0:
    os.write(w, str(kernels.get_num_threads()).encode()); os._exit(0)
os.waitpid(pid, 0)
assert int(os.read(r, 10)) == kernels.get_num_threads()""",
    ],
    ids=["main thread", "grandchild", "from a thread", "during kernels", "pool", "thread count"],
)
def test_fork(run_python, code):
    done = run_python(SETUP + code)
    assert done.returncode == 0, done.stderr
