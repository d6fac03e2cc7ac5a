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
SHAPES = [(3, 5, 7), (30, 401, 67)]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("operation", "function"), COMPILED)
def test_layouts(case, operation, function, layout):
    for shape in SHAPES:
        with_numpy = case(operation, "float32", shape)
        strange = [layout(x) for x in with_numpy.args]
        with_numpy.check(function(*strange))
        for i, x in enumerate(strange):  # each operand alone, beside plain ones
            args = list(with_numpy.args)
            args[i] = x
            with_numpy.check(function(*args))


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
