"""Threads: the same bits for any number of them, and many callers at once."""

import asyncio
import itertools
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import kernels

COUNTS = [1, 2, 3, 16]


def arguments(rng, dtype):
    """Arrays of random sizes, large enough for several threads."""
    m, k, n = (int(v) for v in rng.integers(1, 300, 3))
    wide, long = int(rng.integers(500, 1500)), int(rng.integers(30000, 300000))

    def random(*sizes):
        return rng.standard_normal(sizes).astype(dtype)

    return random(m, k), random(k, n), random(n), random(m, wide), *random(2, long), rng.integers(0, wide, m)


def results(x, y, b, big, u, v, labels):
    """The bytes of every operation's results."""
    w, first, second = u.copy(), np.zeros_like(u), np.zeros_like(u)
    kernels.sgd_update(w, v, 0.1)
    kernels.momentum_update(w, first, v, 0.1, 0.9, nesterov=True)
    kernels.rmsprop_update(w, second, v, 0.1, 0.9, 1e-7)
    kernels.adam_update(w, first, second, v, 0.01, 0.9, 0.999, 1e-7, 7)
    outputs = [
        kernels.dot(x, y), kernels.dot(x.T, big), kernels.dot(big, big.T), kernels.dot(u, v), kernels.dot(x, y[:, 0]),
        kernels.dot(x[0], y), kernels.dot(x[0], y.T.copy().T), kernels.dense(x, y, b, "relu"),
        kernels.dense(big.T, x), kernels.add(u, v), kernels.add(big, big[:, :1]), kernels.relu(big.T),
        kernels.maximum(u, v[::-1]), kernels.add_relu(big, big[0]), kernels.relu_grad(u, v), kernels.softmax(big),
        kernels.softmax(u), *kernels.softmax_cross_entropy(big, labels), *kernels.softmax_cross_entropy(big, big),
        kernels.sum_rows(big), kernels.sum_rows(big.T), w, first, second,
    ]  # fmt: skip
    return [np.asarray(output).tobytes() for output in outputs]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(8))
def test_same_bits_for_any_number_of_threads(dtype, seed):
    seen = []
    for count in COUNTS:
        kernels.set_num_threads(count)
        seen.append(results(*arguments(np.random.default_rng(seed), dtype)))
    assert all(one == seen[0] for one in seen)


@pytest.mark.parametrize("isa", kernels.show_config()["instruction sets available"])
def test_nan_in_the_same_places_for_any_number_of_threads(run_python, isa):
    """Which payload a NaN has, where several meet, is not promised: each tile of registers has an order of its own."""
    code = """
import numpy as np
import kernels

def random(*sizes):
    x = rng.standard_normal(sizes).astype(np.float32)
    is_nan = rng.random(sizes) < 0.02
    x.view(np.uint32)[is_nan] = 0x7FC00000 + rng.integers(0, 1 << 20, is_nan.sum(), np.uint32)
    return x

def results(seed):
    global rng
    rng = np.random.default_rng(seed)
    m, k, n = rng.integers(50, 200, 3)
    x, y, b, u, v = random(m, k), random(k, n), random(n), random(2, 100001), random(2, 100001)
    arrays = [kernels.dot(x, y), kernels.dot(y.T, x.T), kernels.dot(x, y[:, 0]), kernels.dense(x, y, b, "relu"),
              kernels.add(u, v), kernels.add_relu(u, v), kernels.maximum(u, v), kernels.softmax(u),
              kernels.softmax(u[:, :100000].reshape(1000, 200)), kernels.sum_rows(u.T), kernels.relu_grad(u, v)]
    for array in arrays:
        array[np.isnan(array)] = np.nan
    return [array.tobytes() for array in arrays]

kernels._threads.set_always(True)
for seed in range(4):
    for threads in (1, 2, 3, 8):
        kernels.set_num_threads(threads)
        now = results(seed)
        first = now if threads == 1 else first
        assert now == first, (seed, threads)
"""
    done = run_python(code, KERNELS_ISA=isa)
    assert done.returncode == 0, done.stderr


