"""Inputs of every layout: the compiled rungs read any strides, and copy only what a C pointer cannot walk."""

import numpy as np
import pytest

import kernels
from kernels.ladder import LADDER


def sliced(x):
    wide = np.full([3 * n + 2 for n in x.shape], np.nan, x.dtype)
    view = wide[tuple(slice(1, 1 + 3 * n, 3) for n in x.shape)]
    view[...] = x
    return view


def reversed_axes(x):
    back = (slice(None, None, -1),) * x.ndim
    return x[back].copy()[back]


def other_axis_order(x):
    return np.moveaxis(np.moveaxis(x, 0, -1).copy(), -1, 0)


def unaligned(x):
    view = np.zeros(x.nbytes + 1, np.uint8)[1:].view(x.dtype).reshape(x.shape)
    view[...] = x
    return view


def other_byte_order(x):
    return x.astype(x.dtype.newbyteorder())


def packed_field(x):
    records = np.zeros(x.shape, [("tag", "u1"), ("value", x.dtype)])
    records["value"] = x
    return records["value"]


def aligned_field(x):
    records = np.zeros(x.shape, [("value", x.dtype), ("weight", x.dtype)])
    records["value"] = x
    return records["value"]


def read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


def ones_in_front(x):
    return x.reshape(1, *x.shape)[0]


LAYOUTS = [
    np.asfortranarray, sliced, reversed_axes, other_axis_order, unaligned, other_byte_order, packed_field,
    aligned_field, read_only, ones_in_front,
]  # fmt: skip
COMPILED = [
    pytest.param(operation, function, id=f"{operation}-{rung}")
    for operation, rungs in LADDER.items()
    for rung, function in rungs.items()
    if function.compiled and operation != "rmsprop_update"  # updates take contiguous arrays only: test_optimizers.py
]
SHAPES = [(1, 1, 1), (3, 5, 7), (16, 1, 33), (30, 401, 67)]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("operation", "function"), COMPILED)
def test_layouts(case, operation, function, dtype, layout):
    for shape in SHAPES:
        with_numpy = case(operation, dtype, shape)
        strange = [layout(x) for x in with_numpy.args]
        with_numpy.check(function(*strange))
        for i, x in enumerate(strange):  # each operand alone, beside plain ones
            args = list(with_numpy.args)
            args[i] = x
            with_numpy.check(function(*args))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("operation", "function"), COMPILED)
def test_memory_mapped(tmp_path, case, operation, function, dtype):
    with_numpy = case(operation, dtype, (13, 17, 19))
    mapped = []
    for i, x in enumerate(with_numpy.args):
        np.save(tmp_path / f"{i}.npy", x)
        mapped.append(np.load(tmp_path / f"{i}.npy", mmap_mode="r"))
    result = function(*mapped)
    assert not isinstance(result, np.memmap)
    with_numpy.check(result)
    shape = with_numpy.expected.shape or (1,)
    out = np.memmap(tmp_path / "out", dtype, "w+", shape=shape)
    out[...] = np.nan
    result_view = out if with_numpy.expected.shape else out.reshape(())
    assert function(*mapped, out=result_view) is result_view
    out.flush()
    with_numpy.check(np.fromfile(tmp_path / "out", dtype).reshape(with_numpy.expected.shape))


@pytest.mark.parametrize("shape", [(3, 5), (60, 70), (300, 400)])
def test_zero_strides(shape):
    m, n = shape
    rng = np.random.default_rng(0)
    row, column = rng.standard_normal(n).astype(np.float32), rng.standard_normal((m, 1)).astype(np.float32)
    one = np.float32(0.3)
    for x in (np.broadcast_to(row, shape), np.broadcast_to(column, shape), np.broadcast_to(one, shape)):
        full, y = x.copy(), rng.standard_normal(shape).astype(np.float32)
        np.testing.assert_array_equal(kernels.relu(x), kernels.relu(full))
        np.testing.assert_array_equal(kernels.add(x, y), full + y)
        np.testing.assert_array_equal(kernels.maximum(y, x), np.maximum(y, full))
        np.testing.assert_array_equal(kernels.softmax(x), kernels.softmax(full))
        np.testing.assert_array_equal(kernels.sum_rows(x), kernels.sum_rows(full))
        for a, b in zip(kernels.softmax_cross_entropy(x, x), kernels.softmax_cross_entropy(full, full), strict=True):
            np.testing.assert_array_equal(a, b)
        for a, b in ((x, y.T), (y.T, x), (x, x.T)):
            a64, b64 = a.astype(np.float64), b.astype(np.float64)
            bound = (a.shape[1] + 1) * np.finfo(np.float32).eps * (np.abs(a64) @ np.abs(b64))
            assert (np.abs(kernels.dot(a, b) - a64 @ b64) <= bound).all()


def test_an_operand_twice():
    x = np.random.default_rng(1).standard_normal((70, 70)).astype(np.float32)
    np.testing.assert_array_equal(kernels.add(x, x), 2 * x)
    np.testing.assert_array_equal(kernels.maximum(x, x), x)
    bound = 71 * np.finfo(np.float32).eps * (np.abs(x) @ np.abs(x.T)).astype(np.float64)
    assert (np.abs(kernels.dot(x, x.T) - x.astype(np.float64) @ x.T.astype(np.float64)) <= bound).all()


@pytest.mark.parametrize("function", [kernels.relu, lambda x: kernels.add(x, x), lambda x: kernels.maximum(x, 0.5)])
def test_results_keep_the_axis_order_of_x(function):
    x = np.ones((4, 5, 6), np.float32).transpose(2, 0, 1)
    assert function(x).strides == np.add(x, x).strides  # so that the next operation walks memory in order


def test_subclasses_give_plain_arrays():
    class Marked(np.ndarray):
        pass

    x = np.ones((3, 4), np.float32).view(Marked)
    for result in (kernels.relu(x), kernels.add(x, x), kernels.dot(x, x.T), kernels.softmax(x), kernels.sum_rows(x)):
        assert type(result) is np.ndarray
