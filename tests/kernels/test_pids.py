"""Limits on the number of processes: libgomp ends the process that may not start a thread, so teams stay below them."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

import kernels

pytestmark = [
    pytest.mark.skipif(kernels.show_config()["openmp"] is None, reason="a serial build starts no threads"),
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0, reason="limits hold for another user, or a group of root's"
    ),
]

SETUP = """
import os, resource, threading, time
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy as np
if GROUP:
    open(GROUP + "/cgroup.procs", "w").write(str(os.getpid()))
import kernels

x = np.random.default_rng(0).standard_normal((150, 150))
kernels._threads.set_always(True)
kernels.set_num_threads(1)
expected = kernels.dot(x, x).tobytes()

def tasks():
    return len(os.listdir("/proc/self/task"))

def become(n):
    "Threads end a moment after those who wait for them have gone on."
    end = time.monotonic() + 60
    while tasks() != n and time.monotonic() < end:
        time.sleep(0.001)
    assert tasks() == n, (tasks(), n)

def use(threads):
    kernels.set_num_threads(threads)
    assert kernels.dot(x, x).tobytes() == expected

def limit(room):
    most = str(tasks() + room)
    if GROUP:
        open(GROUP + "/pids.max", "w").write(most)
    else:
        resource.setrlimit(resource.RLIMIT_NPROC, (int(most), int(most)))
        os.setuid(100_000 + os.getpid())  # a user who has nothing else running

alone = tasks()
"""


@pytest.fixture(params=["ulimit -u", "pids.max"])
def setup(request):
    """Code that defines limit(room): this process may start so many more threads."""
    if request.param == "ulimit -u":
        yield f"GROUP = None{SETUP}"
        return
    root = Path("/sys/fs/cgroup")
    try:
        group = tempfile.mkdtemp(prefix="kernels-", dir=root / "pids" if (root / "pids").exists() else root)
    except OSError:
        pytest.skip("control groups are read-only here")
    try:
        if not Path(group, "pids.max").exists():
            pytest.skip("no pids controller in new control groups here")
        yield f"GROUP = {group!r}{SETUP}"
    finally:
        os.rmdir(group)


@pytest.mark.parametrize(("room", "workers"), [(0, 0), (2, 0), (3, 1), (6, 4), (9, 7), (20, 7)])
def test_a_team_takes_the_free_pids_but_two(run_python, setup, room, workers):
    code = f"""
limit({room})
use(8); become(alone + {workers})
use(3); become(alone + {min(workers, 2)})  # those that have not ended yet would still hold their pids
use(8); become(alone + {workers})
use(16)
"""
    done = run_python(setup + code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("fewer", "left"), [("use(2)", 1), ("os.waitpid(os.fork() or os._exit(0), 0)", 0)])
def test_a_team_grows_again_only_if_it_can(run_python, setup, fewer, left):
    """A smaller team ends the threads that it does not need, and fork all of them; others may take their pids."""
    code = f"""
limit(9); use(8); become(alone + 7)
{fewer}; become(alone + {left})
gate = threading.Event()
others = [threading.Thread(target=gate.wait) for _ in range(8 - {left})]
for other in others: other.start()
use(8); become(alone + 8)
gate.set()
for other in others: other.join()
become(alone + {left})
for _ in range(1000): use(8)  # it tries anew only now and then
become(alone + 7)
"""
    done = run_python(setup + code)
    assert done.returncode == 0, done.stderr


def test_callers_at_once_and_children(run_python, setup):
    code = """
gate = threading.Barrier(4)
def call(seed):
    gate.wait()
    for threads in np.random.default_rng(seed).integers(2, 9, 30): use(int(threads))
    answers.append(seed)
answers = []
limit(12)
callers = [threading.Thread(target=call, args=(seed,)) for seed in range(4)]
for caller in callers: caller.start()
for caller in callers: caller.join()
become(alone)
use(8)
pid = os.fork()
if pid == 0:
    use(8)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0 and sorted(answers) == [0, 1, 2, 3]
"""
    done = run_python(setup + code)
    assert done.returncode == 0, done.stderr
