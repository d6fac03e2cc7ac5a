"""When a call wakes threads: not for little work after a pause, and for a while not where they came late."""

import ctypes
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

import kernels
from kernels import _threads

needs_openmp = pytest.mark.skipif(kernels.show_config()["openmp"] is None, reason="a serial build has one thread")


def c_function(name, result, *arguments):
    """A function that the other compiled modules import."""
    capsule = ctypes.py_object(_threads.__pyx_capi__[name])
    signature, pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    signature.restype, pointer.restype = ctypes.c_char_p, ctypes.c_void_p
    pointer.argtypes = ctypes.py_object, ctypes.c_char_p
    return ctypes.CFUNCTYPE(result, *arguments)(pointer(capsule, signature(capsule)))


part_of = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_int)
share = c_function("share", None, part_of, ctypes.c_void_p, ctypes.c_int)
team = c_function("team", ctypes.c_int, ctypes.c_double, ctypes.c_double)


@pytest.fixture
def as_users_have_it():
    kernels.set_num_threads(2)
    _threads.set_always(False)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_each_part_is_done_once_by_a_thread_of_its_own(workers):
    done = []

    @part_of
    def part(task, worker, among):
        done.append((worker, among, threading.get_ident()))

    share(part, None, workers)
    done.sort()
    assert [one[:2] for one in done] == [(worker, workers) for worker in range(workers)]
    assert done[0][2] == threading.get_ident()
    assert len({thread for *_, thread in done}) == (workers if kernels.show_config()["openmp"] else 1)


@needs_openmp
def test_little_work_wakes_nobody_but_calls_in_quick_succession_do(as_users_have_it):
    assert team(24, 1) == 1
    time.sleep(0.01)
    assert team(24, 1) == 1
    assert team(24, 1) == 2 or any(team(5, 1) == 2 for _ in range(100_000))  # if this thread was stopped in between
    time.sleep(0.01)
    assert (team(24, 1), team(1e6, 1)) == (1, 2)


@needs_openmp
def test_a_caller_works_alone_after_its_worker_was_late(as_users_have_it):
    @part_of
    def part(task, worker, workers):
        time.sleep(0.05 * worker)

    assert team(1e6, 1) == 2
    for _ in range(4):  # 5, 20, 80, 320 ms
        share(part, None, 2)
    assert team(1e6, 1) == 1
    time.sleep(0.35)
    assert team(1e6, 1) == 2


POLICY = """
#include <assert.h>
#include <time.h>
static long long us;
#define clock_gettime(clock, t) ((t)->tv_sec = us / 1000000, (t)->tv_nsec = us % 1000000 * 1000)
#include "_pays.h"

static void region(int own, int waited)
{
    begin_region();
    us += own;
    end_own_part();
    us += waited;
    end_region(2);
}

int main(void)
{
    us = 1000000;
    assert(!threads_pay(60) && !threads_pay(60) && threads_pay(60));
    us += 200; assert(threads_pay(2));   /* awake */
    us += 300; assert(!threads_pay(10)); /* asleep */
    assert(threads_pay(200));

    region(1000, 1400); assert(threads_pay(200)); /* little is lost, */
    region(1000, 0); assert(threads_pay(200));    /* and won again */
    region(1000, 1400); assert(threads_pay(200));
    for (int ms = 5; ms <= 1280; ms *= 4) {       /* longer each time, up to 320 ms */
        region(100, 4000); assert(!threads_pay(200));
        us += (ms < 320 ? ms : 320) * 1000 - 1; assert(!threads_pay(200));
        us += 1; assert(threads_pay(200));
    }
    for (int i = 0; i < 120; i++) region(100, 0); /* in time for longer than a while */
    region(100, 10000); assert(!threads_pay(200));
    us += 5000; assert(threads_pay(200));
    for (int i = 0; i < 10000; i++) region(10, 15), region(20, 0); /* more is won than lost */
    assert(threads_pay(200));
    return 0;
}
"""


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs GCC")
def test_for_how_long_a_caller_works_alone(tmp_path):
    (tmp_path / "policy.c").write_text(POLICY)
    headers = Path(_threads.__file__).parent
    subprocess.run(["gcc", "-I", headers, tmp_path / "policy.c", "-o", tmp_path / "policy"], check=True)
    done = subprocess.run([tmp_path / "policy"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