def set_numbers(stop):
    """Change the number for all threads, and for this one, until the event is set."""
    for n in itertools.cycle(range(1, 6)):
        if stop.is_set():
            return
        kernels.set_num_threads(n)
        with threadpool_limits(2):
            kernels.dot(np.ones((99, 99)), np.ones((99, 99)))


@pytest.mark.parametrize("others", [(), (set_numbers,)], ids=["one number", "the number changes"])
def test_many_callers_at_once(others):
    kernels.set_num_threads(3)
    shared = [arguments(np.random.default_rng(seed), "float32") for seed in range(4)]
    alone, stop = [results(*arrays) for arrays in shared], threading.Event()
    with ThreadPoolExecutor(8 + len(others)) as pool:
        busy = [pool.submit(other, stop) for other in others]
        try:
            together = list(pool.map(lambda arrays: results(*arrays), shared * 4))
        finally:
            stop.set()
    assert together == alone * 4 and [future.result() for future in busy] == [None] * len(others)


def test_callers_in_asyncio():
    async def main():
        executor = asyncio.get_running_loop().run_in_executor
        return await asyncio.gather(
            *[asyncio.to_thread(results, *arrays) for _ in range(4)],
            *[executor(None, results, *arrays) for _ in "1234"],
        )

    arrays = arguments(np.random.default_rng(0), "float32")
    assert asyncio.run(main()) == [results(*arrays)] * 8


CALLS = {
    "relu": lambda x: kernels.relu(x),
    "add": lambda x: kernels.add(x, x),
    "dot": lambda x: kernels.dot(x[:400, :400], x[:400, :400]),
    "dense": lambda x: kernels.dense(x[:400, :400], x[:400, :400], x[0, :400], "relu"),
    "softmax": lambda x: kernels.softmax(x),
    "softmax_cross_entropy": lambda x: kernels.softmax_cross_entropy(x, x),
    "sum_rows": lambda x: kernels.sum_rows(x),
    "sgd_update": lambda x: kernels.sgd_update(x[:500], x[500:], 0.1),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_interpreter_is_free_meanwhile(call):
    """The other thread never gets the GIL by time slices here, only from a kernel that lets it go."""
    x, gate, passed = np.zeros((1000, 1000), np.float32), threading.Lock(), []
    gate.acquire()

    def wait():
        with gate:
            passed.append(True)

    other = threading.Thread(target=wait)
    other.start()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        gate.release()
        for _ in range(20000):  # one call lasts long enough, unless the other thread's CPU is taken away
            call(x)
            if passed:
                break
        let_go = bool(passed)
    finally:
        sys.setswitchinterval(interval)
        other.join()
    assert let_go


RACE = """
#include "_openmp.h"
static void *set(void *arg) { for (int i = 0; i < 3000; i++) request_threads(i % 7 + 1); return arg; }
static void *get(void *arg) { for (int i = 0; i < 3000; i++) arg = threads_here() ? arg : NULL; return arg; }
int main(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, i % 2 ? set : get, threads);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    return 0;
}
"""


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs GCC")
def test_a_request_races_with_no_call(tmp_path):
    """Without OpenMP, whose run time ThreadSanitizer does not know."""
    (tmp_path / "race.c").write_text(RACE)
    headers = Path(kernels._threads.__file__).parent
    build = ["gcc", "-w", "-g", "-fsanitize=thread", "-I", headers, tmp_path / "race.c", "-o", tmp_path / "race"]
    if subprocess.run(build, capture_output=True).returncode:
        pytest.skip("ThreadSanitizer does not link here")
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}  # another sanitizer
    done = subprocess.run([tmp_path / "race"], env=environment, capture_output=True, text=True)
    if "FATAL: ThreadSanitizer" in done.stderr:
        pytest.skip("ThreadSanitizer does not run on this kernel")
    assert (done.returncode, done.stderr) == (0, "")
