"""Resources: calls, and calls that raise, keep no memory, file, thread or reference; out of memory is an error that
leaves everything as it was."""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

import kernels

KERNELS = sorted(set(kernels.__all__) - {"get_num_threads", "naive", "set_num_threads", "show_config"})


def arguments(name: str, m: int, k: int, n: int) -> tuple:
    rng = np.random.default_rng([m, k, n])

    def array(*shape: int) -> np.ndarray:
        return rng.random(shape, np.float32)

    x, w, labels = array(m, k), array(k, n), rng.integers(0, k, m)
    return {
        "relu": (x,), "softmax": (x,), "sum_rows": (x,), "total": (x,),
        "add": (x, array(k)), "maximum": (x, array(k)), "add_relu": (x, array(m, k)), "relu_grad": (x, array(m, k)),
        "dot": (x, w), "dense": (x, w, array(n), "relu"), "take_rows": (x, rng.integers(0, m, m)),
        "softmax_cross_entropy": (x, labels), "top_matches": (x, labels),
        "sgd_update": (x, (array(m, n), array(n, k)), 0.1),
        "momentum_update": ([x], [array(m, k)], [array(m, k)], 0.1, 0.9),
        "rmsprop_update": (x, array(m, k), array(m, k), 0.1, 0.9, 1e-7),
        "adam_update": (x, array(m, k), array(m, k), array(m, k), 0.1, 0.9, 0.99, 1e-7, 1),
    }[name]  # fmt: skip


def calls(name: str, *sizes: int) -> list[tuple[tuple, dict]]:
    """A right call, and those with a wrong type, shape, value or out; most of them raise."""
    right = arguments(name, *sizes)
    found = [(right, {}), ((), {}), (right, {"unknown": 1}), ((*right, *right), {})]
    for i, x in enumerate(right):
        wrong = ["text", None, np.ma.ones(3, np.float32), np.ones((2, 3, 5), np.float32), np.zeros((0, 3), np.float32)]
        if isinstance(x, np.ndarray):
            wrong += [x.astype(np.float16), x.astype(object), x[:-1], x[::2], x[..., None], x[::-1], x[:1].tolist()]
            wrong += [x - 1000] if x.dtype.kind == "i" else []
        found += [((*right[:i], value, *right[i + 1 :]), {}) for value in wrong]
    if "out=" in getattr(kernels, name).__doc__:
        result = getattr(kernels, name)(*right)
        read_only = np.empty_like(result)
        read_only.flags.writeable = False
        outs = [result, read_only, result[:-1], result.astype(np.float64), result[..., None], [1.0], result[::-1]]
        found += [(right, {"out": out}) for out in outs]
    return found


@pytest.mark.parametrize(("threads", "sizes", "rounds"), [(1, (5, 7, 3), 10_000), (2, (256, 300, 260), 300)])
@pytest.mark.parametrize("name", KERNELS)
def test_calls_leave_nothing(name, threads, sizes, rounds, held):
    kernels.set_num_threads(threads)
    function, each, raised = getattr(kernels, name), calls(name, *sizes), 0
    arrays = [x for x in chain(*(positional for positional, _ in each)) if isinstance(x, np.ndarray)]

    def run(rounds: int) -> None:
        nonlocal raised
        for i in range(rounds):
            positional, named = each[i % len(each)]
            try:
                function(*positional, **named)
            except (TypeError, ValueError, IndexError):
                raised += 1

    run(3000 // threads**3)
    references, before = [sys.getrefcount(x) for x in arrays], held()
    run(rounds)
    after = held()
    assert [sys.getrefcount(x) for x in arrays] == references
    assert raised > rounds / 4
    assert after["blocks"] - before["blocks"] < 20
    assert after["bytes"] - before["bytes"] < 4096
    assert (after["files"], after["threads"]) == (before["files"], before["threads"])


SHORT = """
import resource
import sys
from pathlib import Path

import numpy as np

import kernels
from test_resources import KERNELS, arguments

STEP, UNLIMITED = 1 << 17, resource.RLIM_INFINITY


def flat(args):
    for x in args:
        yield from flat(x) if isinstance(x, (list, tuple)) else [x] if isinstance(x, np.ndarray) else []


def fails(function, make):
    "How often it has no memory, with ever more of it: each time its arguments stay as they were."
    args, expected, count = make(), make(), 0
    function(*expected)  # the threads start
    before = [x.copy() for x in flat(args)]
    while True:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + STEP * count, UNLIMITED))
        try:
            function(*args)
            break
        except MemoryError:
            count += 1
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (UNLIMITED, UNLIMITED))
        assert all(x.tobytes() == y.tobytes() for x, y in zip(flat(args), before, strict=True)), count
    assert all(x.tobytes() == y.tobytes() for x, y in zip(flat(args), flat(expected), strict=True))
    return count


def pairs(value):
    "Two weights with gradients that stay in registers, if the second's is finite."
    rng = np.random.default_rng(1)
    x = rng.random((512, 128), np.float32) * (rng.random((512, 128)) < 0.2)
    y = [rng.random((128, 512), np.float32) for _ in range(2)]
    y[1][3, 5] = value
    w, v = ([rng.random((512, 512), np.float32) for _ in range(2)] for _ in range(2))
    return w, v, [(x, y[0]), (x.copy(), y[1])], 0.1, 0.9, 1e-7


kernels.set_num_threads(2)
for name in KERNELS:
    count = fails(getattr(kernels, name), lambda: arguments(name, 600, 520, 512))
    little = ("total", "sum_rows", "top_matches", "momentum_update", "rmsprop_update", "adam_update")
    assert bool(count) != (name in little), (name, count)
for value in (1.0, np.inf):
    assert fails(kernels.rmsprop_update, lambda: pairs(value)) > 4, value
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited as Linux does it")
def test_short_of_memory_nothing_is_changed(run_python):
    """Each allocation fails once, as ever more memory is left: large ones are asked from the system, and given back."""
    done = run_python(f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n{SHORT}",
                      MALLOC_MMAP_THRESHOLD_="65536")  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
