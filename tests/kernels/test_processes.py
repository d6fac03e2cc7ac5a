"""Child processes of every kind, and how a process ends: the right bits, and never a hang, which ends in a time-out."""

import multiprocessing
import sys

import pytest

SETUP = """
import atexit, contextlib, os, signal, threading, time
import numpy as np
import kernels

x = np.random.default_rng(0).standard_normal((300, 300)).astype(np.float32)
kernels._threads.set_always(True)
kernels.set_num_threads(4)
expected = kernels.dot(x, x).tobytes()

def busy():
    while True: kernels.dot(x, x); kernels.softmax(x)
"""


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_pools(run_python, method):
    """While other threads are inside kernels."""
    code = f"""
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
for _ in range(2): threading.Thread(target=busy, daemon=True).start()
context = multiprocessing.get_context("{method}")
with ProcessPoolExecutor(2, context) as executor, context.Pool(2) as pool:
    calls = [executor.submit(kernels.dot, x, x) for _ in range(3)]
    products = pool.map(kernels.softmax, [x] * 3)
    assert [call.result(60).tobytes() for call in calls] == [expected] * 3
    assert [p.tobytes() for p in products] == [kernels.softmax(x).tobytes()] * 3
process = context.Process(target=kernels.dot, args=(x, x))
process.start()
process.join(60)
assert process.exitcode == 0"""
    done = run_python(SETUP + code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("wait", [0, 0.003, 0.03])
def test_exit(run_python, wait):
    """Whatever calls kernels then."""
    code = f"""
class Last:  # it goes as the modules are cleared
    def __del__(self, dot=kernels.dot, x=x): dot(x, x)
last = Last()
def one_more():
    with contextlib.suppress(RuntimeError):  # Python 3.12.0 to 3.12.2 start none then
        threading.Thread(target=busy, daemon=True).start()
atexit.register(kernels.dot, x, x)
atexit.register(one_more)
for _ in range(3): threading.Thread(target=busy, daemon=True).start()
threading.Thread(target=lambda: [kernels.dot(x, x) for _ in range(99)]).start()
time.sleep({wait})
print("end")"""
    done = run_python(SETUP + code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


def test_signals(run_python):
    """A handler runs when the kernel has returned, though the signal came meanwhile: no result is half written."""
    code = """
class Came(Exception): pass
def handle(*_):
    assert out.tobytes() in (blank, expected)
    raise Came
out, came = np.empty_like(x), 0
blank = np.full_like(x, np.nan).tobytes()
signal.signal(signal.SIGALRM, handle)
for turn in range(200):
    out[...] = np.nan
    try:
        signal.setitimer(signal.ITIMER_REAL, 1e-4 * (turn % 20 + 1))
        kernels.dot(x, x, out=out)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except Came:
        came += 1
assert came and kernels.dot(x, x).tobytes() == expected
"""
    done = run_python(SETUP + code)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="threads and memory are read in /proc")
def test_threads_of_ended_callers_end(run_python):
    """Each caller has workers of its own: they end with it, and leave no memory behind."""
    code = """
def tasks():
    return len(os.listdir("/proc/self/task"))
def memory():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE")
def turn():
    callers = [threading.Thread(target=kernels.dot, args=(x, x)) for _ in range(8)]
    for caller in callers: caller.start()
    for caller in callers: caller.join()
begin = tasks()
for _ in range(5): turn()
before = memory()
for _ in range(40): turn()
end = time.monotonic() + 60  # threads end a moment after those who wait for them have gone on
while tasks() > begin and time.monotonic() < end: time.sleep(0.001)
assert tasks() <= begin, (tasks(), begin)
assert memory() - before < 2**23, memory() - before
"""
    done = run_python(SETUP + code)
    assert done.returncode == 0, done.stderr


SUBINTERPRETER = """
try:
    import _interpreters as interpreters
except ImportError:  # before Python 3.13
    import _xxsubinterpreters as interpreters
code = "import kernels, numpy as np; assert kernels.dot(np.ones((3, 3)), np.ones(3)).tolist() == [3, 3, 3]"
try:
    answer = interpreters.run_string(interpreters.create(), code)
except interpreters.RunFailedError as error:
    answer = error
print(answer)
"""


@pytest.mark.parametrize("first", ["", "import kernels"])
def test_a_second_interpreter_works_or_is_refused(run_python, first):
    done = run_python(f"{first}\n{SUBINTERPRETER}")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "None\n" or "ImportError" in done.stdout, done.stdout
