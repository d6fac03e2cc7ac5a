"""Arrays of others: what exports by DLPack comes in, and tensors go out, in the same memory."""

from __future__ import annotations

import gc
import operator
import threading
import weakref

import numpy as np
import pytest

import kernels
import pynn as tf
from pynn.keras.training.batches import Batches

# before, NumPy copies nothing on demand, exports nothing read-only and imports nothing writable
NUMPY_2_1 = np.lib.NumpyVersion(np.__version__) >= "2.1.0"
TYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64"


class Exporter:
    """An array that speaks DLPack and nothing else."""

    def __init__(self, array, error=None):
        self.array, self.error, self.dtype = array, error, "its own"

    def __dlpack__(self, **asked):
        if self.error:
            raise self.error
        return self.array.__dlpack__(**asked)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


class Older(Exporter):
    """As of before DLPack 1.0."""

    def __dlpack__(self, stream=None):
        return super().__dlpack__()


def layouts(x):
    """x (4, 6), and views of it: transposed, with steps, reversed, without axes, empty."""
    return x, x.T, x[::2], x[::-1, 1:], x[::-1, ::-2], x[0, 0, ...], x[:0], x[:, :1]


def same(one, other):
    np.testing.assert_array_equal(one, other, strict=True)


@pytest.mark.parametrize("kind", [Exporter, Older])
def test_kernels_and_operations_read_it(kind):
    x = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)
    for a in layouts(x):
        same(np.asarray(kernels.relu(kind(a))), np.maximum(a, 0))
        same(np.asarray(kernels.add(1.0, kind(a))), np.asarray(1 + a))
        for result in (tf.nn.relu(kind(a)), tf.constant(1.0) * tf.maximum(kind(a), 0.0)):
            same(result.numpy(), np.maximum(a, 0)[()])
    order, labels = np.array([3, 0]), np.array([1, 5, 0, 2])
    same(kernels.take_rows(x, kind(order)), x[order])
    same(kernels.top_matches(kind(x), kind(labels)), kernels.top_matches(x, labels))
    for one, other in zip(
        kernels.softmax_cross_entropy(kind(x), kind(labels)), kernels.softmax_cross_entropy(x, labels), strict=True
    ):
        same(one, other)
    with pytest.raises(ValueError, match=r"label 6 is outside"):
        kernels.softmax_cross_entropy(x, kind(labels + 1))
    x.flags.writeable = False
    if NUMPY_2_1:
        same(kernels.relu(Exporter(x)), np.maximum(x, 0))


def test_nothing_is_copied_on_the_way_in():
    x = np.arange(24, dtype=np.float32).reshape(4, 6)
    for given in (Exporter(x), Older(x), tf.stack(x)):
        assert np.shares_memory(kernels.dlpack.as_ndarray(given, "x"), np.from_dlpack(given))
    for a in layouts(x)[:5]:
        assert np.shares_memory(tf.squeeze(Exporter(a))._array, a) == np.shares_memory(tf.squeeze(a)._array, a)
        (batch,) = Batches(Exporter(a), batch_size=9)
        assert np.shares_memory(batch._array, a)


@pytest.mark.parametrize("dtype", TYPES.split())
def test_out_and_in_again(dtype):
    for a in layouts(np.arange(24).reshape(4, 6).astype(dtype)):
        tensor = tf.Tensor(a)
        exported = [np.from_dlpack(tensor, copy=False)] if NUMPY_2_1 else []
        for view in (np.asarray(tensor), np.asarray(tensor, copy=False), np.asarray(tensor, dtype), *exported):
            same(view, a)
            assert view.strides == a.strides and not view.flags.writeable
            assert not a.size or np.shares_memory(view, a)
        for consumed in (np.from_dlpack(tensor), np.from_dlpack(Older(tensor))):
            same(consumed, a)
            assert consumed.flags.forc
            assert not a.size or np.shares_memory(consumed, a) == a.flags.forc
        copied = [np.from_dlpack(tensor, copy=True)] if NUMPY_2_1 else []
        for copy in (np.array(tensor), tensor.numpy(), np.array(tensor, dtype), *copied):
            same(copy, a[()] if copy.ndim == 0 and isinstance(copy, np.generic) else a)
            assert not np.shares_memory(copy, a)
        same(np.asarray(tf.constant(Exporter(a))), a)
        assert tensor.__dlpack_device__() == (1, 0)
    with pytest.raises(ValueError, match="copy"):
        np.asarray(tensor, np.complex64, copy=False)
    assert np.asarray(tensor, np.complex64).flags.writeable


