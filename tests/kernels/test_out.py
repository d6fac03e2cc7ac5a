"""out=: returned, any layout, and where it overlaps an input, what a copy would have given."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

import kernels

N = 12
# operation, its number of matrices (N, N)
OPERATIONS = {
    "relu": (kernels.relu, 1),
    "add": (kernels.add, 2),
    "maximum": (kernels.maximum, 2),
    "add_relu": (kernels.add_relu, 2),
    "relu_grad": (kernels.relu_grad, 2),
    "softmax": (kernels.softmax, 1),
    "dot": (kernels.dot, 2),
    "dense": (lambda x, w, out: kernels.dense(x, w, activation="relu", out=out), 2),
}
# views of one buffer of floats
VIEWS = {
    "start": lambda b: b[: N * N].reshape(N, N),
    "one element on": lambda b: b[1 : N * N + 1].reshape(N, N),
    "one row on": lambda b: b[N : N * N + N].reshape(N, N),
    "transposed": lambda b: b[: N * N].reshape(N, N).T,
    "rows reversed": lambda b: b[: N * N].reshape(N, N)[::-1],
    "all reversed": lambda b: b[: N * N][::-1].reshape(N, N),
    "every other": lambda b: b[: 2 * N * N : 2].reshape(N, N),
    "padded rows": lambda b: b[: N * (N + 3)].reshape(N, N + 3)[:, 2 : N + 2],
    "other bytes": lambda b: b.view(b.dtype.newbyteorder())[: N * N].reshape(N, N),
    "unaligned": lambda b: b.view(np.uint8)[1 : 1 + N * N * b.itemsize].view(b.dtype).reshape(N, N),
    "apart": lambda b: b[3 * N * N : 4 * N * N].reshape(N, N),
}


def zero_strides(b):
    return as_strided(b, (N, N), (0, b.itemsize))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_overlap_in_every_way(name, dtype):
    operation, count = OPERATIONS[name]
    readable = [v for v in VIEWS if v not in ("other bytes", "unaligned")]  # the others' values would be noise
    for x in readable:
        for y in readable if count == 2 else [None]:
            for out in [*VIEWS.values(), zero_strides]:
                buffer = np.random.default_rng(0).standard_normal(5 * N * N).astype(dtype)
                inputs = [VIEWS[v](buffer) for v in (x, y) if v]
                copies = [np.array(v, order="K") for v in inputs]  # the same walk, so that sums keep their order
                expected = buffer.copy()
                np.copyto(out(expected), operation(*copies, out=np.empty((N, N), dtype)))
                target = out(buffer)
                assert operation(*inputs, out=target) is target
                assert buffer.tobytes() == expected.tobytes(), (x, y)


@pytest.mark.parametrize("n", [40000, 300])
def test_overlap_of_large_vectors(n):
    rng = np.random.default_rng(1)
    for shift_x, shift_y in [(0, 1), (1, 0), (1, 2), (17, 16), (0, 0), (5, 5)]:
        buffer = rng.standard_normal(n + 20)
        x, y, out = buffer[shift_x:][:n], buffer[shift_y:][:n], buffer[3:][:n]
        expected = x + y
        assert kernels.add(x, y, out=out) is out
        np.testing.assert_array_equal(out, expected)
        expected = np.maximum(buffer[shift_x:][:n][::-1], 0)
        kernels.relu(buffer[shift_x:][:n][::-1], out=out)
        np.testing.assert_array_equal(out, expected)


def test_out_is_an_operand_that_is_broadcast():
    x, row = np.ones((5, 7)), np.arange(35.0).reshape(5, 7)
    expected = x + row[2]
    np.testing.assert_array_equal(kernels.add(x, row[2], out=row), expected)
    row = np.arange(35.0).reshape(5, 7)
    expected = row + row[:, 3:4]
    np.testing.assert_array_equal(kernels.add(row, row[:, 3:4], out=row), expected)


def test_dense_out_over_its_bias():
    x, w = np.random.default_rng(2).standard_normal((2, 6, 6))
    block = np.random.default_rng(3).standard_normal((6, 6))
    expected = kernels.dense(x, w, block[4].copy())
    np.testing.assert_array_equal(kernels.dense(x, w, block[4], out=block), expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_out_of_every_layout(name, view, dtype):
    operation, count = OPERATIONS[name]
    inputs = np.random.default_rng(4).standard_normal((count, N, N)).astype(dtype)
    plain = np.full((N, N), np.nan, dtype)
    assert operation(*inputs, out=plain) is plain
    for x in (inputs, inputs.swapaxes(1, 2).copy().swapaxes(1, 2)):
        buffer = np.full(5 * N * N, np.nan, dtype)
        out = view(buffer)
        assert operation(*x, out=out) is out
        assert out.dtype.byteorder == view(buffer).dtype.byteorder
        bound = 0 if name not in ("dot", "dense") else 2 * N * np.finfo(dtype).eps * N * 9  # orders of a sum differ
        assert (np.abs(out.astype(np.float64) - plain) <= bound).all()
        untouched = np.full(5 * N * N, np.nan, dtype)
        view(untouched)[...] = out
        assert buffer.tobytes() == untouched.tobytes()  # nothing around it was written


CALLS = {
    "relu": lambda out: kernels.relu(np.ones((2, 3)), out=out),
    "relu (large)": lambda out: kernels.relu(np.ones((200, 300)), out=out),
    "add": lambda out: kernels.add(np.ones((2, 3)), np.ones(3), out=out),
    "maximum": lambda out: kernels.maximum(np.ones((2, 3)), 0.0, out=out),
    "add_relu": lambda out: kernels.add_relu(np.ones((2, 3)), np.ones((2, 3)), out=out),
    "relu_grad": lambda out: kernels.relu_grad(np.ones((2, 3)), np.ones((2, 3)), out=out),
    "softmax": lambda out: kernels.softmax(np.ones((2, 3)), out=out),
    "sum_rows": lambda out: kernels.sum_rows(np.ones((2, 3)), out=out),
    "dot": lambda out: kernels.dot(np.ones((2, 4)), np.ones((4, 3)), out=out),
    "dot of vectors": lambda out: kernels.dot(np.ones(4), np.ones(4), out=out),
    "dense": lambda out: kernels.dense(np.ones((2, 4)), np.ones((4, 3)), np.ones(3), "relu", out=out),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_wrong_out(call):
    shape = np.shape(call(None))
    for not_an_array in ([0.0], (1, 2), 1.0, "out", memoryview(bytearray(48))):
        with pytest.raises(TypeError, match="out must be a NumPy array, not"):
            call(not_an_array)
    for dtype in (np.float32, np.int64, np.float16, np.complex128, object):
        with pytest.raises(TypeError, match="the result is float64"):
            call(np.zeros(shape, dtype))
    for wrong in ((*shape, 1), (1, *shape), (7,), (2, 4), (3, 2), (0, 3)):
        with pytest.raises(ValueError, match="shape"):
            call(np.zeros(wrong))
    read_only = np.zeros(shape)
    read_only.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        call(read_only)
    assert not read_only.any()


def test_out_that_cannot_hold_the_promoted_type():
    x, y = np.ones(3, np.float32), np.ones(3)
    for call in (kernels.add, kernels.maximum, kernels.dot):
        shape = np.shape(call(x, y))
        with pytest.raises(TypeError, match="out is float32, the result is float64"):
            call(x, y, out=np.zeros(shape, np.float32))
