"""The number of threads: who may set it, and who is asked in which order."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import kernels

OPENMP = kernels.show_config()["openmp"] is not None


def threads(n):
    """What get_num_threads says after n were asked for: 1 in a serial build."""
    return n if OPENMP else 1


@pytest.mark.parametrize(
    ("error", "says", "n"),
    [(TypeError, "int", n) for n in (True, False, 1.0, 2.5, "2", None, [2], np.float32(2))]
    + [(ValueError, "number of threads", n) for n in (0, -1, 10**6, 10**30)],
)
def test_a_number_of_threads_is_an_int_within_limits(error, says, n):
    before = kernels.get_num_threads()
    with pytest.raises(error, match=says):
        kernels.set_num_threads(n)
    assert kernels.get_num_threads() == before


def in_new_thread(function):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


def test_a_number_of_threads_is_for_all_callers():
    kernels.set_num_threads(3)
    assert in_new_thread(kernels.get_num_threads) == threads(3)
    in_new_thread(lambda: kernels.set_num_threads(5))
    assert kernels.get_num_threads() == threads(5)
    assert kernels.show_config()["threads"] == threads(5)


def test_threadpoolctl_sees_and_limits():
    kernels.set_num_threads(4)
    pools = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp"]
    assert (4 in pools) == OPENMP  # others are a run time of their own, of a library beside a wheel that brings its own
    with threadpool_limits(1):
        assert kernels.get_num_threads() == 1
        with threadpool_limits(2, user_api="openmp"):
            assert kernels.get_num_threads() == threads(2)
        kernels.dot(np.ones((300, 300)), np.ones((300, 300)))
        assert kernels.get_num_threads() == 1
    assert kernels.get_num_threads() == threads(4)


def test_threadpoolctl_limits_a_thread_that_calls_for_the_first_time(run_python):
    code = """
from concurrent.futures import ThreadPoolExecutor
from threadpoolctl import threadpool_limits
import kernels

def limited():
    with threadpool_limits(2):
        return kernels.get_num_threads()

kernels.set_num_threads(4)
with ThreadPoolExecutor(1) as pool:
    print(pool.submit(limited).result())
"""
    done = run_python(code, OMP_NUM_THREADS="3")
    assert (done.stdout.split(), done.stderr) == ([str(threads(2))], "")


PRINT_THREADS = "import kernels; print(kernels.get_num_threads())"


@pytest.mark.parametrize("n", [1, 3, 7])
def test_environment_sets_the_number(run_python, n):
    done = run_python(PRINT_THREADS, OMP_NUM_THREADS=str(n))
    assert (done.stdout.split(), done.stderr) == ([str(threads(n))], "")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("3", 3), (" 3 , 2 ", 3), ("+3", 3), ("003", 3)]
    + [(value, 1) for value in (None, "", " ", "0", "-3", "abc", "2.5", "3,", "3,0", "3 2", "0x3", "9" * 5000)],
)
def test_a_quota_holds_unless_the_environment_sets_a_number(run_python, value, expected):
    code = f"""
import sys, types
sys.modules["kernels.cpus"] = types.SimpleNamespace(cpu_quota=lambda: 1, pids_files=lambda: [])
{PRINT_THREADS}"""
    done = run_python(code, OMP_NUM_THREADS=value)
    assert done.stdout.split() == [str(threads(expected))], done.stderr


def test_the_environment_limits_the_number(run_python):
    code = f"import kernels; {PRINT_THREADS}; kernels.set_num_threads(8); {PRINT_THREADS}"
    done = run_python(code, OMP_NUM_THREADS="5", OMP_THREAD_LIMIT="3")
    assert (done.stdout.split(), done.stderr) == ([str(threads(3))] * 2, "")


def test_set_num_threads_goes_before_the_environment(run_python):
    done = run_python(f"import kernels; kernels.set_num_threads(2); {PRINT_THREADS}", OMP_NUM_THREADS="5")
    assert (done.stdout.split(), done.stderr) == ([str(threads(2))], "")


def test_by_default_no_more_threads_than_cpus_of_this_process(run_python):
    code = f"""
import os
allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else [0]
if len(allowed) > 1:
    os.sched_setaffinity(0, allowed[:1])
{PRINT_THREADS}"""
    done = run_python(code, OMP_NUM_THREADS=None)
    assert (done.stdout.split(), done.stderr) == (["1"], "")


def test_environment_is_left_as_it_was(run_python):
    code = "import os; before = dict(os.environ); import kernels; print(dict(os.environ) == before)"
    assert run_python(code).stdout.split() == ["True"]
    assert run_python(code, GOMP_SPINCOUNT="7").stdout.split() == ["True"]
