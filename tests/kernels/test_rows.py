"""take_rows: NumPy's indexing by rows, for every type, and its errors; indices that another thread changes."""

import itertools
import sys
import sysconfig
import threading
import time

import numpy as np
import pytest

import kernels


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "int64", ">f4", "bool", "complex128"])
@pytest.mark.parametrize("shape", [(7,), (7, 3), (1000, 784), (5, 2, 3), (3, 0), (4, 1)])
def test_rows(dtype, shape):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2**7, shape).astype(dtype)
    for m in (0, 1, 5, 300):
        rows = rng.integers(0, shape[0], m)
        for order in (rows, rows.astype(np.uint8 if shape[0] < 256 else np.uint16), np.repeat(rows, 2)[::2]):
            result = kernels.take_rows(x, order)
            assert result.dtype == x.dtype
            np.testing.assert_array_equal(result, x[rows])
        np.testing.assert_array_equal(kernels.take_rows(x, []), x[:0])
        out = np.ones_like(result)
        assert kernels.take_rows(x, rows, out) is out
        np.testing.assert_array_equal(out, x[rows])


def test_errors():
    x = np.ones((4, 3), np.float32)
    for rows, wrong in (([4], 4), ([0, -1], -1), ([2**40], 2**40)):
        with pytest.raises(IndexError, match=f"row {wrong} is outside of the 4 rows"):
            kernels.take_rows(x, rows)
    with pytest.raises(IndexError, match="row 0"):
        kernels.take_rows(x[:0], [0])
    for rows in ([0.0], [[0]], [True], 0):
        with pytest.raises(TypeError, match="vector of integers"):
            kernels.take_rows(x, rows)
    for wrong in ([[1.0]], np.array([None])):
        with pytest.raises(TypeError, match="without objects"):
            kernels.take_rows(wrong, [0])
    for wrong in (x.T, x[:, ::2], np.float32(1) + np.zeros(())):
        with pytest.raises((ValueError, TypeError), match=r"contiguous|array"):
            kernels.take_rows(wrong, [0])
    with pytest.raises(TypeError, match="float32"):
        kernels.take_rows(x, [0], np.ones((1, 3)))
    for out in (np.ones((2, 3), np.float32), np.ones((1, 6), np.float32)[:, ::2], np.ones(3, np.float32)):
        with pytest.raises(ValueError, match="of shape"):
            kernels.take_rows(x, [0], out)
    fixed = np.ones((1, 3), np.float32)
    fixed.flags.writeable = False
    with pytest.raises(ValueError, match="writable"):
        kernels.take_rows(x, [0], fixed)
    with pytest.raises(ValueError, match="not share"):
        kernels.take_rows(x, [3], x[:1])
    assert (x == 1).all()


N = 2**18  # elements of a row, which keep a kernel busy
PAIR = np.array([[0.0], [1.0]], np.float32).repeat(N, axis=1)
SLOPE = np.zeros((64, N), np.float32)
SLOPE[:, 1] = 1  # the loss of label 1 is smaller by 1 than that of label 0


@pytest.mark.skipif(sysconfig.get_config_var("Py_GIL_DISABLED") == 1, reason="the other thread waits for the GIL")
@pytest.mark.parametrize(
    "call",
    [
        lambda rows: kernels.take_rows(PAIR, rows)[:, 0],
        lambda labels: kernels.softmax_cross_entropy(SLOPE, labels)[0],
    ],
    ids=["rows", "labels"],
)
def test_indices_are_those_of_the_call(call):
    """Another thread changes them as soon as the kernel, which has checked them, lets the interpreter go."""
    kernels.set_num_threads(1)
    expected, changed, interval = call(np.zeros(64, np.int64)), 0, sys.getswitchinterval()
    sys.setswitchinterval(1000)  # the other thread never gets the GIL by time slices
    try:
        for _ in range(200):
            indices, gate = np.zeros(64, np.int64), threading.Lock()
            gate.acquire()

            def change(indices=indices, gate=gate):
                with gate:
                    indices[:] = 1

            other = threading.Thread(target=change)
            other.start()
            gate.release()
            result = call(indices)
            changed += indices[0]
            other.join()
            np.testing.assert_array_equal(result, expected)
            if changed == 5:
                break
    finally:
        sys.setswitchinterval(interval)
    assert changed == 5


SCORES = np.tile(np.array([4.0, 5.0, 6.0], np.float32), (64, 1))


@pytest.mark.parametrize(
    "call",
    [
        lambda rows: kernels.take_rows(SCORES, rows),
        lambda labels: kernels.softmax_cross_entropy(SCORES, labels)[0],
        lambda labels: kernels.top_matches(SCORES, labels),
    ],
    ids=["take_rows", "softmax_cross_entropy", "top_matches"],
)
def test_what_another_thread_writes_is_refused_or_not_read(call):
    """Nothing lies so far away: only what was checked is read, whenever it changes."""
    indices, stop = np.full(64, 2), threading.Event()
    expected = call(indices)

    def change():
        for value in itertools.cycle([2**40, 2]):
            if stop.is_set():
                return
            indices[:] = value

    other = threading.Thread(target=change)
    other.start()
    read, refused, end = 0, 0, time.monotonic() + 5
    try:
        while min(read, refused) < 10 and time.monotonic() < end:
            try:
                result = call(indices)
            except (IndexError, ValueError):
                refused += 1
                continue
            is_far = result == 0  # to top_matches a label so large is no match
            assert (is_far | (result == expected)).all()
            read, refused = read + (not is_far.any()), refused + is_far.any()
    finally:
        stop.set()
        other.join()
    assert read and refused