def test_who_knows_no_mark_gets_the_memory_or_what_may_be_written():
    x = np.arange(3.0)
    assert np.shares_memory(np.from_dlpack(Older(tf.Tensor(x))), x)
    x.flags.writeable = False
    same(np.from_dlpack(Older(tf.Tensor(x))), x)
    assert not np.shares_memory(np.from_dlpack(Older(tf.Tensor(x))), x)
    for asked in ({"copy": False}, {"max_version": (0, 8), "copy": False}, {"dl_device": (2, 0)}):
        with pytest.raises((BufferError, ValueError) if NUMPY_2_1 else TypeError):
            tf.Tensor(x).__dlpack__(**asked)


def test_a_variable_that_is_held_outside_is_assigned_elsewhere():
    v = tf.Variable([1.0, 2.0])
    held, capsule, copy = np.from_dlpack(v), v.__dlpack__(), np.asarray(v)
    assert np.shares_memory(held, v._array) and not np.shares_memory(copy, v._array)
    copy[:] = 7
    v.assign([3.0, 4.0])
    same(held, np.float32([1, 2]))
    same(v.numpy(), np.float32([3, 4]))
    del capsule
    place, held = v._array.ctypes.data, None
    v.assign_add([1.0, 1.0])
    assert v._array.ctypes.data == place
    held = v.__dlpack__()  # the capsule holds the memory, too
    v.assign([0.0, 0.0])
    assert v._array.ctypes.data != place and held


def test_memory_lives_as_long_as_its_last_reader():
    class Watched(np.ndarray):
        pass

    source = np.arange(1000.0).view(Watched)
    gone = weakref.ref(source)
    held = np.from_dlpack(tf.Tensor(source))
    del source
    gc.collect()
    assert gone() is not None and held.sum() == 499500
    del held
    gc.collect()
    assert gone() is None


def test_threads():
    tensor, sums = tf.range(10_000), []

    def read():
        sums.extend(int(np.from_dlpack(tensor).sum()) + int(np.asarray(tensor).sum()) for _ in range(50))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == [99_990_000] * 200


@pytest.mark.parametrize(
    "error", [BufferError("It requires grad."), RuntimeError("Unsupported device"), TypeError("BFloat16")]
)
def test_what_cannot_be_read(error):
    given = Exporter(np.ones((2, 2), np.float32), error)
    for read in (kernels.relu, tf.constant, lambda x: tf.ones(2) + x, lambda x: kernels.take_rows(np.ones(3), x)):
        with pytest.raises(
            (TypeError, tf.InvalidArgumentError), match=rf"Exporter \({error}\).*x\.detach\(\)\.cpu\(\)"
        ):
            read(given)


@pytest.mark.parametrize("array", [np.ones(2, complex), np.ones(2, np.int32), np.ones(2, np.float16)])
def test_other_types_are_not_converted_silently(array):
    with pytest.raises(TypeError, match=r"np\.from_dlpack\(x\)\.astype"):
        kernels.relu(Exporter(array))
    if array.dtype.kind == "c":
        with pytest.raises(TypeError, match="no real numbers"):
            tf.constant(Exporter(array))


def test_out_is_an_array_of_numpy():
    x, out = np.ones(2, np.float32), np.zeros(2, np.float32)
    with pytest.raises(TypeError, match=r"not Exporter; np\.from_dlpack\(out\) is one of its memory"):
        kernels.relu(x, out=Exporter(out))
    if NUMPY_2_1:
        kernels.relu(x, out=np.from_dlpack(Exporter(out)))
        same(out, x)


BINARY = "add sub mul truediv floordiv mod pow lt le gt ge eq ne"


@pytest.mark.parametrize("name", BINARY.split())
@pytest.mark.parametrize("kind", [tf.constant, tf.Variable])
def test_operators_of_arrays_and_numbers_beside_tensors(name, kind):
    function, x, y = getattr(operator, name), np.array([[1, 2, 3]], np.float32), np.array([[3], [2]], np.float32)
    for left, right in (
        (x, kind(y)),
        (kind(x), y),
        (np.float32(2), kind(y)),
        (kind(x), np.float32(2)),
        (x[0, 1:2], kind(y)),
    ):
        result = function(left, right)
        assert type(result) is tf.Tensor
        same(result.numpy(), function(np.array(left), np.array(right)))
    changed = x
    if hasattr(operator, f"i{name}"):
        changed = getattr(operator, f"i{name}")(changed, kind(y))  # as in TensorFlow, a new tensor
        assert type(changed) is tf.Tensor and x.tolist() == [[1, 2, 3]]


def test_matmul_and_logic_of_arrays_beside_tensors():
    x, y = np.arange(6, dtype=np.float32).reshape(2, 3), np.ones((3, 2), np.float32)
    a, b = np.array([True, False]), np.array([True, True])
    for left, right, function in (
        (x, y, operator.matmul), (a, b, operator.and_), (a, b, operator.or_), (a, b, operator.xor)
    ):  # fmt: skip
        for result in (function(left, tf.constant(right)), function(tf.constant(left), right)):
            assert type(result) is tf.Tensor
            same(result.numpy(), function(left, right))
